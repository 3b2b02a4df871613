"""Unsaved rows of a new archive from typed data: checked, folded, placed, sealed.

One row or a hundred thousand take the same way through here, so that the two services of
`register` cannot differ in what they accept (D13).
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from crm.core.models import Region
from crm.core.sealed import seal
from crm.core.text import CheckFailed
from crm.identity.access import Cell, rights_of
from crm.identity.choices import Profile, Scope
from crm.identity.models import Department, Post, User
from customers.choices import CustomerKind, CustomerPerm, CustomerStatus
from customers.errors import NotManager
from customers.models import (
    Contact,
    Customer,
    CustomerAlias,
    CustomerAttributes,
    RepairProfile,
    RetailProfile,
)
from customers.selectors.attributes import attribute_checks
from customers.selectors.duplicates import StrongKeys
from customers.services._assignments import department_of, ensure_manager, manager_post
from customers.services._names import set_name
from customers.values import (
    NewAlias,
    NewContact,
    NewCustomer,
    NewRepair,
    NewRetail,
    as_values,
    cleaned,
)
from logistics.selectors import Carriers, carriers_of

_PARTS = ("contacts", "aliases", "retail", "repair", "extra", "department", "area", "manager")
_REGIONS = ("province", "city", "region")


class Directory:
    """What the rows of one intake refer to, each asked for once: regions, posts, departments."""

    def __init__(self, organisation: Department, by: User) -> None:
        self.organisation = organisation
        self.by = by
        self.own_post = manager_post(organisation.pk, by.pk)
        self.cells: list[Cell] = rights_of(by, CustomerPerm.CREATE)
        self._regions: dict[str, Region | None] = {}
        self._posts: dict[int, Post] = {}
        self._departments: dict[tuple[int, str], Department] = {}
        self._checks: dict[str, dict[str, Callable[[Any], Any]]] = {}

    @cached_property
    def carriers(self) -> Carriers:
        """The organisation's logistics firms by name."""
        return carriers_of(self.organisation.pk)

    @property
    def registers_own(self) -> bool:
        """A manager who may create for himself only (R-17)."""
        own_only = all(cell.scope is Scope.OWN for cell in self.cells)
        return self.own_post is not None and own_only

    @property
    def own_area(self) -> Department | None:
        """The squad or area of somebody who may register only there."""
        areas = [cell.department_id for cell in self.cells if cell.scope is Scope.AREA]
        if not areas or len(areas) != len(self.cells):
            return None
        return self.department(areas[0], "area")

    def attribute_checks(self, row: Customer) -> dict[str, Callable[[Any], Any]]:
        """The checks of the free attributes kept of customers of that kind."""
        if row.customer_kind not in self._checks:
            self._checks[row.customer_kind] = attribute_checks(row)
        return self._checks[row.customer_kind]

    def region(self, code: str) -> Region | None:
        """A division in force."""
        if code not in self._regions:
            found = Region.objects.filter(pk=code, valid_to__isnull=True).first() if code else None
            self._regions[code] = found
        return self._regions[code]

    def manager(self, key: int) -> Post:
        """The post of a manager. Raises NotManager."""
        if key not in self._posts:
            self._posts[key] = ensure_manager(self.organisation.pk, key)
        return self._posts[key]

    def department(self, key: int | None, field: str) -> Department | None:
        """A live department of the organisation, None for none. Raises ValidationError."""
        if key is None:
            return None
        if (key, field) not in self._departments:
            found = department_of(self.organisation.pk, key, field)
            if found is None:
                return None
            self._departments[key, field] = found
        return self._departments[key, field]


def new_row(data: NewCustomer, directory: Directory) -> Customer:
    """An unsaved customer without its code. Raises ValidationError, NotManager."""
    values = as_values(data)
    for name in (*_PARTS, *_REGIONS):
        values.pop(name)
    values = cleaned("customer", values)
    name = values.pop("name")
    organisation = directory.organisation
    if organisation.profile == Profile.REPAIR and data.customer_kind != CustomerKind.ORGANISATION:
        raise ValidationError({"customer_kind": _("只为企业法人建档，不为个人单独建档")})
    if data.status not in (CustomerStatus.NORMAL, CustomerStatus.PENDING):
        raise ValidationError({"status": _("新建档案的状态只能是正常或未启用")})
    is_normal = data.status == CustomerStatus.NORMAL
    row = Customer(
        organisation=organisation,
        unique_name=organisation.profile == Profile.REPAIR,
        may_order=is_normal,
        entered_on=timezone.localdate() if is_normal else None,
        created_by=directory.by,
        **values,
    )
    set_name(row, name)
    _set_regions(row, data, directory)
    _place(row, data, directory)
    return row


