"""Form fields of the archive: the cell checks of `customers.values` behind each (D13)."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.core.fields import CheckedField
from crm.core.selectors import cities_of, provinces
from customers.domains import ValueKind
from customers.models import AttributeDefinition
from customers.selectors.attributes import check_of, choices_of
from customers.selectors.fields import MODELS
from customers.values import CELLS

Choices = Sequence[tuple[Any, Any]]
_LONG: Final = frozenset({"customer.remark", "contact.remark", "contact.hobby"})
_SHORTEST: Final = 30
"""Numbers are typed with spaces, dashes and full-width signs: the check counts them, not we."""


def cell(key: str, *, label: Any = "", required: bool = False, **kwargs: Any) -> CheckedField:
    """The form field of one cell; label and length come from the model."""
    subject, _dot, name = key.partition(".")
    field: Any = MODELS[subject]._meta.get_field(name)
    most = getattr(field, "max_length", None)
    if most is not None:
        kwargs.setdefault("max_length", max(most, _SHORTEST))
    if key in _LONG:
        kwargs["widget"] = forms.Textarea
    return CheckedField(
        label=label or field.verbose_name, check=CELLS[key], required=required, **kwargs
    )


def choice(
    choices: Choices, *, label: Any, required: bool = False, **kwargs: Any
) -> forms.ChoiceField:
    """A picker; an optional one begins with nothing chosen."""
    first = [] if required and "initial" in kwargs else [("", _("请选择"))]
    own = [(value, text) for value, text in choices if value != ""]
    return forms.ChoiceField(label=label, choices=[*first, *own], required=required, **kwargs)


def attribute_field(row: AttributeDefinition) -> forms.Field:
    """The form field of a free attribute, checked as every other door checks it (B-26, D13)."""
    if row.value_kind == ValueKind.CHOICE:
        return choice(choices_of(row), label=row.label, required=row.is_required)
    if row.value_kind == ValueKind.YES_NO:
        words = [("True", _("是")), ("False", _("否"))]
        return choice(words, label=row.label, required=row.is_required)
    hint = _("写成 2026-01-31 的样子") if row.value_kind == ValueKind.DATE else ""
    return CheckedField(
        label=row.label,
        check=check_of(row),
        required=row.is_required,
        max_length=300,
        help_text=hint,
    )


class RegionFields(forms.Form):
    """Province, then city: the city's choices follow the province that was sent (R-22, UX-32)."""

    province = forms.ChoiceField(
        label=_("省份"),
        widget=forms.Select(
            attrs={
                "data-region-url": reverse_lazy("core:cities", args=["_"]),
                "data-region-child": "id_city",
            }
        ),
    )
    city = forms.ChoiceField(label=_("地市"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["province"].choices = pick(provinces())  # type: ignore[attr-defined]
        self.fields["city"].choices = pick(cities_of(self.chosen("province")))  # type: ignore[attr-defined]

    def chosen(self, name: str) -> str:
        """What stands in a field now: sent, else initial."""
        value = self.data.get(name) if self.is_bound else self.initial.get(name)
        return str(value or "")


def pick(entries: Choices) -> list[tuple[Any, Any]]:
    """Choices that begin with nothing chosen."""
    return [("", _("请选择")), *entries]
