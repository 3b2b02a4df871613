"""Shape of what is typed about firms and routes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.core.fields import CheckedField, line
from crm.identity.models import Department, DepartmentQuerySet
from logistics.choices import FirmKind, Weekday
from logistics.formulas import FirmDetails
from logistics.values import CELLS


class DetailsForm(forms.Form):
    """The fields R-47 asks of head office and branch alike."""

    address = CheckedField(label=_("地址"), max_length=200, check=CELLS["address"])
    postcode = CheckedField(
        label=_("邮政编码"), max_length=12, check=CELLS["postcode"], help_text=_("6 位数字")
    )
    contact = CheckedField(label=_("主要联系人"), max_length=40, check=CELLS["contact"])
    contact_position = CheckedField(
        label=_("联系人职务"), max_length=40, check=CELLS["contact_position"]
    )
    phone = CheckedField(
        label=_("联系电话"),
        max_length=30,
        check=CELLS["phone"],
        help_text=_("手机、固话或 400 电话"),
    )

    def details(self) -> FirmDetails:
        data = self.cleaned_data
        return FirmDetails(
            address=data["address"],
            postcode=data["postcode"],
            contact=data["contact"],
            contact_position=data["contact_position"],
            phone=data["phone"],
        )


class HeadOfficeForm(DetailsForm):
    """A new head office (R-45)."""

    name = CheckedField(
        label=_("公司全称"), max_length=80, check=CELLS["name"], help_text=_("营业执照上的法定名称")
    )
    short_name = CheckedField(
        label=_("简称"),
        max_length=20,
        check=CELLS["city"],
        help_text=_("分支机构名称由它开头，例如 金达莱"),
    )
    city = CheckedField(label=_("所在地市"), max_length=20, check=CELLS["city"])

    field_order = ["name", "short_name", "city"]


class BranchForm(DetailsForm):
    """A new branch; its name is made of the head's short name and the city (R-46)."""

    city = CheckedField(
        label=_("地市"),
        max_length=20,
        check=CELLS["city"],
        help_text=_("名称自动生成为“简称-地市”"),
    )

    field_order = ["city"]


class OfficeForm(forms.Form):
    """Which office's assistant keeps the firm (R-48); nobody's: the clerk alone."""

    office = forms.ModelChoiceField(
        label=_("维护办事处"),
        queryset=Department.objects.none(),
        required=False,
        empty_label=_("不指定，由市场内勤维护"),
        help_text=_("该办事处的市场内勤可以修改此物流公司"),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, offices: DepartmentQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].queryset = offices  # type: ignore[attr-defined]


class FirmEditForm(DetailsForm):
    """Details, use, and a head office's legal name."""

    name = CheckedField(label=_("公司全称"), max_length=80, check=CELLS["name"], required=False)
    is_live = forms.BooleanField(label=_("启用"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    field_order = ["name"]

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind == FirmKind.HEAD:
            self.fields["name"].required = True
        else:
            del self.fields["name"]


class RouteForm(forms.Form):
    """A new delivery route (T-39)."""

    code = forms.RegexField(
        r"^[0-9A-Za-z-]+$",
        label=_("线路代码"),
        max_length=20,
        error_messages={"invalid": _("线路代码只能由字母、数字和短横线组成")},
    )
    name = CheckedField(label=_("线路名称"), max_length=40, check=line(40))
    weekdays = forms.MultipleChoiceField(
        label=_("送货日"), choices=Weekday.choices, widget=forms.CheckboxSelectMultiple
    )


class RouteEditForm(RouteForm):
    """The code stays; other systems know it."""

    code = None  # type: ignore[assignment]
    is_live = forms.BooleanField(label=_("启用"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)


class FirmFilterForm(forms.Form):
    """The filters of the list, as they stand in the URL."""

    q = forms.CharField(label=_("名称"), max_length=80, required=False)
    kind = forms.ChoiceField(
        label=_("类别"), choices=[("", _("全部")), *FirmKind.choices], required=False
    )
    state = forms.ChoiceField(
        label=_("状态"),
        choices=[("", _("全部")), ("live", _("启用")), ("ended", _("停用"))],
        required=False,
    )


class RouteFilterForm(forms.Form):
    """The filters of the list, as they stand in the URL."""

    q = forms.CharField(label=_("名称或代码"), max_length=40, required=False)
    state = forms.ChoiceField(
        label=_("状态"),
        choices=[("", _("全部")), ("live", _("启用")), ("ended", _("停用"))],
        required=False,
    )