def _set_regions(row: Customer, data: NewCustomer, directory: Directory) -> None:
    """Province, city and county that lie in each other and are in force (R-22)."""
    province, city = directory.region(data.province), directory.region(data.city)
    if province is None or province.level != 1:
        raise ValidationError({"province": _("请从列表中选择省份")})
    if city is None or city.level != 2 or city.parent_id != province.code:
        raise ValidationError({"city": _("请选择该省份下的地市")})
    region = directory.region(data.region)
    if data.region and (region is None or region.parent_id != city.code):
        raise ValidationError({"region": _("请选择该地市下的区县")})
    row.province, row.city, row.region = province, city, region


def _place(row: Customer, data: NewCustomer, directory: Directory) -> None:
    """Manager, department and area: a registering manager takes his customer himself (R-17)."""
    by, post = directory.by, directory.own_post
    if directory.registers_own:
        if data.manager not in (None, by.pk):
            raise NotManager(_("客户经理新建档案时由本人负责"), field="manager")
        row.manager = by
    elif data.manager is not None:
        post = directory.manager(data.manager)
        row.manager = post.user
    else:
        row.manager = by if post is not None else None
    home = directory.department(data.department, "department")
    default = by.department or directory.organisation if post is None else post.department
    row.department = home or default
    row.area = directory.department(data.area, "area") or directory.own_area


def strong_keys(row: Customer, data: NewCustomer) -> StrongKeys:
    """What makes this customer the same as another one (R-23, B-14)."""
    licence = cleaned("retail", {"licence_no": data.retail.licence_no}) if data.retail else {}
    return StrongKeys(
        credit_code=row.credit_code,
        licence_no=licence.get("licence_no", ""),
        name=row.name if row.unique_name else "",
    )


def new_retail(row: Customer, data: NewRetail) -> RetailProfile:
    """An unsaved retail record, its identity number sealed. Raises ValidationError."""
    values = cleaned("retail", as_values(data) | {"store_name": data.store_name or row.name})
    clear = values.pop("identity_no")
    values["delivery_route_id"] = values.pop("delivery_route")
    profile = RetailProfile(customer=row, organisation_id=row.organisation_id, **values)
    seal(profile, "identity_no", clear)
    return profile


def new_repair(row: Customer, data: NewRepair, directory: Directory) -> RepairProfile:
    """An unsaved record of the repair business, pointing at its carrier (R-49).

    Raises ValidationError.
    """
    values = cleaned("repair", as_values(data))
    named = directory.carriers.find(values["logistics_name"], city=row.city.name)
    values["logistics_firm_id"] = values.pop("logistics_firm") or named
    return RepairProfile(customer=row, **values)


def new_contact(row: Customer, data: NewContact) -> Contact:
    """An unsaved contact, its identity number sealed. Raises ValidationError."""
    values = cleaned("contact", as_values(data))
    clear = values.pop("identity_no")
    contact = Contact(customer=row, **values)
    seal(contact, "identity_no", clear)
    return contact


def new_alias(row: Customer, data: NewAlias) -> CustomerAlias:
    """An unsaved foreign code."""
    return CustomerAlias(customer=row, organisation_id=row.organisation_id, **as_values(data))


def new_extra(row: Customer, data: NewCustomer, directory: Directory) -> CustomerAttributes:
    """Unsaved free attributes, each checked by its definition. Raises ValidationError (B-26)."""
    checks = directory.attribute_checks(row)
    content: dict[str, Any] = {}
    wrong: dict[str, ValidationError] = {}
    for code, value in data.extra.items():
        check = checks.get(code)
        try:
            if check is None:
                raise CheckFailed("unknown", _("没有定义此扩展属性"))
            content[code] = check(value)
        except CheckFailed as problem:
            wrong[f"extra.{code}"] = ValidationError(problem.message, code=problem.code)
    if wrong:
        raise ValidationError(dict(wrong))
    kept = {code: value for code, value in content.items() if value is not None}
    return CustomerAttributes(customer=row, content=kept)


def parts_of(row: Customer, data: NewCustomer, directory: Directory) -> list[Any]:
    """Every governed record that hangs on a new customer, unsaved, in writing order."""
    found: list[Any] = []
    if data.retail is not None:
        found.append(new_retail(row, data.retail))
    if data.repair is not None:
        found.append(new_repair(row, data.repair, directory))
    if data.extra:
        found.append(new_extra(row, data, directory))
    return found + [new_contact(row, person) for person in data.contacts]
