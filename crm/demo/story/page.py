"""A page as a person reads it: its forms, links, lights and refusals."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

Attributes = dict[str, str]
REFUSALS: Final = frozenset({"message--error", "summary__list", "callout--bad", "errorlist"})
"""Classes of what a page says when it did not do what was asked."""


@dataclass(slots=True)
class Form:
    """One form with what stands in it; `choices` maps a field to the words of its choices."""

    action: str
    method: str
    ident: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        return {name for name, _value in self.fields} | set(self.choices)


class Page(HTMLParser):
    """An answer, read once. `path` is where one ended up after redirects."""

    def __init__(self, status: int, path: str, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.status, self.path, self.html = status, path, html
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.lights: dict[str, str] = {}
        self.alerts: list[str] = []
        self._form: Form | None = None
        self._select = self._option = self._light = ""
        self._selected = False
        self._catch: tuple[str, str] | None = None
        self._text: list[str] = []
        self.feed(html)

    def form_to(self, part: str) -> Form:
        """The form whose address has `part` in it. Raises LookupError."""
        for form in self.forms:
            if part in (form.action or self.path):
                return form
        raise LookupError(f"{self.path} has no form to {part}; {self.said}")

    def link_to(self, part: str, *, near: str = "") -> str:
        """The address of the first link to `part` whose words have `near` in them."""
        for href, text in self.links:
            if part in href and near in text:
                return href
        raise LookupError(f"{self.path} has no link to {part} {near}; {self.said}")

    @property
    def said(self) -> str:
        """What went wrong, in the page's own words."""
        return f"HTTP {self.status}: {' / '.join(self.alerts) or 'no word'}"

    # --- reading

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        reader = getattr(self, f"_open_{tag}", None)
        if reader is not None:
            reader(given)
        self._watch(tag, given.get("class", "").split())

    def handle_data(self, data: str) -> None:
        if self._catch is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._catch is not None and self._catch[0] == tag:
            self._close(self._catch[1], " ".join("".join(self._text).split()))
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""

    def _open_form(self, given: Attributes) -> None:
        action = urlsplit(given.get("action", "")).path
        self._form = Form(action, given.get("method", "get").lower(), given.get("id", ""))
        self.forms.append(self._form)

    def _open_input(self, given: Attributes) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if self._form is None or not name or kind == "submit":
            return
        if kind in ("checkbox", "radio"):
            self._form.choices.setdefault(name, {})[given.get("value", "on")] = given.get(
                "value", "on"
            )
            if "checked" not in given:
                return
        self._form.fields.append((name, given.get("value", "")))

    def _open_select(self, given: Attributes) -> None:
        self._select = given.get("name", "")
        if self._form is not None and self._select:
            self._form.choices.setdefault(self._select, {})

    def _open_option(self, given: Attributes) -> None:
        if self._form is not None and self._select:
            self._option, self._selected = given.get("value", ""), "selected" in given
            self._begin("option", "option")

    def _open_textarea(self, given: Attributes) -> None:
        if self._form is not None and given.get("name"):
            self._option = given["name"]
            self._begin("textarea", "textarea")

    def _open_a(self, given: Attributes) -> None:
        if given.get("href"):
            self._option = given["href"]
            self._begin("a", "link")

    def _watch(self, tag: str, classes: list[str]) -> None:
        if tag == "li" and "light" in classes:
            self._light = next((c[7:] for c in classes if c.startswith("light--")), "")
        elif "light__name" in classes:
            self._begin(tag, "light")
        elif REFUSALS & set(classes):
            self._begin(tag, "alert")

    def _begin(self, tag: str, what: str) -> None:
        if self._catch is None or self._catch[1] == "alert":
            self._catch, self._text = (tag, what), []

    def _close(self, what: str, text: str) -> None:
        self._catch = None
        if what == "link":
            self.links.append((self._option, text))
        elif what == "light":
            self.lights[text] = self._light
        elif what == "alert" and text:
            self.alerts.append(text)
        elif self._form is not None and what == "textarea":
            self._form.fields.append((self._option, text))
        elif self._form is not None and what == "option":
            self._form.choices[self._select][text] = self._option
            if self._selected:
                self._form.fields.append((self._select, self._option))
