"""Shape of the two blocks of the registration form (T-3, T-4, T-38 to T-41)."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.checkdigits import check_bank_account, check_licence_no, check_resident_id
from crm.core.fields import CheckedField, line, person
from crm.core.parsing import parse_phone
from crm.core.selectors import cities_of, dictionary, provinces
from crm.identity.choices import DepartmentKind, Duty
from crm.identity.models import Department, User
from crm.identity.selectors import holders_of
from customers.values import BankAccount
from logistics.access import routes_for
from logistics.choices import LogisticsPerm
from logistics.models import DeliveryRoute
from onboarding.choices import NoticeRoute
from onboarding.models import RegistrationForm
from onboarding.services.values import Licence, MonopolyBlock, Notice, SalesBlock


def _identity(value: str) -> str:
    return check_resident_id(value, timezone.localdate()).number


def _pick(entries: list[tuple[Any, str]]) -> list[tuple[Any, Any]]:
    return [("", _("请选择")), *entries]


class MonopolyForm(forms.Form):
    """The block the monopoly officer fills; in the order of the paper sheet."""

    store_name = CheckedField(label=_("店铺名称"), max_length=200, check=line(200))
    business_premises = CheckedField(label=_("经营场所"), max_length=200, check=line(200))
    legal_representative = CheckedField(label=_("法定代表人"), max_length=60, check=person(60))
    identity_no = CheckedField(
        label=_("身份证号"),
        max_length=40,
        check=_identity,
        keeps_masked=True,
        help_text=_("18 位；保存后只显示前三位和后四位"),
    )
    phone = CheckedField(label=_("联系电话"), max_length=30, check=parse_phone)
    city = forms.ChoiceField(label=_("地市"))
    area = forms.ModelChoiceField(label=_("所属中队"), queryset=Department.objects.none())
    manager = forms.ModelChoiceField(
        label=_("客户经理"),
        queryset=User.objects.none(),
        required=False,
        help_text=_("许可证办妥后由其填写销售信息"),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["city"].choices = _pick(_cities(user))  # type: ignore[attr-defined]
        self.fields["area"].queryset = squads_of(user)  # type: ignore[attr-defined]
        self.fields["manager"].queryset = holders_of(  # type: ignore[attr-defined]
            Duty.AM, organisation_id=user.organisation_id or 0
        )

    sections = (
        (
            _("专卖信息"),
            (
                "store_name",
                "business_premises",
                "legal_representative",
                "identity_no",
                "phone",
                "city",
                "area",
                "manager",
            ),
        ),
    )

    def block(self) -> MonopolyBlock:
        data = self.cleaned_data
        return MonopolyBlock(
            store_name=data["store_name"],
            business_premises=data["business_premises"],
            legal_representative=data["legal_representative"],
            identity_no=data["identity_no"],
            phone=data["phone"],
            city_id=data["city"],
            area=data["area"],
            manager=data["manager"],
        )


def squads_of(user: User) -> Any:
    """The squads of the person's organisation."""
    return Department.objects.filter(
        organisation_id=user.organisation_id, kind=DepartmentKind.SQUAD, is_live=True
    ).order_by("code")


def _cities(user: User) -> list[tuple[str, str]]:
    """Prefectures of the organisation's own province, else of all."""
    home = user.organisation.region_id if user.organisation else None
    if home:
        return cities_of(f"{home[:2]}0000")
    return [
        (code, f"{name} {city}")
        for province, name in provinces()
        for code, city in cities_of(province)
    ]


class SalesForm(forms.Form):
    """The block the customer manager fills from his survey."""

    order_mode = forms.ChoiceField(label=_("订货方式"))
    settlement_mode = forms.ChoiceField(label=_("结算方式"))
    customer_level = forms.ChoiceField(label=_("客户级别"))
    market_type = forms.ChoiceField(label=_("市场类型"))
    business_format = forms.ChoiceField(label=_("业态"))
    order_cycle = forms.ChoiceField(label=_("订货周期"))
    visit_cycle = forms.ChoiceField(label=_("拜访周期"), required=False)
    delivery_route = forms.ModelChoiceField(
        label=_("送货线路"),
        queryset=DeliveryRoute.objects.none(),
        required=False,
        help_text=_("可由配送中心填写"),
    )
    delivery_address = CheckedField(
        label=_("送货地址"), max_length=200, check=line(200), required=False
    )
    sections = (
        (
            _("客户调查"),
            (
                "order_mode",
                "settlement_mode",
                "customer_level",
                "market_type",
                "business_format",
                "order_cycle",
                "visit_cycle",
            ),
        ),
        (_("配送信息"), ("delivery_route", "delivery_address")),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisation = user.organisation_id or 0
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField) and not isinstance(
                field, forms.ModelChoiceField
            ):
                field.choices = _pick(dictionary(name, organisation_id=organisation))
        routes = routes_for(user, LogisticsPerm.VIEW).live()
        self.fields["delivery_route"].queryset = routes  # type: ignore[attr-defined]

    def block(self) -> SalesBlock:
        return SalesBlock(**self.cleaned_data)


