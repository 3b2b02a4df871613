"""A person of the customer as people fill him in (R-26 to R-28, R-34 to R-39)."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.core.fields import UNCHANGED
from crm.identity.choices import Sex
from customers.choices import ContactRole, Influence, KeyType
from customers.forms.edit import ReasonForm
from customers.forms.fields import cell, choice
from customers.values import NewContact

_BASICS: Final = ("name", "role", "key_type", "is_primary", "unit", "position", "sex", "age")
_WAYS: Final = ("office_phone", "mobile", "fax", "email")
_OWN: Final = ("identity_no", "influence", "hobby", "remark")


class ContactForm(forms.Form):
    """The fields of a contact that the person may fill; `allowed` names them."""

    name = cell("contact.name", required=True)
    role = choice(
        ContactRole.choices, label=_("人员类别"), required=True, initial=ContactRole.RELATED
    )
    key_type = choice(KeyType.choices, label=_("关键人类型"), help_text=_("只有关键人才填写"))
    is_primary = forms.BooleanField(label=_("客户联系人"), required=False)
    unit = cell("contact.unit")
    position = cell("contact.position")
    sex = choice(Sex.choices, label=_("性别"))
    age = cell("contact.age", max_length=10)
    office_phone = cell("contact.office_phone")
    mobile = cell("contact.mobile")
    fax = cell("contact.fax")
    email = cell("contact.email")
    identity_no = cell(
        "contact.identity_no",
        max_length=40,
        keeps_masked=True,
        help_text=_("18 位；保存后只显示后四位"),
    )
    influence = forms.TypedChoiceField(
        label=_("影响力"), choices=Influence.choices, coerce=int, required=False, initial=0
    )
    hobby = cell("contact.hobby")
    remark = cell("contact.remark")

    def __init__(self, *args: Any, allowed: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in (*_BASICS, *_WAYS, *_OWN):
            if name not in allowed:
                del self.fields[name]
        self.filled = [name for name in (*_BASICS, *_WAYS, *_OWN) if name in self.fields]

    @property
    def sections(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        """Who he is, how he is reached, what only his manager knows of him (PM-08)."""
        parts = ((_("人员"), _BASICS), (_("联系方式"), _WAYS), (_("其他"), _OWN))
        named = ((title, tuple(n for n in names if n in self.fields)) for title, names in parts)
        return tuple((title, names) for title, names in named if names)

    def clean(self) -> dict[str, Any]:
        """A type belongs to key persons only (B-39)."""
        data = super().clean() or {}
        if data.get("key_type") and data.get("role") != ContactRole.KEY:
            self.add_error("key_type", _("只有关键人才有关键人类型"))
        return data

    def values(self) -> dict[str, Any]:
        """Field name → value, without what came back masked; an empty age is none."""
        typed = {name: self.cleaned_data[name] for name in self.filled}
        kept: dict[str, Any] = {
            name: value for name, value in typed.items() if value is not UNCHANGED
        }
        if kept.get("age") == "":
            kept["age"] = None
        if kept.get("influence") == "":
            kept["influence"] = Influence.UNKNOWN
        return kept

    def contact(self) -> NewContact:
        """A new person."""
        return NewContact(**self.values())


class ContactEditForm(ContactForm, ReasonForm):
    """The same with reason and version."""

    @property
    def sections(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        return (*super().sections, (_("修改说明"), ("reason",)))


class ContactEndForm(ReasonForm):
    """Why he is taken out of use (R-39)."""
