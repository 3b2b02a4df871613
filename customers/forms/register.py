"""The form that opens an archive, in the sections of document 001 (R-20 to R-33)."""

from typing import Any, Final

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.core.selectors import dictionary
from crm.identity.access import rights_of
from crm.identity.choices import Duty, Profile, Scope, Sex
from crm.identity.models import User
from crm.identity.selectors import holders_of
from customers.choices import (
    CustomerKind,
    CustomerPerm,
    CustomerType,
    Lifecycle,
    TemporalClass,
    UnitLayer,
)
from customers.forms.fields import RegionFields, cell, choice, pick
from customers.selectors.duplicates import Typed
from customers.values import NewContact, NewCustomer, NewRepair

_DUPLICATES: Final = {
    "data-duplicates-url": reverse_lazy("customers:duplicates"),
    "data-duplicates-target": "#duplicates",
}
_CONTACT: Final = (
    "name",
    "position",
    "sex",
    "age",
    "office_phone",
    "mobile",
    "fax",
    "email",
)
_REPAIR: Final = ("unit_layer", "main_business", "logistics_name", "taxpayer_no")
_CUSTOMER: Final = (
    "name",
    "short_name",
    "customer_type",
    "temporal_class",
    "lifecycle",
    "credit_code",
    "legal_representative",
    "industry",
    "address",
    "postcode",
    "phone",
    "mobile",
    "email",
    "source_channel",
    "document_format",
    "remark",
)


class RegisterForm(RegionFields):
    """What both kinds of organisation fill; their own parts are added by profile."""

    name = cell("customer.name", label=_("客户名称"), required=True)
    short_name = cell("customer.short_name")
    customer_type = choice(
        CustomerType.choices, label=_("客户类型"), required=True, initial=CustomerType.TRADITIONAL
    )
    temporal_class = choice(
        TemporalClass.choices, label=_("客户时态"), required=True, initial=TemporalClass.CURRENT
    )
    lifecycle = choice(Lifecycle.choices, label=_("生命周期"), required=True, initial=Lifecycle.NEW)
    customer_class = choice((), label=_("客户分类"))
    credit_code = cell("customer.credit_code", help_text=_("18 位，不含字母 I、O、S、V、Z"))
    legal_representative = cell("customer.legal_representative")
    industry = cell("customer.industry")
    address = cell("customer.address")
    postcode = cell("customer.postcode", help_text=_("6 位数字"))
    phone = cell("customer.phone", help_text=_("例如 029-88888888-802"))
    mobile = cell("customer.mobile")
    email = cell("customer.email")
    source_channel = cell("customer.source_channel")
    document_format = choice((), label=_("单据格式"), required=True, initial="standard")
    remark = cell("customer.remark")
    manager = choice((), label=_("客户经理"))

    contact_name = cell("contact.name", label=_("姓名"))
    contact_position = cell("contact.position")
    contact_sex = choice(Sex.choices, label=_("性别"))
    contact_age = cell("contact.age", max_length=10)
    contact_office_phone = cell("contact.office_phone")
    contact_mobile = cell("contact.mobile")
    contact_fax = cell("contact.fax")
    contact_email = cell("contact.email")

    basics: tuple[str, ...] = (
        "province",
        "city",
        "name",
        "short_name",
        "customer_type",
        "temporal_class",
        "customer_class",
        "lifecycle",
        "credit_code",
        "legal_representative",
        "industry",
        "address",
        "postcode",
        "phone",
        "mobile",
        "email",
        "source_channel",
    )
    parts: tuple[tuple[Any, tuple[str, ...]], ...] = ()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        home = user.organisation_id or 0
        for name in ("customer_class", "document_format"):
            words = dictionary(name, organisation_id=home)
            self.fields[name].choices = pick(words)  # type: ignore[attr-defined]
        self._set_managers(user, home)
        for name in ("name", "credit_code", "phone", "mobile"):
            self.fields[name].widget.attrs |= _DUPLICATES

    def _set_managers(self, user: User, home: int) -> None:
        """A manager takes his customer himself; others may name one (R-17)."""
        if all(cell.scope is Scope.OWN for cell in rights_of(user, CustomerPerm.CREATE)):
            del self.fields["manager"]
            return
        people = holders_of(Duty.AM, organisation_id=home).values_list("pk", "name")
        self.fields["manager"].choices = pick(list(people))  # type: ignore[attr-defined]

    @property
    def sections(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        """The parts of the paper form, fields in its order."""
        contact = tuple(f"contact_{name}" for name in _CONTACT)
        last = [name for name in ("document_format", "manager", "remark") if name in self.fields]
        return (
            (_("基本信息"), self.basics),
            (_("客户联系人"), contact),
            *self.parts,
            (_("其他"), tuple(last)),
        )

    def clean(self) -> dict[str, Any]:
        """A contact needs his name before anything else of him is kept."""
        data = super().clean() or {}
        rest = [f"contact_{name}" for name in _CONTACT if name != "name"]
        if any(data.get(name) for name in rest) and not data.get("contact_name"):
            self.add_error("contact_name", _("请填写联系人姓名"))
        return data

    def typed(self) -> Typed:
        """What the duplicate check looks at, whether the rest is right or not."""
        sent = self.data.get
        return Typed(
            name=sent("name", "").strip(),
            credit_code=sent("credit_code", ""),
            phone=sent("phone", ""),
            mobile=sent("mobile", ""),
        )

    def customer(self) -> NewCustomer:
        """The customer with its primary contact and its profile's part."""
        data = self.cleaned_data
        return NewCustomer(
            province=data["province"],
            city=data["city"],
            customer_kind=data.get("customer_kind", CustomerKind.ORGANISATION),
            customer_class=data["customer_class"],
            manager=int(data["manager"]) if data.get("manager") else None,
            contacts=self._contacts(),
            repair=self._repair(),
            **{name: data[name] for name in _CUSTOMER},
        )

    def _contacts(self) -> tuple[NewContact, ...]:
        data = self.cleaned_data
        if not data["contact_name"]:
            return ()
        values = {name: data[f"contact_{name}"] for name in _CONTACT}
        return (NewContact(**values | {"age": values["age"] or None}, is_primary=True),)

    def _repair(self) -> NewRepair | None:
        return None


class RepairRegisterForm(RegisterForm):
    """Document 001: only legal persons, with their repair and logistics facts."""

    unit_layer = choice(UnitLayer.choices, label=_("单位层级"))
    main_business = cell("repair.main_business")
    logistics_name = cell("repair.logistics_name")
    taxpayer_no = cell("repair.taxpayer_no")

    parts = (
        (_("维修业务"), ("unit_layer", "main_business", "taxpayer_no")),
        (_("物流公司"), ("logistics_name",)),
    )

    def _repair(self) -> NewRepair:
        return NewRepair(**{name: self.cleaned_data[name] for name in _REPAIR})


class BossRegisterForm(RegisterForm):
    """The operator's customers may be persons, families or organisations."""

    customer_kind = choice(
        [pair for pair in CustomerKind.choices if pair[0] != CustomerKind.RETAIL],
        label=_("客户性质"),
        required=True,
        initial=CustomerKind.PERSON,
    )
    basics = ("customer_kind", *RegisterForm.basics)


FORMS: Final[dict[str, type[RegisterForm]]] = {
    Profile.REPAIR: RepairRegisterForm,
    Profile.BOSS: BossRegisterForm,
}
"""Which form opens an archive. A tobacco bureau has none: its retailers enter by the registration
form of document 000."""
