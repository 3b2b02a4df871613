"""三层电信运营商 from a workbook: group, province and city units of the repair company (R-40)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.models import Region
from crm.core.search import loose_key, strict_key
from crm.identity.choices import Duty, Profile, Sex
from crm.identity.models import Department, User
from crm.imports.kinds import Checker, Column, Draft, Key, Listed, Order, Outcome, Problem
from customers.choices import CustomerKind as Party
from customers.choices import CustomerPerm, CustomerType, UnitLayer
from customers.importing.attributes import new_extras_of
from customers.importing.base import CustomerKind, Values, primary_contacts, said
from customers.importing.bringers import Bringer
from customers.importing.cells import Words, cell, choice, line
from customers.importing.parents import hang_units, kept, links_of
from customers.importing.people import People
from customers.models import Customer
from customers.services.sheets import renew_contact
from customers.values import NewContact, NewCustomer, NewRepair
from logistics.selectors import firm_words

key_of = lru_cache(maxsize=20_000)(strict_key)
"""The check asks the key of a name six times a row, all within one chunk."""
LAYERS: Final = {
    "集团公司": UnitLayer.GROUP,
    "省分公司": UnitLayer.PROVINCE,
    "地市分公司": UnitLayer.CITY,
}
STAGES: Final = {layer: stage for stage, layer in enumerate(LAYERS.values())}
ABOVE: Final = {UnitLayer.CITY: UnitLayer.PROVINCE, UnitLayer.PROVINCE: UnitLayer.GROUP}
TYPES: Final = {"网上客户": CustomerType.ONLINE, "传统客户": CustomerType.TRADITIONAL}
SEXES: Final = {"男": Sex.MALE, "女": Sex.FEMALE}
FORMATS: Final = {"江苏联通专用格式": "jiangsu_unicom"}
Known = tuple[int, int, str, str, str, int | None]
"""Key, version, name, credit code, strict name and manager of an archive that is here."""
_CUSTOMER: Final = (
    *("name", "customer_type", "address", "postcode", "credit_code"),
    *("document_format", "remark"),
)
_REPAIR: Final = ("unit_layer", "logistics_name")
_CONTACT: Final = {
    "contact": "name",
    "position": "position",
    "sex": "sex",
    "age": "age",
    "office_phone": "office_phone",
    "mobile": "mobile",
    "fax": "fax",
    "email": "email",
}


class OperatorChecker(Checker):
    """Places, people, units above, names: what one cell cannot tell."""

    def __init__(
        self, organisation: Department, people: Mapping[str, Sequence[Listed]], bringer: Bringer
    ) -> None:
        self._home = organisation.pk
        self._bringer = bringer
        self._managers = People(organisation, Duty.AM, people)
        self._words = Words({"document_format": "document_format"}, organisation.pk, FORMATS)
        self._firms = firm_words(organisation_id=organisation.pk)
        rows = Region.objects.filter(level__in=(1, 2), valid_to__isnull=True)
        places = list(rows.values_list("name", "level", "parent_id", "code"))
        self._provinces = {name: code for name, level, _up, code in places if level == 1}
        self._cities = {(up, name): code for name, level, up, code in places if level == 2}
        self._loose: dict[str, str] = {}
        self._units: dict[str, tuple[int, str, str]] = {}
        self._wrong: set[str] = set()

    def take(self, drafts: Sequence[Draft]) -> None:
        self._words.meet(drafts)
        for draft in drafts:
            self._place(draft)
            if self._bringer.own_only:
                self._bringer.meet_manager(draft, "manager")
            else:
                self._managers.meet(draft, "manager")
            firm = draft.values.get("logistics_name", "")
            if firm and firm not in self._firms:
                words = _("没有登记这家物流公司，按文字保存；请先导入物流公司")
                draft.doubt("logistics_name", "unknown_firm", words)
        self._know(drafts)
        for draft in drafts:
            self._name(draft)
            self._remember(draft)

    def _place(self, draft: Draft) -> None:
        province, city = draft.values.get("province", ""), draft.values.get("city", "")
        above = self._provinces.get(province)
        if province and above is None:
            draft.refuse("province", "unknown_region", _("没有这个省份，请写行政区划全称"))
        elif city and above and (above, city) not in self._cities:
            draft.refuse("city", "unknown_region", _("该省份下没有这个地市，请写行政区划全称"))
        elif city and above:
            draft.links |= {"province": above, "city": self._cities[above, city]}

    def _know(self, drafts: Sequence[Draft]) -> None:
        """Find the archives the rows mean: by credit code, else by strict name."""
        codes = {v for draft in drafts if (v := draft.values.get("credit_code"))}
        names = {key_of(v)[:300] for draft in drafts if (v := draft.values.get("name"))}
        rows = Customer.objects.living().filter(organisation_id=self._home)
        columns = ("pk", "version", "name", "credit_code", "name_key_strict", "manager_id")
        found = [
            *rows.exclude(credit_code="").filter(credit_code__in=codes).values_list(*columns),
            *rows.filter(unique_name=True, name_key_strict__in=names).values_list(*columns),
        ]
        by_code = {row[3]: row for row in found if row[3]}
        by_name = {row[4]: row for row in found}
        reached = self._bringer.reached({row[0] for row in found})
        for draft in drafts:
            named = by_name.get(key_of(str(draft.values.get("name", "")))[:300])
            coded = by_code.get(draft.values.get("credit_code", ""))
            for row, column in ((coded, "credit_code"), (named, "name")):
                if row is not None and row[0] not in reached:
                    self._bringer.refuse(draft, column)
            if not {row[0] for row in (coded, named) if row is not None} - reached:
                self._mean(draft, coded, named)
        self._keep_parents(drafts)

    def _mean(self, draft: Draft, coded: Known | None, named: Known | None) -> None:
        """Which of the archives it names a row means; both are in his reach."""
        row = coded
        if row is None and named is not None and not (draft.values.get("credit_code") and named[3]):
            row = named
        if named is not None and row is not named:
            words = _("该法定全称已由另一客户使用（统一社会信用代码不同）")
            draft.refuse("name", "name_taken", words)
        if row is not None:
            draft.links |= {"pk": row[0], "version": row[1]}
            self._keep_manager(draft, row[5])

    def _keep_parents(self, drafts: Sequence[Draft]) -> None:
        """A unit that hangs on another one than the file says stays there; the row says so."""
        named = [d for d in drafts if d.values.get("parent") and "pk" in d.links]
        links = links_of(draft.links["pk"] for draft in named)
        for draft in named:
            link = links.get(draft.links["pk"])
            above = key_of(draft.values["parent"])[:300]
            if link is not None and link.parent.name_key_strict != above:
                draft.doubt(*kept(link))

    def _keep_manager(self, draft: Draft, manager: int | None) -> None:
        wanted = draft.links.get("manager")
        if "new_manager" in draft.links or (wanted is not None and wanted != manager):
            words = _("客户经理与档案不同；导入不改变分配，请走分配流程")
            draft.doubt("manager", "manager_kept", words)

    def _name(self, draft: Draft) -> None:
        name = str(draft.values.get("name", ""))
        if not name:
            return
        other = self._loose.setdefault(loose_key(name), name)
        if key_of(other) != key_of(name):
            draft.doubt("name", "similar_name", _("与“%(name)s”相近，请确认") % {"name": other})

    def _remember(self, draft: Draft) -> None:
        values = draft.values
        key = key_of(str(values.get("name", "")))
        if not key:
            return
        if draft.errors:
            self._wrong.add(key)
        else:
            above = key_of(values.get("parent", ""))
            self._units[key] = (draft.number, values.get("unit_layer", ""), above)

    def finish(self) -> Iterator[tuple[int, Problem]]:
        """Units above: in the file or here, right themselves, and one layer up (R-40).

        What hangs on a wrong unit is wrong too, so it goes round until nothing new is found.
        """
        here = self._here()
        bad: dict[str, Problem] = {}
        while True:
            fresh = {
                key: problem
                for key, (_number, layer, above) in self._units.items()
                if key not in bad and above and (problem := self._fault(layer, above, here, bad))
            }
            if not fresh:
                break
            bad |= fresh
        for key, problem in bad.items():
            yield self._units[key][0], problem

    def _fault(
        self, layer: str, above: str, here: Mapping[str, str], bad: Mapping[str, Problem]
    ) -> Problem | None:
        if above in self._units and above not in bad:
            found = self._units[above][1]
        elif above in here:
            found = here[above]
        elif above in self._wrong or above in bad:
            words = _("上级单位所在的行有误，请先改正那一行")
            return Problem("parent", "parent_wrong", words)
        else:
            return Problem("parent", "unknown_parent", _("没有这个上级单位，请核对法定全称"))
        if found and layer and ABOVE.get(UnitLayer(layer)) != found:
            return Problem("parent", "parent_layer", _("上级单位须比本单位高一层"))
        return None

    def _here(self) -> dict[str, str]:
        """Layers of the units above that are here already, by strict name."""
        asked = {above for _number, _layer, above in self._units.values() if above}
        rows = Customer.objects.living().filter(
            organisation_id=self._home, unique_name=True, name_key_strict__in=asked
        )
        found = list(rows.values_list("pk", "name_key_strict", "repair__unit_layer"))
        seen = self._bringer.seen(pk for pk, _name, _layer in found)
        return {name: layer for pk, name, layer in found if pk in seen}


class OperatorKind(CustomerKind):
    """The workbook `operators.xlsx`."""

    code: ClassVar[str] = "operators"
    label: ClassVar[Any] = gettext_lazy("运营商客户")
    profile: ClassVar[str] = Profile.REPAIR
    fieldset: ClassVar[str] = "customers"
    sheet: ClassVar[str] = "客户档案"
    people_sheet: ClassVar[str] = "客户经理"
    takes_own: ClassVar[bool] = True
    party: ClassVar[str] = Party.ORGANISATION
    fields: ClassVar[Mapping[str, str]] = {
        **{name: f"customer.{name}" for name in ("province", "city", *_CUSTOMER)},
        **{name: f"repair.{name}" for name in _REPAIR},
        **{column: f"contact.{name}" for column, name in _CONTACT.items()},
    }
    rights: ClassVar[Mapping[str, CustomerPerm]] = {"parent": CustomerPerm.UNIT_CREATE}
    task: ClassVar[str] = "customers.import_operators"
    duties: ClassVar[Mapping[str, Duty]] = {"manager": Duty.AM}
    columns: tuple[Column, ...] = (
        Column("province", ("省份",), line(60), required=True),
        Column("city", ("地市", "地市区域"), line(60), required=True),
        Column("name", ("客户名称",), cell("customer.name"), required=True),
        Column("credit_code", ("统一社会信用代码",), cell("customer.credit_code")),
        Column("parent", ("上级单位",), line(200)),
        Column("unit_layer", ("单位层级",), choice(LAYERS), required=True),
        Column("customer_type", ("客户类型",), choice(TYPES), required=True),
        Column("address", ("客户地址",), cell("customer.address")),
        Column("postcode", ("邮政编码",), cell("customer.postcode")),
        Column("contact", ("客户联系人",), cell("contact.name"), required=True),
        Column("position", ("职务",), cell("contact.position")),
        Column("sex", ("性别",), choice(SEXES, empty="")),
        Column("age", ("年龄",), cell("contact.age")),
        Column("office_phone", ("办公电话",), cell("contact.office_phone")),
        Column("mobile", ("移动电话",), cell("contact.mobile")),
        Column("fax", ("传真",), cell("contact.fax")),
        Column("email", ("电子邮箱",), cell("contact.email")),
        Column("manager", ("客户经理",), line(60), required=True),
        Column("logistics_name", ("物流公司",), cell("repair.logistics_name")),
        Column("document_format", ("单据格式",), line(40)),
        Column("remark", ("备注",), cell("customer.remark")),
    )

    def checker(
        self,
        organisation: Department,
        people: Mapping[str, Sequence[Listed]],
        by: User | None = None,
    ) -> OperatorChecker:
        return OperatorChecker(organisation, people, self.bringer(by))

    def keys(self, draft: Draft) -> Iterable[Key]:
        if code := draft.values.get("credit_code"):
            yield Key("credit_code", code, "credit_code")
        if name := draft.values.get("name"):
            yield Key("name", key_of(name), "name")

    def stage_of(self, draft: Draft) -> int:
        """Groups before provinces before cities; an undo goes the other way."""
        return STAGES[UnitLayer(draft.values["unit_layer"])]

    def finish(self, drafts: Iterable[Draft], order: Order) -> Iterable[Outcome]:
        """Every unit under the one it names, once all of them are here (R-40, R-42)."""
        return hang_units(drafts, order)

    def new_customer(self, draft: Draft, order: Order) -> NewCustomer:
        values = draft.values
        return NewCustomer(
            name=values["name"],
            province=draft.links["province"],
            city=draft.links["city"],
            customer_type=values["customer_type"],
            address=values.get("address", ""),
            postcode=values.get("postcode", ""),
            credit_code=values.get("credit_code", ""),
            document_format=values.get("document_format") or "standard",
            remark=values.get("remark", ""),
            manager=draft.links["manager"],
            extra=new_extras_of(draft),
            contacts=(NewContact(is_primary=True, **_contact(draft)),),
            repair=NewRepair(
                unit_layer=values["unit_layer"], logistics_name=values.get("logistics_name", "")
            ),
        )

    def values_of(self, draft: Draft) -> Values:
        customer = {name: draft.links[name] for name in ("province", "city")}
        customer |= said(draft, _CUSTOMER)
        if "document_format" in customer:
            customer["document_format"] = customer["document_format"] or "standard"
        return {"customer": customer, "repair": said(draft, _REPAIR)}

    def renew_all(self, rows: Sequence[tuple[Draft, Customer]], order: Order) -> None:
        now = primary_contacts([row.pk for _draft, row in rows])
        for draft, row in rows:
            wanted = _contact(draft)
            known = now.get(row.pk)
            if known is None or any(getattr(known, k) != v for k, v in wanted.items()):
                renew_contact(
                    customer=row,
                    values=wanted,
                    by=order.by,
                    reason=order.reason,
                    form=order.number,
                )


def _contact(draft: Draft) -> dict[str, Any]:
    return {
        name: draft.values[column] for column, name in _CONTACT.items() if column in draft.values
    }


OPERATORS: Final = OperatorKind()
