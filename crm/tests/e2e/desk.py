"""One person's browser, worked as people work it: by what is written on the page."""

import re
import shutil

from playwright.sync_api import expect

from crm.identity.tests.doors import code_now
from crm.identity.tests.factories import PASSWORD

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 640}
PATIENCE = 20_000  # milliseconds; a busy machine is no finding
NOT_THE_PAGES = "Failed to load resource"  # the test looks at the answer's status itself
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """
  nodes => nodes
    .map(node => [node.textContent.trim(), node.getBoundingClientRect()])
    .filter(([, box]) => box.height < 44 || box.width < 44)
    .map(([text, box]) => `${text} ${box.width}×${box.height}`)
"""


def _is_page_posted(answer):
    return answer.request.method == "POST" and answer.request.is_navigation_request()


class Desk:
    """A browser context of its own; `complaints` collects what it and its console say."""

    def __init__(self, browser, base_url, *, phone=False, dark=False):
        self.base_url = base_url
        self.complaints = []
        self.context = browser.new_context(
            base_url=base_url,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            is_mobile=phone,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE)
        self.context.on("request", self._hear_request)
        self.context.on("response", self._hear_response)
        self.context.on("console", self._hear_console)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self._open_tab()

    def _open_tab(self):
        self.page = self.context.new_page()
        self.keys = self.context.new_cdp_session(self.page)

    def _hear_request(self, request):
        if not request.url.startswith((self.base_url, "data:", "blob:")):
            self.complaints.append(f"asks {request.url}")

    def _hear_response(self, response):
        if response.status >= 400 and response.request.resource_type != "document":
            self.complaints.append(f"{response.status} for {response.url}")

    def _hear_console(self, message):
        if message.type in ("error", "warning") and NOT_THE_PAGES not in message.text:
            self.complaints.append(f"{message.type}: {message.text} at {self.page.url}")

    def close(self):
        self.context.close()

    def tab_is_killed(self):
        """The tab is gone without a word to the page; the browser goes on."""
        self.page.close(run_before_unload=False)
        self._open_tab()

    # --- going

    def go(self, path, status=200):
        """Open an address of ours; its status is part of the claim."""
        answer = self.page.goto(path)
        assert answer.status == status, (path, answer.status)
        return self

    def log_in(self, user, secret=""):
        """Through the door: name, password and, when there is one, the telephone's code."""
        self.go("/accounts/login/")
        self.page.get_by_label("用户名").fill(user.username)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.press("登录")
        if secret:
            self.page.locator("input[name=code]").fill(code_now(secret))
            self.press("登录")
        expect(self.page.locator("h1")).to_have_text("工作台")

    def prove(self):
        """The password once more, where a page asks for it."""
        self.page.get_by_label("密码").fill(PASSWORD)
        self.page.locator("main button[type=submit]").click()

    def log_out(self):
        """By the menu that bears one's name."""
        self.page.locator(".top__tools summary").last.click()
        self.press("退出登录")
        expect(self.heading).to_have_text("登录")

    # --- doing

    def press(self, name, status=0):
        """Press the button with this name; `status` is what the server must answer.

        Drafts are kept by POST too, behind the page: only the page's own answer counts.
        """
        button = self.page.get_by_role("button", name=name, exact=True)
        if not status:
            button.click()
            return
        with self.page.expect_response(_is_page_posted) as sent:
            button.click()
        assert sent.value.status == status, (name, sent.value.status)

    def follow(self, name):
        """Follow the link with this name."""
        self.page.locator("main").get_by_role("link", name=name, exact=True).first.click()

    def field(self, label):
        """The field with this label, whether it must be filled or not."""
        return self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}(必填)?\s*$"))

    def write(self, label, text):
        """Type with an input method: letters first, then the chosen characters."""
        self.field(label).fill("")
        self.compose(label)
        self.choose(text)

    def compose(self, label, letters="zhong"):
        """Begin a composition: the letters stand underlined, nothing is chosen."""
        self.field(label).focus()
        place = {"text": letters, "selectionStart": len(letters), "selectionEnd": len(letters)}
        self.keys.send("Input.imeSetComposition", place)

    def choose(self, text):
        """End the composition with these characters."""
        self.keys.send("Input.insertText", {"text": text})

    def pick(self, label, text):
        """Choose from a list by what is written there."""
        self.field(label).select_option(label=text)

    # --- seeing

    @property
    def heading(self):
        return self.page.locator("h1")

    @property
    def message(self):
        return self.page.locator(".messages")

    def wider_than_the_screen(self):
        """How many pixels the page scrolls sideways."""
        return self.page.evaluate(WIDER)

    def too_small_for_a_finger(self, selector):
        """Visible things to press that are under 44 × 44 px."""
        return self.page.locator(f"{selector} >> visible=true").evaluate_all(SMALL)
