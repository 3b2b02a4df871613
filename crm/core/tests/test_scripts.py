"""What the scripts of the pages do, in a real browser, with composition events and slow answers.

The pages are written here and served from memory: no server, no database.
"""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parents[3]
HOME = "http://kedang.test/"
TEXTS = (
    '<div id="texts" hidden data-draft-saved="草稿已保存" data-draft-saving="正在保存" '
    'data-draft-failed="草稿未能保存" data-restore="恢复" data-was="原为" data-empty="（空）" '
    'data-too-long="超出" data-busy="正在提交…" data-not-equal="不一致" data-choose="请选择"></div>'
)
TOKEN = '<input type="hidden" name="csrfmiddlewaretoken" value="tok">'

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def browser():
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.asked = []
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def show(page, body, *scripts, answers=None):
    """Open a page with this body and these scripts; ime.js always comes first, as in base.html."""
    answers = answers or {}
    tags = "".join(f'<script src="/js/{name}.js" defer></script>' for name in ("ime", *scripts))
    html = f"<!doctype html><meta charset=utf-8><body>{body}{TEXTS}{tags}"

    def answer(route):
        request = route.request
        path = request.url.removeprefix(HOME).split("?")[0]
        page.asked.append((request.method, request.url.removeprefix(HOME), request.post_data))
        if path.startswith("js/"):
            route.fulfill(path=ROOT / "static" / path, content_type="text/javascript")
        elif path in answers:
            route.fulfill(**answers[path])
        else:
            route.fulfill(body=html, content_type="text/html")

    page.route("**/*", answer)
    page.goto(HOME)
    page.asked.clear()


def compose(page, selector, text):
    """Begin to type with an input method: the letters stand there, nothing is chosen yet."""
    page.focus(selector)
    page.evaluate(
        """([selector, text]) => {
          const field = document.querySelector(selector);
          field.dispatchEvent(new CompositionEvent("compositionstart", {bubbles: true}));
          field.value = text;
          field.dispatchEvent(new InputEvent("input", {bubbles: true, isComposing: true}));
        }""",
        [selector, text],
    )


def choose(page, selector, text):
    """Take a candidate with Enter, as browsers tell it."""
    page.evaluate(
        """([selector, text]) => {
          const field = document.querySelector(selector);
          const enter = new KeyboardEvent("keydown", {
            key: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true,
          });
          window.enterStopped = !field.dispatchEvent(enter);
          field.value = text;
          field.dispatchEvent(new CompositionEvent("compositionend", {bubbles: true, data: text}));
        }""",
        [selector, text],
    )


def posts(page):
    return [asked for asked in page.asked if asked[0] == "POST"]


# --- UX-27, B032: nothing happens while an input method composes


def test_the_enter_that_picks_a_candidate_neither_submits_nor_reaches_a_shortcut(page):
    show(
        page,
        f'<form method="post" action="/save">{TOKEN}<input id="n" name="n"><button>存</button>'
        "</form>",
        "submit-once",
        "shortcuts",
    )
    compose(page, "#n", "zhang")
    page.evaluate("document.querySelector('form').requestSubmit()")
    choose(page, "#n", "张")
    assert page.evaluate("window.enterStopped") is True
    assert posts(page) == []
    page.keyboard.press("Enter")
    page.wait_for_url("**/save")
    assert len(posts(page)) == 1


def test_other_scripts_hear_of_the_text_once_when_the_composition_is_over(page):
    show(page, '<input id="n">')
    page.evaluate(
        "window.heard = []; document.addEventListener('input', e => heard.push(e.target.value))"
    )
    compose(page, "#n", "zhang")
    assert page.evaluate("window.heard") == []
    choose(page, "#n", "张")
    page.wait_for_function("window.heard.length > 0")
    assert page.evaluate("window.heard") == ["张"]


def test_duplicates_are_asked_for_after_the_composition_and_shown_in_their_place(page):
    found = {"body": "<p class=found>已有同名客户</p>", "content_type": "text/html; charset=utf-8"}
    show(
        page,
        '<form><input id="n" name="name" data-duplicates-url="/like" data-duplicates-target="#d">'
        '<input id="u" name="uscc" data-duplicates-url="/like" data-duplicates-target="#d">'
        '<div id="d"></div></form>',
        "duplicates",
        answers={"like": found},
    )
    compose(page, "#n", "zhang ji")
    page.wait_for_timeout(600)
    assert page.asked == []
    choose(page, "#n", "张记")
    expect(page.locator("#d")).to_have_text("已有同名客户")
    page.fill("#n", "张")
    expect(page.locator("#d")).to_have_text("")
    assert [url for _, url, _ in page.asked] == ["like?name=%E5%BC%A0%E8%AE%B0"]