class DeliveryForm(forms.Form):
    """What the distribution centre fills (T-39)."""

    delivery_route = forms.ModelChoiceField(
        label=_("送货线路"), queryset=DeliveryRoute.objects.none()
    )
    delivery_address = CheckedField(label=_("送货地址"), max_length=200, check=line(200))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        routes = routes_for(user, LogisticsPerm.VIEW).live()
        self.fields["delivery_route"].queryset = routes  # type: ignore[attr-defined]


def _account(value: str) -> str:
    return check_bank_account(value, "personal")


class AccountForm(forms.Form):
    """The account the network office keys for withholding (T-65)."""

    bank = forms.ChoiceField(label=_("开户银行"))
    branch = CheckedField(label=_("开户网点"), max_length=80, check=line(80), required=False)
    holder_name = CheckedField(label=_("户名"), max_length=80, check=person(80))
    account_no = CheckedField(
        label=_("账号"), max_length=40, check=_account, help_text=_("保存后只显示后四位")
    )
    agreement_no = CheckedField(
        label=_("授权协议号"), max_length=40, check=line(40), required=False
    )
    name_note = CheckedField(
        label=_("户名不一致说明"),
        max_length=200,
        check=line(200),
        required=False,
        help_text=_("户名与法定代表人、店铺名称都不同时必填"),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:  # noqa: ARG002
        """`user` is taken like the other blocks take it; banks are the same for everybody."""
        super().__init__(*args, **kwargs)
        banks = [(label, label) for _code, label in dictionary("bank")]
        self.fields["bank"].choices = _pick(banks)  # type: ignore[attr-defined]

    def account(self) -> BankAccount:
        return BankAccount(**self.cleaned_data)


class LicenceForm(forms.Form):
    """What the licensing department types when ZM has no interface (T-34)."""

    licence_no = CheckedField(
        label=_("许可证号"), max_length=20, check=check_licence_no, help_text=_("12 位数字")
    )
    valid_to = forms.DateField(label=_("许可证有效期至"))

    def licence(self) -> Licence:
        return Licence(self.cleaned_data["licence_no"], self.cleaned_data["valid_to"])


class NoticeForm(forms.Form):
    """By which routes the service centre is told, from whom to whom (T-36)."""

    routes = forms.MultipleChoiceField(
        label=_("通知方式"), choices=NoticeRoute, widget=forms.CheckboxSelectMultiple
    )
    sender = CheckedField(label=_("发送人"), max_length=80, check=line(80))
    receiver = CheckedField(label=_("接收人"), max_length=80, check=line(80))

    def notices(self) -> list[Notice]:
        data = self.cleaned_data
        return [Notice(route, data["sender"], data["receiver"]) for route in data["routes"]]


class ManagerForm(forms.Form):
    """Who will look after the customer (T-37)."""

    manager = forms.ModelChoiceField(label=_("客户经理"), queryset=User.objects.none())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = holders_of(  # type: ignore[attr-defined]
            Duty.AM, organisation_id=user.organisation_id or 0
        )


class ReasonForm(forms.Form):
    """Why: for withdrawal and refusal."""

    reason = CheckedField(label=_("原因"), max_length=300, check=line(300), widget=forms.Textarea)


class DecisionForm(forms.Form):
    """A signature: what, and in which words; the digest of what was seen goes with it."""

    verdict = forms.CharField()
    opinion = CheckedField(max_length=500, check=line(500), required=False)
    digest = forms.CharField(max_length=64)


def monopoly_initial(form: RegistrationForm) -> dict[str, Any]:
    """The block as the form page shows it again; the identity number masked."""
    tail = form.identity_no_last4
    return {
        "store_name": form.store_name,
        "business_premises": form.business_premises,
        "legal_representative": form.legal_representative,
        "identity_no": f"**************{tail}" if tail else "",
        "phone": form.phone,
        "city": form.city_id,
        "area": form.area_id,
        "manager": form.manager_id,
    }


def sales_initial(form: RegistrationForm) -> dict[str, Any]:
    """The sales block as the form page shows it again."""
    names = [name for name in SalesForm.base_fields if name != "delivery_route"]
    return {name: getattr(form, name) for name in names} | {
        "delivery_route": form.delivery_route_id
    }
