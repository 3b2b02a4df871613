from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.identity.access import departments_for
from crm.identity.choices import Duty, IdentityPerm, Secrecy, SourceSystem
from crm.identity.selectors import scopes_to_give
from crm.identity.services.clients import ClientCard, TokenWish
from crm.identity.services.people import PersonCard

if TYPE_CHECKING:
    from crm.identity.models import User

STAFF_DUTIES = [choice for choice in Duty.choices if choice[0] not in (Duty.API, Duty.POR)]


class CardForm(forms.Form):
    """A person's card without the user name, which never changes."""

    name = forms.CharField(label=_("姓名"), max_length=60)
    department: Any = forms.ModelChoiceField(label=_("部门"), queryset=None)
    mobile = forms.CharField(label=_("移动电话"), max_length=20, required=False)
    email = forms.EmailField(label=_("电子邮箱"), required=False)
    clearance = forms.TypedChoiceField(
        label=_("涉密等级"), choices=Secrecy.choices, coerce=int, initial=Secrecy.NORMAL
    )

    def __init__(self, *args: Any, user: "User", username: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fixed_username = username
        gate = departments_for(user, IdentityPerm.PEOPLE_VIEW)
        department: Any = self.fields["department"]
        department.queryset = gate.filter(is_live=True).order_by("name", "pk")

    def card(self) -> PersonCard:
        data = self.cleaned_data
        return PersonCard(
            username=data.get("username") or self.fixed_username,
            name=data["name"],
            department=data["department"],
            mobile=data["mobile"],
            email=data["email"],
            clearance=data["clearance"],
        )


class PersonForm(CardForm):
    username = forms.CharField(
        label=_("用户名"), max_length=30, help_text=_("小写字母开头，3 至 30 位，建立后不能更改")
    )
    field_order = ["username", "name", "department", "mobile", "email", "clearance"]


class PostForm(forms.Form):
    department: Any = forms.ModelChoiceField(label=_("部门"), queryset=None)
    duty = forms.ChoiceField(label=_("职责"), choices=STAFF_DUTIES)
    starts_on = forms.DateField(label=_("起始日期"))
    ends_on = forms.DateField(label=_("截止日期"), required=False)

    def __init__(self, *args: Any, user: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gate = departments_for(user, IdentityPerm.PEOPLE_VIEW)
        department: Any = self.fields["department"]
        department.queryset = gate.filter(is_live=True).order_by("name", "pk")
        self.fields["starts_on"].initial = timezone.localdate

    def days(self) -> tuple[date, date | None]:
        return self.cleaned_data["starts_on"], self.cleaned_data["ends_on"]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("原因"), max_length=200)


class ActivationForm(forms.Form):
    username = forms.CharField(
        label=_("用户名"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    code = forms.CharField(
        label=_("激活码"),
        max_length=20,
        help_text=_("安全管理员交给您的十二位激活码"),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )
    password = forms.CharField(
        label=_("新密码"),
        strip=False,
        help_text=_("12 至 128 位，大写、小写、数字、符号四类中至少三类"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再输一次"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password") != data.get("again"):
            self.add_error("again", _("两次输入的密码不一致"))
        return data


class ClientForm(forms.Form):
    code = forms.SlugField(label=_("代码"), max_length=40)
    name = forms.CharField(label=_("名称"), max_length=60)
    system = forms.ChoiceField(label=_("系统"), choices=SourceSystem.choices)
    region_prefix = forms.RegexField(
        r"^\d{2}(\d{2}){0,2}$",
        label=_("地区范围"),
        required=False,
        help_text=_("2、4 或 6 位行政区划代码，空白为全单位"),
    )
    contact = forms.CharField(label=_("联系人"), max_length=120, required=False)

    def card(self) -> ClientCard:
        data = self.cleaned_data
        return ClientCard(**{**data, "system": SourceSystem(data["system"])})


class TokenForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=80)
    scopes = forms.MultipleChoiceField(label=_("权限"), widget=forms.CheckboxSelectMultiple)
    networks = forms.CharField(
        label=_("来源网段"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("每行一个网段，如 10.1.0.0/16；空白为不限"),
    )
    days = forms.IntegerField(label=_("有效天数"), min_value=1, max_value=365, initial=365)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes: Any = self.fields["scopes"]
        scopes.choices = [(scope, scope) for scope in scopes_to_give()]

    def wish(self) -> TokenWish:
        data = self.cleaned_data
        return TokenWish(
            name=data["name"],
            scopes=data["scopes"],
            networks=data["networks"].split(),
            life=timedelta(days=data["days"]),
        )