# --- UX-35: once


def test_a_second_press_of_submit_does_nothing_and_the_first_keeps_its_value(page):
    # The answer goes into a frame, so that the page stays to be looked at.
    show(
        page,
        f'<form method="post" action="/save" target="there">{TOKEN}'
        '<button name="verdict" value="yes" data-busy="正在提交…"><span data-busy-label>同意</span>'
        "</button></form>"
        '<iframe name="there"></iframe>',
        "submit-once",
    )
    page.click("button")
    expect(page.locator("button")).to_have_attribute("aria-busy", "true")
    expect(page.locator("button")).to_have_text("正在提交…")
    page.click("button", force=True)
    page.wait_for_timeout(200)
    assert [body for _, _, body in posts(page)] == ["csrfmiddlewaretoken=tok&verdict=yes"]


# --- UX-24, UX-25: drafts

DRAFT = (
    f'<form method="post" action="/save" data-draft-url="/draft">{TOKEN}'
    '<input id="n" name="n" value="甲"><input name="t" value="1">'
    '<input type="checkbox" name="t" value="2" checked>'
    '<span data-draft-note></span><button>存</button></form><input id="out">'
)
SAVED = {"body": '{"saved_at": "14:32:05"}', "content_type": "application/json"}


def test_a_draft_is_saved_when_a_field_is_left_and_says_when(page):
    show(page, DRAFT, "draft", answers={"draft": SAVED})
    page.fill("#n", "乙")
    page.focus("#out")
    expect(page.locator("[data-draft-note]")).to_have_text("草稿已保存 14:32")
    [(_, url, body)] = posts(page)
    assert (url, body) == ("draft", '{"n":"乙","t":["1","2"]}')
    page.focus("#n")
    page.focus("#out")
    page.wait_for_timeout(100)
    assert len(posts(page)) == 1  # nothing new, nothing sent


def test_a_draft_that_cannot_be_saved_says_so(page):
    show(page, DRAFT, "draft", answers={"draft": {"status": 503}})
    page.fill("#n", "乙")
    page.focus("#out")
    expect(page.locator("[data-draft-note]")).to_have_text("草稿未能保存")


@pytest.mark.parametrize(("typed", "warned"), [("乙", True), ("甲", False)])
def test_leaving_warns_only_while_something_is_not_saved(page, typed, warned):
    show(page, DRAFT, "draft", answers={"draft": {"status": 503}})
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.click("#n")  # browsers warn only people who did something
    page.fill("#n", typed)
    page.goto(f"{HOME}elsewhere")
    assert asked == (["beforeunload"] if warned else [])


# --- UX-26, UX-28: what changed, how long


def test_a_changed_field_shows_its_old_value_and_takes_it_back(page):
    show(
        page,
        '<form data-dirty><div class="field"><input id="n" name="n" value="张记"></div></form>'
        '<input id="out">',
        "dirty",
    )
    page.fill("#n", "张记烟酒")
    page.focus("#out")
    expect(page.locator(".field")).to_have_class(re.compile("field--dirty"))
    expect(page.locator(".field__was span")).to_have_text("原为 张记")
    page.click(".field__was button")
    expect(page.locator("#n")).to_have_value("张记")
    expect(page.locator(".field__was")).to_have_count(0)


@pytest.mark.parametrize(
    ("text", "told"),
    [("甲" * 16, "16 / 20"), ("𠮷" * 16, "16 / 20"), ("😀" * 21, "超出 1"), ("甲\n" * 7, "超出 1")],
    ids=["common", "rare", "emoji", "lines"],
)
def test_the_counter_counts_as_the_server_does(page, text, told):
    show(
        page,
        '<textarea id="n"></textarea><span data-counter-for="n" data-counter-most="20"></span>',
        "counter",
    )
    page.fill("#n", text)
    expect(page.locator("span")).to_have_text(told)


# --- UX-20, UX-72, UX-74, UX-07, UX-42, UX-32


def test_a_revealed_value_hides_itself_when_its_time_is_over(page):
    show(
        page,
        '<span id="r" data-reveal-seconds="1" data-reveal-gone="已重新隐藏">13800138000 '
        "<i data-reveal-left></i></span>",
        "reveal",
    )
    expect(page.locator("#r")).to_contain_text("13800138000")
    expect(page.locator("#r")).to_have_text("已重新隐藏", timeout=3000)
    assert "13800138000" not in page.content()


