"""All templates of the project: honest error pages, no inline code, icons, contrast."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import render_to_string
from django.utils import translation

from crm.core.components import SIGNS
from crm.core.icons import icon_body, safe_static_url
from crm.core.styleguide import samples

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
EVIL = "</title><script>window.__x=1</script>"


urlpatterns = []  # refusal pages stand also where no address can be resolved


@pytest.fixture(autouse=True)
def _strict_icons(settings):
    settings.KEDANG_STRICT_ICONS = True
    icon_body.cache_clear()


# --- pages that must stand when nothing else does


@pytest.mark.parametrize("name", ["400", "500", "503"])
def test_a_plain_error_page_needs_neither_request_nor_database(name):
    html = render_to_string(f"{name}.html", {"request_id": "abc123"})
    assert name in html
    assert "abc123" in html
    assert "系统管理员" in html
    assert 'lang="zh-Hans"' in html


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("name", ["403", "403_csrf", "404", "409", "412", "413", "429"])
def test_a_refusal_page_tells_what_to_do_in_plain_words(name):
    html = render_to_string(f"{name}.html", {"request_id": "abc123"})
    assert name[:3] in html
    assert "abc123" in html
    assert 'href="/"' in html
    assert not re.search(r"\b(Error|Exception|Forbidden|Not Found)\b", html)


@pytest.mark.urls(__name__)
def test_the_words_of_a_refusal_stand_on_its_page_as_text():
    html = render_to_string("error.html", {"error": {"message": EVIL, "status": 409}})
    assert "&lt;script&gt;" in html
    assert "409" in html


def test_static_addresses_survive_a_missing_manifest(settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    assert safe_static_url("css/no-such.css") == "/static/css/no-such.css"


@pytest.mark.urls(__name__)
def test_the_styleguide_shows_every_component():
    html = render_to_string("styleguide.html", samples())
    for block in (
        "pill",
        "ring",
        "timeline",
        "path",
        "lights",
        "diff",
        "conflict",
        "summary",
        "tiles",
    ):
        assert re.search(rf'class="[^"]*\b{block}\b', html), block


@pytest.mark.urls(__name__)
def test_the_page_speaks_the_reader_s_language():
    with translation.override("en"):
        assert '<html lang="en">' in render_to_string("404.html", {})


# --- the whole folder of templates


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_holds_no_inline_script_or_style(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<[^>]*\sstyle\s*=", text)
    assert not re.search(r"<[^>{%]*\son[a-z]+\s*=", text)
    assert "<style" not in text
    assert "javascript:" not in text
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert " src=" in tag or "application/json" in tag
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_chinese_copy_uses_full_width_punctuation(path):
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"[\u4e00-\u9fff][,;!?]|[\u4e00-\u9fff]:(?!/)", text)


def vendor():
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "scripts/vendor.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_icon_in_use_is_vendored():
    named = set(SIGNS.values())
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'{%\s*icon "([a-z0-9-]+)"', text))
        named |= set(re.findall(r'\bicon="([a-z0-9-]+)"', text))
    nav = (ROOT / "crm/nav.py").read_text(encoding="utf-8")
    named |= set(re.findall(r'_\("[^"]+"\),\s*"([a-z0-9-]+)"', nav))
    for path in [*ROOT.glob("crm/**/*.py"), *ROOT.glob("[a-z]*/views/*.py")]:
        if "/tests/" not in str(path):
            named |= set(re.findall(r'"icon": "([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
    assert named - set(vendor().ICONS) == set()


def test_an_icon_nobody_vendored_is_a_clear_error_here_and_a_square_in_production(settings):
    with pytest.raises(ImproperlyConfigured, match=r"scripts/vendor\.py"):
        icon_body("no-such-icon")
    settings.KEDANG_STRICT_ICONS = False
    assert icon_body("no-such-icon").startswith("<rect")
    assert icon_body("../../../etc/passwd").startswith("<rect")


def test_the_lock_file_names_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]


def test_scripts_keep_to_the_strict_policy():
    for path in (ROOT / "static/js").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function|\.style\b|setAttribute\(.style", text), (
            path.name
        )


def test_every_script_is_loaded_by_some_template():
    loaded = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    for path in (ROOT / "static/js").glob("*.js"):
        assert f"js/{path.name}" in loaded, path.name


# --- contrast of the tokens (UX-58)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def tokens(theme):
    css = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    block = re.search(rf'\[data-bs-theme="{theme}"\] {{(.*?)}}', css, re.DOTALL)[1]
    return dict(re.findall(r"--k-([\w-]+): (#[0-9a-f]{6});", block))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_controls_have_enough_contrast(theme):
    colour = tokens(theme)
    for text in ("ink", "ink-2", "ink-3", "accent", "seal", "good", "warn", "info"):
        for ground in ("paper", "sheet", "tint"):
            assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)
    for tone in ("seal", "good", "warn", "info", "accent"):
        assert contrast(colour[tone], colour[f"{tone}-wash"]) >= 4.5, tone
    for fill in (
        "accent-fill",
        "accent-fill-2",
        "seal-fill",
        "seal-fill-2",
        "good-fill",
        "warn-fill",
    ):
        assert contrast(colour["on-fill"], colour[fill]) >= 4.5, fill
    for ground in ("paper", "sheet"):
        assert contrast(colour["line-strong"], colour[ground]) >= 3, ground
