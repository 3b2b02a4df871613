"""卷烟零售客户 from a workbook: by licence number, with sales data and account (T-3, T-4)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.checkdigits import AccountKind, check_bank_account
from crm.core.sealed import blind_index
from crm.core.text import CheckFailed, is_blank
from crm.identity.choices import Duty, Profile
from crm.identity.models import Department, User
from crm.imports.kinds import Checker, Column, Draft, Key, Listed, Order
from customers.choices import Authority, Lifecycle
from customers.choices import CustomerKind as Party
from customers.importing.attributes import new_extras_of
from customers.importing.base import CustomerKind, Values, home_city, said
from customers.importing.bringers import Bringer
from customers.importing.cells import Words, cell, line
from customers.importing.people import People
from customers.models import BankBinding, FieldRule, RetailProfile
from customers.services.bindings import SheetAccount, bind_from_sheet
from customers.values import NewCustomer, NewRetail
from logistics.selectors import routes_by_word

WITHHOLDING: Final = "withholding"
WORDS: Final = {
    "order_mode": "order_mode",
    "settlement_mode": "settlement_mode",
    "customer_level": "customer_level",
    "market_type": "market_type",
    "business_format": "business_format",
    "order_cycle": "order_cycle",
}
_KEYS: Final = ("licence_no", "identity_no", "delivery_route")
_RETAIL: Final = (
    "licence_valid_to",
    "store_name",
    "business_premises",
    "legal_representative",
    *WORDS,
)


def _account(value: Any) -> str:
    if is_blank(value):
        return ""
    return check_bank_account(value, AccountKind.PERSONAL)


def _licence(value: Any) -> Any:
    found = cell("retail.licence_no")(value)
    if not found:
        raise CheckFailed("required", _("请填写此项"))
    return found


class RetailChecker(Checker):
    """People, lines, words of the code tables, and who is here already by his licence."""

    def __init__(
        self, organisation: Department, people: Mapping[str, Sequence[Listed]], bringer: Bringer
    ) -> None:
        self._home = organisation.pk
        self._bringer = bringer
        self._officers = People(organisation, Duty.LO, people)
        self._managers = People(organisation, Duty.AM, people)
        self._words = Words(WORDS, organisation.pk, {})
        self._routes = routes_by_word(organisation_id=organisation.pk)
        kept = FieldRule.objects.filter(profile=organisation.profile, subject="retail")
        self._elsewhere = set(
            kept.exclude(authority=Authority.LOCAL).values_list("field", flat=True)
        )

    def take(self, drafts: Sequence[Draft]) -> None:
        self._words.meet(drafts)
        for draft in drafts:
            self._officers.meet(draft, "officer")
            self._managers.meet(draft, "manager")
            self._line(draft)
            self._account(draft)
        self._know(drafts)

    def _line(self, draft: Draft) -> None:
        name = draft.values.get("delivery_route", "")
        if name and name in self._routes:
            draft.links["delivery_route"] = self._routes[name]
        elif name:
            words = _("没有登记这条送货线路，先留空；登记线路后再次导入即可补上")
            draft.doubt("delivery_route", "unknown_route", words)

    def _account(self, draft: Draft) -> None:
        values = draft.values
        if values.get("settlement_mode") == WITHHOLDING:
            for name in ("bank", "account_no"):
                if name in values and not values[name]:
                    draft.refuse(name, "required", _("网上扣划须填写开户银行和扣款账号"))
        elif values.get("account_no"):
            words = _("现金结算的零售户不绑定扣款账户，账号不保存")
            draft.doubt("account_no", "account_not_kept", words)

    def _know(self, drafts: Sequence[Draft]) -> None:
        wanted = {v for draft in drafts if (v := draft.values.get("licence_no"))}
        rows = RetailProfile.objects.filter(
            organisation_id=self._home, is_live=True, licence_no__in=wanted
        ).select_related("customer")
        known = {row.licence_no: row for row in rows}
        accounts = dict(
            BankBinding.objects.live()
            .filter(customer__in=[row.customer_id for row in known.values()])
            .values_list("customer_id", "account_no_index")
        )
        reached = self._bringer.reached([row.customer_id for row in known.values()])
        for draft in drafts:
            row = known.get(draft.values.get("licence_no", ""))
            if row is not None and row.customer_id not in reached:
                self._bringer.refuse(draft, "licence_no")
            elif row is not None:
                draft.links |= {"pk": row.customer_id, "version": row.customer.version}
                self._compare(draft, row, accounts.get(row.customer_id))

    def _compare(self, draft: Draft, row: RetailProfile, account: str | None) -> None:
        """Say what differs but is not ours to change: others keep it, or it has its own way."""
        values = draft.values
        for name in _RETAIL:
            if name in self._elsewhere and name in values and getattr(row, name) != values[name]:
                words = _("与档案不同；此项由其他单位维护，导入不改变，请走变更表")
                draft.doubt(name, "kept_elsewhere", words)
        identity = values.get("identity_no", "")
        if identity and blind_index(identity) != row.identity_no_index:
            words = _("与档案不同；此项由其他单位维护，导入不改变，请走变更表")
            draft.doubt("identity_no", "kept_elsewhere", words)
        number = values.get("account_no", "")
        if account and number and blind_index(number) != account:
            words = _("扣款账号与档案不同；请走换绑流程，导入不改变")
            draft.doubt("account_no", "account_kept", words)
        wanted = draft.links.get("manager")
        if "new_manager" in draft.links or (wanted and wanted != row.customer.manager_id):
            words = _("客户经理与档案不同；导入不改变分配，请走分配流程")
            draft.doubt("manager", "manager_kept", words)


class RetailKind(CustomerKind):
    """The workbook `retailers.xlsx`."""

    code: ClassVar[str] = "retailers"
    label: ClassVar[Any] = gettext_lazy("零售客户")
    profile: ClassVar[str] = Profile.TOBACCO
    fieldset: ClassVar[str] = "customers"
    sheet: ClassVar[str] = "零售客户"
    people_sheet: ClassVar[str] = "人员"
    party: ClassVar[str] = Party.RETAIL
    fields: ClassVar[Mapping[str, str]] = {
        "mobile": "customer.mobile",
        **{name: f"retail.{name}" for name in (*_KEYS, *_RETAIL)},
        **{name: f"bank.{name}" for name in ("bank", "account_no")},
    }
    task: ClassVar[str] = "customers.import_retailers"
    duties: ClassVar[Mapping[str, Duty]] = {"officer": Duty.LO, "manager": Duty.AM}
    columns: tuple[Column, ...] = (
        Column("licence_no", ("许可证号",), _licence, required=True),
        Column(
            "licence_valid_to",
            ("许可证有效期至",),
            cell("retail.licence_valid_to"),
            required=True,
        ),
        Column("store_name", ("店铺名称",), cell("retail.store_name"), required=True),
        Column("business_premises", ("经营场所",), cell("retail.business_premises"), required=True),
        Column(
            "legal_representative",
            ("法定代表人",),
            cell("retail.legal_representative"),
            required=True,
        ),
        Column(
            "identity_no", ("身份证号",), cell("retail.identity_no"), required=True, sealed=True
        ),
        Column("mobile", ("联系电话", "移动电话"), cell("customer.mobile"), required=True),
        Column("order_mode", ("订货方式",), line(40)),
        Column("settlement_mode", ("结算方式",), line(40)),
        Column("customer_level", ("客户级别",), line(40)),
        Column("delivery_route", ("送货线路",), line(40)),
        Column("market_type", ("市场类型",), line(40)),
        Column("business_format", ("业态",), line(40)),
        Column("order_cycle", ("订货周期",), line(40)),
        Column("bank", ("开户银行",), line(60)),
        Column("account_no", ("扣款账号",), _account, sealed=True),
        Column("officer", ("专管员",), line(60), required=True),
        Column("manager", ("客户经理",), line(60), required=True),
    )

    def checker(
        self,
        organisation: Department,
        people: Mapping[str, Sequence[Listed]],
        by: User | None = None,
    ) -> RetailChecker:
        return RetailChecker(organisation, people, self.bringer(by))

    def keys(self, draft: Draft) -> Iterable[Key]:
        licence = draft.values.get("licence_no")
        return [Key("licence_no", licence, "licence_no")] if licence else []

    def new_customer(self, draft: Draft, order: Order) -> NewCustomer:
        values, links = draft.values, draft.links
        province, city = home_city(order.organisation)
        return NewCustomer(
            name=values["store_name"],
            province=province,
            city=city,
            customer_kind=Party.RETAIL,
            lifecycle=Lifecycle.MATURE,
            address=values["business_premises"],
            mobile=values["mobile"],
            legal_representative=values["legal_representative"],
            department=links["officer_home"],
            area=links["officer_home"],
            manager=links["manager"],
            extra=new_extras_of(draft),
            retail=NewRetail(
                licence_no=values["licence_no"],
                licence_valid_to=as_day(values["licence_valid_to"]),
                store_name=values["store_name"],
                business_premises=values["business_premises"],
                legal_representative=values["legal_representative"],
                identity_no=values["identity_no"],
                delivery_route=links.get("delivery_route"),
                delivery_address=values["business_premises"],
                **{name: values.get(name, "") for name in WORDS},
            ),
        )

    def values_of(self, draft: Draft) -> Values:
        """What an office keeps itself: others' fields were only compared at the check."""
        retail = said(draft, ("order_mode",))
        if "delivery_route" in draft.values:
            retail["delivery_route"] = draft.links.get("delivery_route")
        return {"customer": said(draft, ("mobile",)), "retail": retail}

    def after_new(self, rows: Sequence[tuple[Draft, int]], order: Order) -> None:
        accounts = [
            SheetAccount(
                customer=pk,
                bank=draft.values["bank"],
                account_no=draft.values["account_no"],
                holder_name=draft.values["legal_representative"],
            )
            for draft, pk in rows
            if draft.values.get("settlement_mode") == WITHHOLDING and draft.values.get("account_no")
        ]
        bind_from_sheet(
            accounts=accounts, by=order.by, confirmed_by=order.released_by, form=order.number
        )


def as_day(value: Any) -> date:
    """A day as staged (text) or as read."""
    return value if isinstance(value, date) else date.fromisoformat(str(value))


RETAILERS: Final = RetailKind()