def test_a_dialog_opens_and_its_word_must_be_typed(page):
    show(
        page,
        '<a href="#c" data-dialog="c">注销</a><dialog id="c"><form method="post" action="/end">'
        '<input id="w" required data-must-equal="KH1"><button>注销</button>'
        '<a href="#" data-dialog-close>取消</a></form></dialog>',
        "dialog",
    )
    page.click("a[data-dialog]")
    page.fill("#w", "KH2")
    page.click("dialog button")
    assert posts(page) == []
    page.click("a[data-dialog-close]")
    expect(page.locator("dialog")).not_to_be_visible()
    page.click("a[data-dialog]")
    page.fill("#w", "KH1")
    page.click("dialog button")
    page.wait_for_url("**/end")


def test_single_keys_can_be_switched_off_and_that_is_remembered(page):
    body = (
        '<input data-find><textarea id="t"></textarea><dialog id="shortcuts">'
        '<input type="checkbox" data-shortcuts-on></dialog>'
    )
    show(page, body, "shortcuts")
    page.keyboard.press("/")
    expect(page.locator("[data-find]")).to_be_focused()
    page.focus("#t")
    page.keyboard.press("/")
    expect(page.locator("#t")).to_have_value("/")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.uncheck("[data-shortcuts-on]")
    page.reload()
    page.keyboard.press("/")
    expect(page.locator("[data-find]")).not_to_be_focused()


def test_ticked_rows_are_counted(page):
    show(
        page,
        '<div class="bulk" data-bulk="f"><input id="all" type="checkbox" data-bulk-all>'
        '<b data-bulk-count data-bulk-text="已选 %n 条"></b></div><form id="f">'
        '<input class="r" type="checkbox" data-bulk-row>'
        '<input class="r" type="checkbox" data-bulk-row></form>',
        "bulk",
    )
    page.check(".r >> nth=0")
    expect(page.locator("b")).to_have_text("已选 1 条")
    page.check("#all")
    expect(page.locator("b")).to_have_text("已选 2 条")


def test_a_phrase_goes_where_the_cursor_is(page):
    show(
        page,
        '<textarea id="o">前后</textarea><button type="button" data-phrase-for="o">同意</button>',
        "phrases",
    )
    page.evaluate("document.getElementById('o').setSelectionRange(1, 1)")
    page.click("button")
    expect(page.locator("#o")).to_have_value("前同意后")


def test_a_province_brings_its_cities(page):
    cities = {"body": '{"cities": [["3201", "南京市"]]}', "content_type": "application/json"}
    show(
        page,
        '<select id="p" data-region-url="/regions/_/" data-region-child="c"><option></option>'
        '<option value="32">江苏省</option></select><select id="c"></select>',
        "region",
        answers={"regions/32/": cities},
    )
    page.select_option("#p", "32")
    expect(page.locator("#c option")).to_have_text(["请选择", "南京市"])


def test_the_error_summary_has_the_focus_and_leads_to_the_field(page):
    show(
        page,
        '<div tabindex="-1" data-error-summary><a href="#n">名称</a></div><input id="n">',
        "error-focus",
    )
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.click("a")
    expect(page.locator("#n")).to_be_focused()


def test_the_bell_asks_in_the_background_and_shows_the_number(page):
    page.clock.install()
    show(
        page,
        '<a data-bell-url="/unread"><b data-bell-count hidden></b></a>',
        "bell",
        answers={"unread": {"body": '{"unread": 120}', "content_type": "application/json"}},
    )
    page.clock.run_for(61_000)
    expect(page.locator("b")).to_have_text("99+")
    expect(page.locator("b")).to_be_visible()


def test_two_minutes_before_the_end_the_page_offers_to_stay(page):
    page.clock.install()
    show(
        page,
        '<dialog id="idle" data-alive-url="/alive"><button data-idle-stay>继续</button></dialog>',
        "idle",
        answers={"alive": {"body": "{}"}},
    )
    page.evaluate("document.body.dataset.idleSeconds = 600")
    page.add_script_tag(path=ROOT / "static/js/idle.js")
    page.clock.run_for(470_000)
    expect(page.locator("dialog")).not_to_be_visible()
    page.clock.run_for(20_000)
    expect(page.locator("dialog")).to_be_visible()
    page.click("[data-idle-stay]")
    expect(page.locator("dialog")).not_to_be_visible()


def test_the_theme_follows_the_system_until_somebody_chooses(page):
    page.emulate_media(color_scheme="dark")
    show(page, "<button data-theme-switch hidden>换</button>", "theme")
    theme = "document.documentElement.dataset.bsTheme"
    assert page.evaluate(theme) == "dark"
    page.click("button")
    assert page.evaluate(theme) == "light"
    page.reload()
    assert page.evaluate(theme) == "light"
