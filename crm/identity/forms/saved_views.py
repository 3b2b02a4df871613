"""The card of a saved view."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.core.fields import CheckedField, line
from crm.identity.access import post_departments
from crm.identity.choices import ListName, ViewDefault
from crm.identity.models import Department, User
from crm.identity.services.saved_views import ViewCard


class ViewForm(forms.Form):
    """Name, sharing, default (UX-05)."""

    title = CheckedField(label=_("视图名称"), max_length=40, check=line(40))
    department = forms.ModelChoiceField(
        label=_("共享给部门"),
        queryset=Department.objects.none(),
        required=False,
        empty_label=_("不共享，只给自己用"),
        help_text=_("部门里的同事打开时，只看到各自有权看到的客户"),
    )
    default = forms.ChoiceField(
        label=_("自动打开"), choices=ViewDefault.choices, required=False, initial=""
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Department.objects.filter(pk__in=post_departments(user)).order_by("name")
        self.fields["department"].queryset = rows  # type: ignore[attr-defined]

    def card(self) -> ViewCard:
        data = self.cleaned_data
        return ViewCard(data["title"], data["department"], data["default"])


class NewViewForm(ViewForm):
    """The same with the list's question, as the list's page hands it over."""

    list_name = forms.ChoiceField(choices=ListName.choices, widget=forms.HiddenInput)
    query = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)
    columns = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)
