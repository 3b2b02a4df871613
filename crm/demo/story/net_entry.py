"""Flow A for one retailer: nine people in nine browsers, five systems, and what each must see."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from crm.demo.bureau import SQUADS
from crm.demo.sources import Record
from crm.demo.staff import PASSWORD
from crm.demo.story.browser import Api, Browser, Unexpected
from crm.demo.story.page import Page

WAIT: Final = 60.0
WITHHOLDING: Final = "网上扣划"
DESKS: Final = (
    "monopoly",
    "licence",
    "service",
    "delivery",
    "network1",
    "network2",
    "deputy",
)
FIELD_DESKS: Final = ("officer", "squad", "manager")
LIGHTS: Final = 5


@dataclass(frozen=True, slots=True)
class Step:
    """What was done: by whom, on which record, where the form stood afterwards, how long."""

    row: int
    store: str
    act: str
    who: str
    form: str
    customer: str
    stage: str
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Cast:
    """The people of the bureau, each logged in with a browser of his own."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._browsers: dict[str, Browser] = {}

    def __getitem__(self, login: str) -> Browser:
        if login not in self._browsers:
            browser = Browser(self.base_url, login)
            browser.log_in(login, PASSWORD)
            self._browsers[login] = browser
        return self._browsers[login]


class NetEntry:
    """One retailer's way from the first sheet to the first order."""

    def __init__(self, cast: Cast, api: Api, record: Record, row: int) -> None:
        self.cast, self.api, self.record, self.row = cast, api, record, row
        self.place = (row - 1) % len(SQUADS) + 1
        self.squad = SQUADS[self.place - 1]
        self.number = self.customer = self.manager = ""

    def play(self) -> Iterator[Step]:
        """Every act in turn. Raises Unexpected, LookupError at the first difference."""
        for act, who, stage, do in self._acts():
            begin = time.monotonic()
            do(self.cast[who])
            self.stands_at(stage)
            yield Step(
                self.row,
                self.record["店铺名称"],
                act,
                who,
                self.number,
                self.customer,
                stage,
                time.monotonic() - begin,
            )

    def _acts(self) -> Iterator[tuple[str, str, str, Callable[[Browser], None]]]:
        field = {desk: f"{desk}{self.place}" for desk in FIELD_DESKS}
        yield "starts the form", field["officer"], "draft", self._start
        yield "submits it", field["officer"], "squad_review", self._press("submit")
        yield "signs", field["squad"], "monopoly_review", self._sign
        yield "signs; ZM issues the licence", "monopoly", "licensed", self._sign
        yield "tells the service centre", "licence", "sales_filling", self._notify
        yield "fills the sales block", field["manager"], "sales_filling", self._fill_sales
        yield "ticks his tasks", field["manager"], "sales_filling", self._tick
        yield "gives line and address", "delivery", "sales_filling", self._deliver
        if self.record["结算方式"] == WITHHOLDING:
            yield "keys the account; the bank binds", "network1", "sales_filling", self._key_account
            yield "confirms the account", "network2", "sales_filling", self._confirm_account
        yield "submits for signature", field["manager"], "dept_review", self._press("submit")
        yield "signs", "service", "dept_review", self._sign
        yield "signs", "delivery", "dept_review", self._sign
        yield "signs", "network1", "deputy_review", self._sign
        yield "signs", "deputy", "data_entry", self._sign
        yield "enters; EM and CRM answer", "network1", "data_entry", self._enter
        yield "finds entered equals approved", "network1", "reporting", self._press("enter/finish")
        yield "reports to the order centre", "network1", "activating", self._transfer
        yield "puts the customer in force", "network1", "active", self._press("activate")
        yield "sees him in force", field["manager"], "active", self._look

    # --- acts

    def _start(self, browser: Browser) -> None:
        record = self.record
        page = browser.get("/forms/start/")
        managers = page.form_to("/forms/start/").choices["manager"]
        self.manager = _of_login(self.cast[f"manager{self.place}"], managers)
        made = browser.submit(
            page,
            "/forms/start/",
            {
                "store_name": record["店铺名称"],
                "business_premises": record["经营场所"],
                "legal_representative": record["法定代表人"],
                "identity_no": record["身份证号"],
                "phone": record["联系电话"],
                "city": "延安市",
                "area": self.squad,
                "manager": self.manager,
            },
        )
        self.number = made.path.strip("/").rpartition("/")[2]
        if not self.number.startswith("DJ"):
            raise Unexpected(f"no form was made: {made.said}")

    def _press(self, part: str) -> Callable[[Browser], None]:
        def press(browser: Browser) -> None:
            _refuse_alerts(browser.press(self.page, f"{self.page}{part}/"))

        return press

    def _sign(self, browser: Browser) -> None:
        self.decide(browser, "approve", "同意")

    def decide(self, browser: Browser, verdict: str, opinion: str) -> None:
        """From the queue, by the name of the shop, as a person does it."""
        fields = {"verdict": verdict, "opinion": opinion}
        _refuse_alerts(browser.submit(self.sign_page(browser), "/sign/", fields))

    def sign_page(self, browser: Browser) -> Page:
        """Shops may share a name: the page that speaks of our form."""
        name = self.record["店铺名称"]
        for href, text in browser.get("/approvals/").links:
            if "/sign/" in href and name in text:
                page = browser.get(href)
                if self.number in page.html:
                    return page
        raise Unexpected(f"{browser.who} has no step of {self.number} in his queue")

    def _notify(self, browser: Browser) -> None:
        path = f"{self.page}notice/"
        _refuse_alerts(browser.submit(browser.get(path), path, {"routes": ["A", "B", "C"]}))

    def _fill_sales(self, browser: Browser) -> None:
        record, path = self.record, f"{self.page}sales/"
        fields = {
            "order_mode": record["订货方式"],
            "settlement_mode": record["结算方式"],
            "customer_level": record["客户级别"],
            "market_type": record["市场类型"],
            "business_format": record["业态"],
            "order_cycle": record["订货周期"],
            "visit_cycle": "每周",
        }
        _refuse_alerts(browser.submit(browser.get(path), path, fields))

    def _tick(self, browser: Browser) -> None:
        for task in ("survey", "monopoly_check"):
            browser.press(self.page, f"ticks/{task}/")

    def _deliver(self, browser: Browser) -> None:
        path = f"{self.page}delivery/"
        fields = {
            "delivery_route": self.record["送货线路"],
            "delivery_address": self.record["经营场所"],
        }
        _refuse_alerts(browser.submit(browser.get(path), path, fields))

    def _key_account(self, browser: Browser) -> None:
        path = f"{self.page}binding/"
        fields = {"bank": self.record["开户银行"], "account_no": self.record["扣款账号"]}
        _refuse_alerts(browser.submit(browser.get(path), path, fields))
        self.wait_for_light(browser, "银行")

    def _confirm_account(self, browser: Browser) -> None:
        _refuse_alerts(browser.press(self.page, "binding/confirm/"))

    def _enter(self, browser: Browser) -> None:
        _refuse_alerts(browser.press(self.page, f"{self.page}enter/"))
        for system in ("EM", "CRM"):
            self.wait_for_light(browser, system)

    def _transfer(self, browser: Browser) -> None:
        _refuse_alerts(browser.press(self.page, f"{self.page}transfer/"))
        self.wait_for_light(browser, "订单中心")

    def _look(self, browser: Browser) -> None:
        """The customer's page and the API say the same: every light green, he may order."""
        page = browser.get(f"/customers/?q={self.customer}")
        green = [name for name, state in page.lights.items() if state == "green"]
        cash = self.record["结算方式"] != WITHHOLDING
        wanted = LIGHTS - 1 if cash else LIGHTS
        if len(green) != wanted:
            raise Unexpected(f"lights of {self.customer}: {page.lights}")
        told = self.api.get(f"/api/v1/customers/{self.customer}/")
        if (told["may_order"], told["status"]) != (True, "normal"):
            raise Unexpected(f"{self.customer} may_order {told['may_order']} {told['status']}")

    # --- what must be true

    @property
    def page(self) -> str:
        """The form's own page."""
        return f"/forms/{self.number}/"

    def stands_at(self, stage: str) -> None:
        """Wait until the form stands there: answers of outside systems take their time."""
        end = time.monotonic() + WAIT
        while True:
            told = self.api.get(f"/api/v1/registration-forms/{self.number}/")
            self.customer = told["customer"]
            if told["stage"] == stage:
                return
            if time.monotonic() > end:
                raise Unexpected(f"{self.number} stands at {told['stage']}, not {stage}")
            time.sleep(0.1)

    def wait_for_light(self, browser: Browser, system: str) -> None:
        end = time.monotonic() + WAIT
        while True:
            lights = browser.get(self.page).lights
            state = next((lights[name] for name in lights if system in name), "absent")
            if state == "green":
                return
            if time.monotonic() > end or state == "red":
                raise Unexpected(f"the light of {system} is {state}: {lights}")
            time.sleep(0.1)


def draw_lines(cast: Cast, names: list[str]) -> None:
    """The distribution centre writes down the lines that the rows name."""
    browser = cast["delivery"]
    for number, name in enumerate(names, start=1):
        page = browser.get("/logistics/routes/add/")
        fields = {"code": f"L{number:03d}", "name": name, "weekdays": ["1", "3", "5"]}
        _refuse_alerts(browser.submit(page, "/logistics/routes/add/", fields))


def _refuse_alerts(page: Page) -> None:
    if page.alerts:
        raise Unexpected(f"{page.path}: {page.said}")


def _of_login(browser: Browser, names: dict[str, str]) -> str:
    """The name under which this person stands in a list of people."""
    home = browser.get("/").html
    for name, value in names.items():
        if value and name in home:
            return name
    raise Unexpected(f"{browser.who} is not in the list of managers")
