from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import Duty, Sex
from crm.identity.selectors import holders_of
from crm.identity.services.managers import FIELDS, ManagerCard

if TYPE_CHECKING:
    from crm.identity.models import User


class ManagerForm(forms.Form):
    """The card of R-44; the name is the person's own."""

    sex = forms.ChoiceField(label=_("性别"), choices=Sex.choices, required=False)
    position = forms.CharField(label=_("职务"), max_length=40)
    mobile = forms.CharField(label=_("移动电话"), max_length=20)
    office_phone = forms.CharField(label=_("办公电话"), max_length=30, required=False)
    home_address = forms.CharField(label=_("家庭住址"), max_length=200, required=False)
    postcode = forms.CharField(label=_("邮政编码"), max_length=6, required=False)
    capacity_weight = forms.DecimalField(
        label=_("承载系数"), max_digits=4, decimal_places=2, min_value=0, initial=1
    )

    def card(self) -> ManagerCard:
        return ManagerCard(**{name: self.cleaned_data[name] for name in FIELDS})


class NewManagerForm(ManagerForm):
    user: Any = forms.ModelChoiceField(label=_("人员"), queryset=None)
    field_order = ["user", *FIELDS]

    def __init__(self, *args: Any, by: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holders = holders_of(Duty.AM, organisation_id=by.organisation_id)
        people: Any = self.fields["user"]
        people.queryset = holders.filter(manager_card__isnull=True)


class ManagerEditForm(ManagerForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
