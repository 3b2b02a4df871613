"""Take the pictures of README and handbook from a running demonstration into docs/img.

By hand, while `make run` runs:  .venv/bin/python scripts/screenshots.py http://127.0.0.1:8000
The conflict page needs a real conflict: one customer of the repair company gets a new remark.
"""

import argparse
import io
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "img"
DESKTOP = (1366, 768)
PHONE = (360, 640)
MOST = 200_000
PASSWORD = "Shi-Yan-2026-Lan"  # noqa: S105  (crm/demo/staff.py: known to everybody)
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


class Camera:
    """A browser in front of one demonstration."""

    def __init__(self, browser: Browser, base_url: str) -> None:
        self.browser, self.base_url = browser, base_url

    @contextmanager
    def person(
        self, username: str = "", *, size: tuple[int, int] = DESKTOP, dark: bool = False
    ) -> Iterator[Page]:
        """A page of this person; of nobody without a name."""
        context = self.browser.new_context(
            base_url=self.base_url,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": size[0], "height": size[1]},
            is_mobile=size == PHONE,
            has_touch=size == PHONE,
            device_scale_factor=2 if size == PHONE else 1,
            color_scheme="dark" if dark else "light",
        )
        page = context.new_page()
        page.goto("/accounts/login/")
        if username:
            page.locator("[name=login]").fill(username)
            page.locator("[name=password]").fill(PASSWORD)
            page.get_by_role("button", name="登录", exact=True).click()
            page.locator("h1").get_by_text("工作台").wait_for()
        yield page
        context.close()


def keep(picture: bytes | Image.Image, name: str) -> None:
    """Save it; with fewer and fewer colours when it is larger than 200 kB."""
    image = picture if isinstance(picture, Image.Image) else Image.open(io.BytesIO(picture))
    image = image.convert("RGB")
    file = IMAGES / f"{name}.png"
    image.save(file, optimize=True)
    for colours in (256, 128, 64):
        if file.stat().st_size <= MOST:
            break
        image.quantize(colours, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.name}: {image.width}×{image.height}, {file.stat().st_size // 1000} kB")


def shoot(page: Page, name: str) -> None:
    """The window as it stands, without a blinking cursor."""
    page.wait_for_load_state("networkidle")
    keep(page.screenshot(caret="hide", animations="disabled"), name)


def first_row(page: Page, path: str) -> None:
    """Open the first entry of a list."""
    page.goto(path)
    page.locator("main table .row-name").first.click()
    page.wait_for_load_state()


def of_the_door(camera: Camera) -> None:
    with camera.person() as page:
        shoot(page, "login")


def of_the_signers(camera: Camera) -> None:
    with camera.person("squad1") as page:
        page.goto("/approvals/")
        shoot(page, "queue")
        first_row(page, "/approvals/")
        shoot(page, "sign")
    with camera.person("deputy", size=PHONE) as page:
        page.goto("/approvals/")
        shoot(page, "queue-phone")
        first_row(page, "/approvals/")
        shoot(page, "sign-phone")


def of_the_manager(camera: Camera) -> None:
    with camera.person("manager1") as page:
        page.goto("/")
        shoot(page, "home")
        page.goto("/customers/")
        shoot(page, "customers")
        page.goto("/inbox/")
        shoot(page, "inbox")
        first_row(page, "/forms/?stage=activating")
        code = page.locator(".record-head__facts div").filter(has_text="客户代码").locator("dd")
        page.locator("[data-find]").fill(code.inner_text())
        page.locator("[data-find]").press("Enter")
        page.wait_for_url("**/customers/**")
        if page.locator("main table .row-name").count():
            page.locator("main table .row-name").first.click()
        page.locator(".lights").wait_for()
        shoot(page, "customer")
        customer = page.url
        first_row(page, "/forms/?stage=dept_review")
        shoot(page, "form")
        answer = page.request.get(f"{page.url}print/")
        sheet = pypdfium2.PdfDocument(answer.body())[0].render(scale=1.3)
        keep(sheet.to_pil(), "form-print")
    with camera.person("manager1", dark=True) as page:
        page.goto(customer)
        shoot(page, "customer-dark")


def of_the_officer(camera: Camera) -> None:
    with camera.person("officer1") as page:
        page.goto("/forms/start/")
        shoot(page, "form-start")


def of_the_repair_company(camera: Camera) -> None:
    with camera.person("repair-manager1") as page:
        page.goto("/customers/register/")
        page.locator("[name=name]").fill("陕西轨道装备检修有限公司")
        page.locator("[name=credit_code]").fill("91610000MA6U00000")
        page.locator("[name=mobile]").fill("1389123456")
        page.get_by_role("button", name="建档", exact=True).click()
        page.locator("[data-error-summary]").wait_for()
        shoot(page, "register")
        first_row(page, "/customers/")
        edit = f"{page.url}edit/"
        page.goto(edit)
        number = int(time.time()) % 10_000  # something new each time
        with camera.person("repair-manager1") as other:
            other.goto(edit)
            _save(other, phone=f"029-8888{number:04d}", remark="大修计划已确认", industry="通信")
            if other.locator(".conflict").count():  # a draft of last time was still there
                _settle(other)
        plan = f"大修计划待书面确认（{number} 号函）"
        _save(page, phone=f"029-6666{number:04d}", remark=plan, postcode="710065")
        page.locator(".conflict").first.wait_for()
        shoot(page, "conflict")
        _settle(page)


def _settle(page: Page) -> None:
    """Keep what is on this side, so that no draft is left for the next time."""
    for choice in page.locator(".conflict [value=mine]").all():
        choice.check()
    page.get_by_role("button", name="按选择保存", exact=True).click()
    page.wait_for_load_state()


def _save(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=reason]").fill("电话回访")
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_load_state()


SHOOTS = (of_the_door, of_the_signers, of_the_manager, of_the_officer, of_the_repair_company)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base_url", nargs="?", default="http://127.0.0.1:8000")
    base_url = parser.parse_args().base_url
    IMAGES.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        camera = Camera(browser, base_url)
        for pictures in SHOOTS:
            pictures(camera)
        browser.close()


if __name__ == "__main__":
    main()
