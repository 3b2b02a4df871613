"""How every form looks: our field template, Bootstrap's classes, native date inputs.

Set by FORM_RENDERER; forms are written `{{ form }}` and know nothing of it (design 8).
"""

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.core.atoms import text_html

_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.Widget, "form-control"),
)
_CHOICE_GROUPS = (forms.RadioSelect, forms.CheckboxSelectMultiple)
_NOTHING = "---------"  # Django's word for no choice
_ROWS = 3  # a text field grows while one types
_COUNTED_FROM = 20  # a counter under a four-letter code would only be noise


class KedangBoundField(forms.BoundField):
    """A field that knows its place in the page: classes, width, counter, date picker."""

    def __init__(self, form: forms.BaseForm, field: forms.Field, name: str) -> None:
        super().__init__(form, field, name)
        # The widget is this form's own copy, so it may be dressed here.
        if not self.belongs_to_admin and not field.widget.is_hidden:
            _dress(field.widget)
            if field.label and field.widget.attrs.get("placeholder") == field.label:
                del field.widget.attrs["placeholder"]  # the library says the label twice

    @property
    def belongs_to_admin(self) -> bool:
        """Admin brings its own look and scripts."""
        return type(self.field.widget).__module__.startswith("django.contrib.admin")

    @property
    def kind(self) -> str:
        """`check`, `choices` or `input`: which arrangement the template takes."""
        if isinstance(self.field.widget, forms.CheckboxInput):
            return "check"
        return "choices" if isinstance(self.field.widget, _CHOICE_GROUPS) else "input"

    @property
    def is_wide(self) -> bool:
        """Long texts and groups of boxes take the whole row."""
        wide = (forms.Textarea, forms.ClearableFileInput, *_CHOICE_GROUPS)
        return isinstance(self.field.widget, wide)

    @property
    def most(self) -> int | None:
        """The length that a counter shows, in characters as the server counts them (UX-28)."""
        most = getattr(self.field, "max_length", None)
        counts = isinstance(self.field.widget, (forms.TextInput, forms.Textarea))
        return most if counts and most and most >= _COUNTED_FROM else None


def _dress(widget: forms.Widget) -> None:
    """Give one widget our class; dates get the browser's picker."""
    css = next(css for kind, css in _CLASSES if isinstance(widget, kind))
    if css not in widget.attrs.get("class", "").split():
        widget.attrs["class"] = f"{widget.attrs.get('class', '')} {css}".strip()
    if type(widget) is forms.DateInput:
        widget.input_type, widget.format = "date", "%Y-%m-%d"
    # The browser's limit counts a rare character as two and cuts it without a word (UX-28);
    # the counter warns and the server judges.
    if most := widget.attrs.pop("maxlength", None):
        widget.attrs["data-most"] = most
    if isinstance(widget, forms.Textarea):
        widget.attrs["rows"] = min(int(widget.attrs.get("rows", _ROWS)), _ROWS)
        widget.attrs.pop("cols", None)
    for part in getattr(widget, "widgets", ()):
        _dress(part)


class KedangRenderer(TemplatesSetting):
    """Forms by our templates."""

    form_template_name = "django/forms/div.html"
    field_template_name = "django/forms/field.html"
    bound_field_class: Any = KedangBoundField

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """As always; a list to choose from has hundreds of options and is written here."""
        if template_name == "django/forms/widgets/select.html":
            return _select(context["widget"])
        return super().render(template_name, context, request)


def _select(widget: dict[str, Any]) -> SafeString:
    """What Django's templates of a select and of its options write."""
    parts = [f'<select name="{text_html(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(f'\n  <optgroup label="{text_html(group)}">')
        parts += [_option(option) for option in options]
        if group:
            parts.append("\n  </optgroup>")
    return SafeString("".join([*parts, "\n</select>\n"]))


def _option(option: dict[str, Any]) -> str:
    label = text_html(option["label"])
    if label == _NOTHING:
        label = text_html(_("请选择"))
    value = text_html(str(option["value"]))
    return f'\n  <option value="{value}"{_attributes(option["attrs"])}>{label}</option>'


def _attributes(attrs: dict[str, Any]) -> str:
    told = [
        f" {text_html(name)}" if value is True else f' {text_html(name)}="{text_html(str(value))}"'
        for name, value in attrs.items()
        if value is not False
    ]
    return "".join(told)
