"""The form that changes an archive: one field for each thing its organisation keeps itself."""

from typing import Any, Final

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core.fields import UNCHANGED, CheckedField, line
from crm.core.selectors import cities_of, provinces
from customers.choices import Section, Subject
from customers.forms.fields import RegionFields, attribute_field, cell, choice, pick
from customers.models import FieldRule
from customers.selectors.editing import Editing
from customers.selectors.fields import MODELS
from customers.values import CELLS

_PLACES: Final = frozenset({"customer.province", "customer.city", "customer.region"})


def html_name(key: str) -> str:
    """`customer.address` is `address`, `repair.main_business` is `repair-main_business`."""
    subject, _dot, name = key.partition(".")
    return name if subject == Subject.CUSTOMER else f"{subject}-{name}"


class ReasonForm(forms.Form):
    """Why; with the version the page was opened on (D10)."""

    reason = CheckedField(
        label=_("修改原因"), max_length=300, check=line(300), help_text=_("写入变更历史")
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class CustomerEditForm(ReasonForm):
    """Fields of local authority that the person sees; the rest has another way (T-64, UX-16)."""

    def __init__(self, *args: Any, editing: Editing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.editing = editing
        for rule in editing.rules:
            self.fields[html_name(rule.key)] = self._field(rule)
        self.order_fields([*(html_name(rule.key) for rule in editing.rules), "reason"])

    def _field(self, rule: FieldRule) -> forms.Field:
        if rule.key in _PLACES:
            return self._place(rule)
        if rule.subject == Subject.EXTRA:
            return attribute_field(self.editing.attributes[rule.key])
        if rule.key in self.editing.words:
            return choice(self.editing.words[rule.key], label=rule.label)
        if rule.key in CELLS:
            must = rule.key in ("customer.name", "retail.store_name")
            return cell(rule.key, label=rule.label, required=must, keeps_masked=True)
        return self._picked(rule)

    def _picked(self, rule: FieldRule) -> forms.Field:
        """A choice of the model, or a row of another table."""
        field: Any = MODELS[rule.subject]._meta.get_field(rule.field)
        if isinstance(field, models.BooleanField):
            return forms.BooleanField(label=rule.label, required=False)
        if isinstance(field, models.ForeignKey):
            return choice(self.editing.rows_for(rule.key), label=rule.label)
        return choice(field.choices, label=rule.label, required=not field.blank)

    def _place(self, rule: FieldRule) -> forms.Field:
        """Province, city, county: each list follows what stands above it (R-22)."""
        if rule.field == "province":
            widget = RegionFields.base_fields["province"].widget
            return forms.ChoiceField(
                label=rule.label, choices=pick(provinces()), widget=type(widget)(widget.attrs)
            )
        above = self._chosen("province" if rule.field == "city" else "city")
        places = cities_of(above) if rule.field == "city" else self.editing.counties_of(above)
        is_city = rule.field == "city"
        return forms.ChoiceField(label=rule.label, choices=pick(places), required=is_city)

    def _chosen(self, name: str) -> str:
        value = self.data.get(name) if self.is_bound else self.initial.get(name)
        return str(value or "")

    @property
    def sections(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        """The parts of the archive that have something to change."""
        found: dict[str, list[str]] = {}
        for rule in self.editing.rules:
            found.setdefault(rule.section, []).append(html_name(rule.key))
        parts = [(section.label, tuple(found[section])) for section in Section if section in found]
        return (*parts, (_("修改说明"), ("reason",)))

    def changes(self) -> dict[str, Any]:
        """Field key → typed value; what came back masked cleans to None and stays as it is."""
        typed = {rule.key: self.cleaned_data[html_name(rule.key)] for rule in self.editing.rules}
        return {key: value for key, value in typed.items() if value is not UNCHANGED}
