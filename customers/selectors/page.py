"""The customer page: its head, its tabs, its facts with the way to reveal each (UX-14 to UX-16)."""

from dataclasses import dataclass
from typing import Final

from django.db.models import prefetch_related_objects
from django.urls import reverse

from crm.core.policy import Perm
from crm.identity.choices import Profile
from crm.identity.models import User
from customers.choices import Authority, CustomerPerm, Subject
from customers.formulas import Completeness
from customers.models import BankBinding, Contact, Customer, OpenForm
from customers.selectors.completeness import EVERYBODY, LIVE_CONTACTS, completeness_for
from customers.selectors.dossier import (
    FieldView,
    Mark,
    Reading,
    binding_view,
    dossier_of,
    people_of,
)
from customers.selectors.fields import shown
from customers.selectors.lights import LightShown, notes_of
from customers.selectors.relations import RelationView, relations_of, shows_relations
from customers.selectors.services import HeadMark, PaperView, marks_of, papers_of
from customers.selectors.tabs import TABS, TabCounts, TabLink, has_part, url_of

_AUTHORITIES: Final[dict[str, str]] = {
    Authority.MONOPOLY: "licence",
    Authority.ORDER_CENTRE: "order",
    Authority.LOCAL: "local",
}
_LOOKS: Final[dict[str, str]] = {
    "code": "mono copy",
    "credit_code": "mono copy",
    "licence_no": "mono copy",
    "postcode": "mono",
    "phone": "mono copy",
    "mobile": "mono copy",
    "office_phone": "mono copy",
    "fax": "mono",
    "identity_no": "mono",
    "account_no": "mono",
    "public_no": "mono copy",
    "number": "mono",
    "address": "wide",
    "business_premises": "wide",
    "delivery_address": "wide",
    "no_contract_reason": "wide",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One field as `{% field_value %}` takes it."""

    label: str
    value: str
    look: str
    data_class: str
    authority: str
    mark: Mark | None
    reveal_url: str


@dataclass(frozen=True, slots=True)
class Facts:
    """One part of the archive with its facts."""

    anchor: str
    title: str
    facts: list[Fact]


@dataclass(frozen=True, slots=True)
class Person:
    """One contact with what of it shows, and what the reader may do with it."""

    pk: int
    name: str
    is_primary: bool
    is_live: bool
    role: str
    is_key: bool
    facts: list[Fact]
    relations: list[RelationView]


@dataclass(frozen=True, slots=True)
class Account:
    """One withholding account with what of it shows."""

    pk: int
    title: str
    status: str
    status_label: str
    facts: list[Fact]


@dataclass(frozen=True, slots=True)
class Paper:
    """One certificate with its facts."""

    view: PaperView
    facts: list[Fact]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of every page about one customer; values arrive as the reader may see them."""

    pk: int
    code: str
    name: str
    status: str
    status_label: str
    pills: list[str]
    marks: list[HeadMark]
    manager: str
    department: str
    place: str
    open_forms: list[OpenForm]
    lights: list[LightShown]
    completeness: Completeness | None
    tabs: list[TabLink]
    may_edit: bool
    may_transfer: bool


class Visit:
    """One person's visit to one customer's pages: rights, rules and words are read once.

    Tab pages of other rooms make one too: `Visit(customer, user).head("room:page")` is the `head`
    of their context, `customers/_dossier.html` their template's base.
    """

    def __init__(self, customer: Customer, user: User, *, has_people: bool = False) -> None:
        """`has_people`: the page shows everybody, so the head counts and scores the same rows."""
        self.customer = customer
        self.user = user
        self.contacts: list[Contact] | None = None
        self.counts: dict[str, int] = {}
        if has_people:
            prefetch_related_objects([customer], EVERYBODY)
            self.contacts = list(customer.contacts.all())
        self.reading = Reading(customer, user)
        self.eyes = self.reading.eyes
        self.rules = self.reading.rules

    @property
    def is_shared(self) -> bool:
        """Whether others keep fields of this archive too; else it goes without saying."""
        others = {Authority.MONOPOLY, Authority.ORDER_CENTRE}
        return any(rule.authority in others for rule in self.rules)

    @property
    def is_operated(self) -> bool:
        """Whether an operator keeps this customer: users, accounts and lists belong to those."""
        return self.customer.organisation.profile == Profile.BOSS

    def papers(self) -> list[Paper]:
        """Certificates, live ones first, numbers by their last four (B-55)."""
        return [
            Paper(
                view,
                [
                    self._fact(field, self._reveal(field, "customers:certificate-reveal", view.pk))
                    for field in view.fields
                ],
            )
            for view in papers_of(self.customer, self.reading)
        ]

    def may(self, perm: Perm) -> bool:
        """Whether the person holds the right on this very customer."""
        return self.eyes.may(self.customer, perm)

    def text(self, key: str) -> str:
        """One field of the customer's own row as the person may see it."""
        rule = next((rule for rule in self.rules if rule.key == key), None)
        if rule is None:
            return ""
        return shown(self.customer, rule, self.eyes.on(self.customer).of(rule), {})

    def head(self, active: str) -> Head:
        """What `customers/_dossier.html` shows; `active` is the URL name of the page (UX-14)."""
        row = self.customer
        places = (row.province, row.city, row.region)
        has_lists = self.is_operated and self.may(CustomerPerm.LISTED_VIEW)
        notes = notes_of(row, has_lists=has_lists)
        return Head(
            pk=row.pk,
            code=row.code,
            name=self.text("customer.name"),
            status=row.status,
            status_label=self.text("customer.status"),
            pills=[
                text
                for key in ("customer_kind", "temporal_class", "lifecycle")
                if (text := self.text(f"customer.{key}"))
            ],
            marks=marks_of(row, notes.colours) if self.is_operated else [],
            manager=self.text("customer.manager"),
            department=self.text("customer.department"),
            place=" ".join(place.name for place in places if place is not None),
            open_forms=notes.open_forms,
            lights=notes.lights if row.organisation.profile == Profile.TOBACCO else [],
            completeness=self._completeness(),
            tabs=self._tabs(active),
            may_edit=self.may(CustomerPerm.UPDATE),
            may_transfer=self.may(CustomerPerm.DECIDE),
        )

    def sections(self) -> list[Facts]:
        """The archive in its parts, each fact with the way to its clear value."""
        return [
            Facts(
                part.code,
                part.title,
                [self._fact(field, self._reveal(field)) for field in part.fields],
            )
            for part in dossier_of(self.customer, self.user, self.reading)
        ]

    def people(self) -> list[Person]:
        """Contacts, the primary one first, with what they are to each other (R-26, R-34, B-38)."""
        views = people_of(self.customer, self.user, self.reading, self.contacts)
        known: dict[int, list[RelationView]] = {}
        if self.shows_relations:
            known = relations_of([view.pk for view in views if view.is_key], self.eyes)
        return [
            Person(
                pk=view.pk,
                name=view.name,
                is_primary=view.is_primary,
                is_live=view.is_live,
                role=next((f.value for f in view.fields if f.key == "contact.role"), ""),
                is_key=view.is_key,
                relations=known.get(view.pk, []),
                facts=[
                    self._fact(field, self._reveal(field, "customers:contact-reveal", view.pk))
                    for field in view.fields
                    if field.value and field.key not in _IN_TITLE
                ],
            )
            for view in views
        ]

    @property
    def shows_relations(self) -> bool:
        """Whether the reader sees what key persons are to each other (PM-08)."""
        return shows_relations(self.customer, self.eyes, self.rules)

    def accounts(self) -> list[Account]:
        """Withholding accounts, the live one first, numbers by their last four (T-67)."""
        rows = BankBinding.objects.filter(customer=self.customer).order_by("-pk")
        views = ((row, binding_view(row, self.user, self.reading)) for row in rows)
        return [
            Account(
                pk=row.pk,
                title=next((f.value for f in fields if f.key == "bank.bank"), ""),
                status=row.status,
                status_label=row.get_status_display(),
                facts=[
                    self._fact(field, self._reveal(field, "customers:binding-reveal", row.pk))
                    for field in fields
                    if field.key not in _IN_TITLE
                ],
            )
            for row, fields in views
            if fields
        ]

    def forms(self) -> list[OpenForm]:
        """Every form there ever was about the customer, newest first (T-13)."""
        return list(OpenForm.objects.filter(customer=self.customer).order_by("-opened_at", "-pk"))

    def _completeness(self) -> Completeness | None:
        """The score tells what stands in the archive: only to those who see all of it."""
        if not self.eyes.on(self.customer).is_whole:
            return None
        prefetch_related_objects([self.customer], LIVE_CONTACTS)
        return completeness_for(self.customer, self.rules)

    def _tabs(self, active: str) -> list[TabLink]:
        counts = TabCounts(self.customer, self.eyes, self.counts)
        return [
            TabLink(url, str(tab.label), tab.url_name == active, counts(tab.url_name))
            for tab in TABS
            if (self.is_operated or not tab.is_operated)
            and self.opens(tab.perm)
            and has_part(self.customer, tab.url_name)
            and (url := url_of(tab, self.customer.pk))
        ]

    def opens(self, perm: Perm) -> bool:
        """Whether the tab behind a right has anything for this person."""
        if perm != CustomerPerm.BANK_VIEW:
            return self.may(perm)
        sight = self.eyes.on(self.customer, Subject.BANK)
        is_kept = any(rule.subject == Subject.BANK for rule in self.rules)
        return is_kept and (sight.is_whole or bool(sight.fieldsets))

    def _fact(self, field: FieldView, reveal_url: str) -> Fact:
        return Fact(
            label=field.label,
            value=field.value,
            look=_look(field),
            data_class=field.data_class,
            authority=_AUTHORITIES.get(field.authority, "") if self.is_shared else "",
            mark=field.mark if field.value else None,
            reveal_url=reveal_url,
        )

    def _reveal(
        self, field: FieldView, url_name: str = "customers:reveal", pk: int | None = None
    ) -> str:
        if not field.may_reveal:
            return ""
        name = field.key if pk is None else field.key.partition(".")[2]
        return reverse(url_name, args=[pk or self.customer.pk, name])


def _look(field: FieldView) -> str:
    """How the value stands there; stars are not worth copying (UX-19)."""
    look = _LOOKS.get(field.key.partition(".")[2], "")
    return look.replace(" copy", "") if field.is_masked else look


_IN_TITLE: Final = frozenset(
    {
        "contact.name",
        "contact.is_primary",
        "contact.is_live",
        "contact.role",
        "bank.bank",
        "bank.status",
    }
)
"""Fields that the heading of a person or an account says already."""
