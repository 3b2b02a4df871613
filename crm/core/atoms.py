"""The smallest components as functions: a page writes hundreds of them, a template each is dear.

`crm/core/templatetags/ui.py` gives them to templates. Everything that comes in is escaped.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.components import TONES, moment_words
from crm.core.icons import icon_body

BLANK = SafeString('<span class="quiet">—</span>')
_AUTHORITIES: Final = {
    "licence": (gettext_lazy("以专卖系统为准"), gettext_lazy("专卖")),
    "order": (gettext_lazy("以订单中心为准"), gettext_lazy("订单")),
    "local": (gettext_lazy("由本地维护"), gettext_lazy("本地")),
}
_CLASSES: Final = {
    "S": ("shield-lock", gettext_lazy("敏感信息")),
    "P": ("person", gettext_lazy("个人信息")),
}


def text_html(value: object) -> str:
    """A value escaped as `conditional_escape` does it, without the wrapper for lazy texts: where a
    page writes thousands, that costs more than the escaping.
    """
    if isinstance(value, Promise):
        value = str(value)
    safe = getattr(value, "__html__", None)
    return str(safe()) if safe else escape(str(value))


@lru_cache(maxsize=512)
def icon_html(name: str, label: str = "", size: int = 16) -> SafeString:
    """An icon; without a label it is hidden from screen readers (UX-77)."""
    spoken = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else SafeString('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" viewBox="0 0 16 16" fill="currentColor"'
        ' focusable="false" {1}>{2}</svg>\n',
        size,
        spoken,
        SafeString(icon_body(name)),
    )


def pill_html(label: object, tone: str = "plain", icon: str = "") -> SafeString:
    """A status in words, with a colour beside it."""
    sign = icon_html(icon, "", 12) if icon else ""
    return SafeString(
        f'\n<span class="pill pill--{text_html(tone)}">{sign}{text_html(label)}</span>\n'
    )


def status_html(value: str, label: object) -> SafeString:
    """A status whose tone the table knows."""
    return pill_html(label, TONES.get(value, "plain"))


def when_html(moment: date | None, style: str = "full") -> SafeString:
    """A moment; the absolute time is always one hover away (UX-68)."""
    words = moment_words(moment, style)
    if not words:
        return format_html("{}\n", BLANK)
    title = f' title="{words["title"]}"' if "title" in words else ""
    return SafeString(
        f'<time class="when" datetime="{words["iso"]}"{title}>{text_html(words["text"])}</time>\n'
    )


def person_html(name: object, detail: object = "", url: str = "") -> SafeString:
    """A person with department or duty."""
    linked = text_html(name)
    if url:
        linked = f'<a href="{text_html(url)}">{linked}</a>'
    more = f'<span class="person__detail">{text_html(detail)}</span>' if detail else ""
    return SafeString(f'<span class="person">{linked}{more}</span>\n')


def copy_html(value: object, label: object = "") -> SafeString:
    """Copies a code, a number, a telephone (UX-19)."""
    return format_html(
        '\n<button type="button" class="copy" data-copy="{}" data-copied="{}">{}'
        '<span class="visually-hidden">{} {}</span></button>\n',
        value,
        _("已复制"),
        icon_html("clipboard", "", 14),
        _("复制"),
        label,
    )


def masked_html(value: object, reveal_url: str = "", label: object = "") -> SafeString:
    """A value that arrives masked; the clear one is another page with a reason (UX-20)."""
    text = format_html('<span class="mono">{}</span>', value) if value else BLANK
    if not reveal_url:
        return format_html('\n<span class="masked">\n  {}\n</span>\n', text)
    return format_html(
        '\n<span class="masked">\n  {}\n    <a class="masked__reveal" href="{}">{}{}'
        '<span class="visually-hidden"> {}</span></a>\n</span>\n',
        text,
        reveal_url,
        icon_html("eye", "", 14),
        _("显示"),
        label,
    )


def fact_html(
    label: object,
    value: object,
    look: str,
    kind: tuple[str, str],
    mark: Any,
    reveal_url: str,
) -> SafeString:
    """One fact of a record; `kind` is its data class and who decides over it (UX-16)."""
    data_class, authority = kind
    shown = f"{value:%Y-%m-%d}" if isinstance(value, date) else value
    looks = look.split()
    kinds = [kind for kind in ("mono", "num") if kind in looks]
    return format_html(
        '\n<div class="fact{}">\n  <dt class="fact__label">\n    {}\n    {}\n    {}\n  </dt>\n'
        '  <dd class="{}">\n    {}\n    {}\n  </dd>\n</div>\n',
        " fact--wide" if "wide" in looks else "",
        label,
        _stamp(authority),
        _class_mark(data_class),
        " ".join(["fact__value", *kinds]),
        _fact_value(label, shown, reveal_url, is_copied="copy" in looks),
        _trace(label, mark) if mark else "",
    )


def _fact_value(label: object, value: object, reveal_url: str, *, is_copied: bool) -> SafeString:
    if value in (None, ""):
        return BLANK
    if reveal_url:
        return masked_html(value, reveal_url, label)
    return format_html("{}{}", value, copy_html(value, label) if is_copied else "")


def _stamp(authority: str) -> str:
    if authority not in _AUTHORITIES:
        return ""
    title, word = _AUTHORITIES[authority]
    return format_html('<span class="stampy" title="{}">{}</span>', title, word)


def _class_mark(data_class: str) -> str:
    if data_class not in _CLASSES:
        return ""
    name, label = _CLASSES[data_class]
    return format_html('<span class="class-mark">{}</span>', icon_html(name, str(label), 12))


def _trace(label: object, mark: Any) -> SafeString:
    """When, by whom and on which form; `mark` is a dict or an object."""
    told: dict[str, Any] = {
        name: mark.get(name) if isinstance(mark, dict) else getattr(mark, name, None)
        for name in ("at", "by", "form")
    }
    form = told["form"]
    return format_html(
        '<details class="trace">\n      <summary class="trace__sign">{}'
        '<span class="visually-hidden">{}</span></summary>\n'
        '      <span class="trace__words">{} {}{}</span>\n    </details>',
        icon_html("clock-history", "", 12),
        _("%(label)s：谁在何时改过") % {"label": label},
        when_html(told["at"]),
        told["by"],
        format_html(' · <span class="mono">{}</span>', form) if form else "",
    )


def cells_html(cells: Iterable[Any], url: str) -> SafeString:
    """The cells of one row of a list; a cell has `look`, `label`, `value` and `tone`.

    Looks: `code`, `name` (links to `url`), `mono`, `status`, `person`, `date` (a moment), `day`,
    `text`.
    """
    href = text_html(url)
    return SafeString("".join([_cell(cell, href) for cell in cells]))


def pick_html(value: object, title: object, form: str) -> SafeString:
    """The cell that ticks one row of a list for the form under it (UX-07)."""
    name = _("勾选 %(name)s") % {"name": title}
    return SafeString(
        f'<td class="pick" data-label="{text_html(_("勾选"))}"><input class="form-check-input"'
        f' type="checkbox" name="ids" value="{text_html(value)}" form="{text_html(form)}"'
        f' data-bulk-row aria-label="{text_html(name)}"></td>\n'
    )


_CSS = {
    "code": ' class="mono nowrap"',
    "mono": ' class="mono"',
    "date": ' class="nowrap"',
    "day": ' class="nowrap"',
}


def _cell(cell: Any, href: str) -> str:
    look, value = cell.look, cell.value
    if value == "":
        body: str = BLANK
    elif look == "name":
        body = f'<a class="row-name" href="{href}">{text_html(value)}</a>'
    elif look == "status":
        body = status_html(cell.tone, value)
    elif look == "person":
        body = person_html(value)
    elif look == "date":
        body = when_html(value, "date")
    elif look == "day":
        body = f"{value:%Y-%m-%d}"
    else:
        body = text_html(value)
    css = _CSS.get(look, "")
    return f'<td data-label="{text_html(cell.label)}"{css}>\n  {body}\n</td>\n'
