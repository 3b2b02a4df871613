"""One world and everybody in it: the fixed personas of trust 4.1, the same for every route.

`World.arguments` gives each route an object in sight of its natural owner, so that a test can ask
what everybody else gets there.
"""

from allauth.mfa.models import Authenticator

from archive.services.files import freeze_print
from crm.approvals.models import Step
from crm.identity.choices import DepartmentKind, Duty, ListName, Profile, UserKind
from crm.identity.models import SavedView
from crm.identity.tests.factories import (
    AccountManagerFactory,
    ApiClientFactory,
    DepartmentFactory,
    OrganisationFactory,
    UserFactory,
)
from crm.imports.models import ImportBatch
from customers.choices import ContactRole, CustomerKind, UnitLayer
from customers.tests.factories import (
    ContactFactory,
    ContactRelationFactory,
    CustomerFactory,
    MembershipFactory,
    RepairProfileFactory,
    UnitLinkFactory,
)
from customers.tests.factories_boss import (
    BillingAccountFactory,
    CertificateFactory,
    ExternalAccountFactory,
    ListEntryFactory,
    PartyLinkFactory,
    SubscriptionFactory,
)
from logistics.tests.factories import HeadOfficeFactory
from onboarding.tests.factories import Town

REPAIR_DUTIES = (Duty.MC, Duty.MVP, Duty.GM, Duty.FIN, Duty.TM, Duty.ARC)
IMPORT_PAGES = (
    "batch",
    "map",
    "mend",
    "submit",
    "release",
    "return",
    "progress",
    "cancel",
    "resume",
    "undo",
    "errors",
)
NOBODY = 987_654_321
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class World:
    """A tobacco bureau, a repair company, three administrators, outside systems."""

    def __init__(self):
        self.town = Town()
        self.repair = OrganisationFactory(profile=Profile.REPAIR)
        self.market = DepartmentFactory(parent=self.repair, kind=DepartmentKind.MARKET)
        DepartmentFactory(parent=self.repair, kind=DepartmentKind.OFFICE)
        self.people = self._tobacco_people() | self._repair_people() | self._administrators()
        self._operator()
        self.customer = CustomerFactory(
            department=self.market, manager=self.people["repair_manager"], name="西安瑞吉测试客户"
        )
        RepairProfileFactory(customer=self.customer, unit_layer=UnitLayer.PROVINCE)
        self._tie_customers()
        self.contact = ContactFactory(customer=self.customer)
        self.form = self.town.in_review()
        self.firm = HeadOfficeFactory(organisation=self.repair)
        self.card = AccountManagerFactory(user=self.people["repair_manager"])
        self.view = SavedView.objects.create(
            owner=self.people["repair_manager"],
            list_name=ListName.CUSTOMERS,
            title="我的",
            query="status=normal",
        )
        self.file = freeze_print(
            title="归档",
            pdf=PDF,
            customer=self.customer,
            case_number="",
            by=self.people["repair_manager"],
        )
        self.system = self._client()
        self.people["inactive"] = UserFactory(duty=Duty.AM, department=self.market)
        self.batch = ImportBatch.objects.create(
            organisation=self.repair,
            kind="operators",
            file_name="客户.xlsx",
            sha256="0" * 64,
            status="checked",
            created_by=self.people["repair_arc"],
        )
        self.step = Step.objects.get(case=self.form.sales_case, duty=Duty.CSC)

    def _tobacco_people(self):
        town = self.town
        order_centre = town.department(DepartmentKind.ORDER_CENTRE)
        return {
            "manager": town.manager,
            "colleague": town.colleague,
            "officer": town.officer,
            "squad_leader": town.squad_leader,
            "monopoly_head": town.licence_head,
            "licensing": town.licensing,
            "service": town.service,
            "delivery": town.delivery,
            "network": town.network,
            "deputy": town.deputy,
            "order_centre": town.person(Duty.OC, order_centre, "订单员"),
        }

    def _repair_people(self):
        people = {
            f"repair_{duty.lower()}": UserFactory(duty=duty, department=self.market)
            for duty in REPAIR_DUTIES
        }
        people["repair_manager"] = UserFactory(duty=Duty.AM, department=self.market)
        people["repair_colleague"] = UserFactory(duty=Duty.AM, department=self.market)
        people["no_post"] = UserFactory(department=self.market)
        return people

    def _operator(self):
        """A cable operator with a counter, a keeper and one customer with everything."""
        self.boss = OrganisationFactory(profile=Profile.BOSS)
        hall = DepartmentFactory(parent=self.boss, kind=DepartmentKind.OFFICE)
        self.people["counter"] = UserFactory(duty=Duty.REP, department=hall)
        self.people["cable_keeper"] = UserFactory(duty=Duty.ARC, department=hall)
        served = CustomerFactory(department=hall, area=hall, customer_kind="person", name="黄娟")
        account = BillingAccountFactory(customer=served)
        self.served = {
            "customer": served.pk,
            "account": account.pk,
            "user": SubscriptionFactory(account=account).pk,
            "certificate": CertificateFactory(customer=served).pk,
            "listed": ListEntryFactory(customer=served).pk,
            "external": ExternalAccountFactory(account=account).pk,
            "party": PartyLinkFactory(customer=served).pk,
        }

    def _operated(self, route):
        """The row of the operator that a route of document 002 is about."""
        of_customer = ("users", "user-open", "accounts", "account-open", "listed", "listed-add")
        of_customer += ("certificates", "certificate-add", "party", "party-join")
        name = route.removeprefix("customers:")
        if name in of_customer or route == "archive:certificate-scans":
            return {"pk": self.served["customer"]}
        if name in ("external-add", "archive:scan-link"):
            return {"pk": self.served["account" if name == "external-add" else "certificate"]}
        kind = name.partition("-")[0]
        if kind in self.served and kind != "customer":
            return {"pk": self.served[kind]} | ({"field": "number"} if "reveal" in name else {})
        return {}

    def _administrators(self):
        people = {
            duty.lower(): UserFactory(duty=duty, department=self.repair)
            for duty in (Duty.SYS, Duty.SEC, Duty.AUD)
        }
        for person in people.values():
            # Without their second factor they would see the set-up page only.
            Authenticator.objects.create(
                user=person, type=Authenticator.Type.TOTP, data={"secret": "x"}
            )
        return people

    def _tie_customers(self):
        """A unit below the customer, a member of its group, two key persons who know each other."""
        own = {"department": self.market, "manager": self.people["repair_manager"]}
        below = CustomerFactory(name="西安瑞吉下属测试单位", **own)
        RepairProfileFactory(customer=below, unit_layer=UnitLayer.CITY)
        self.link = UnitLinkFactory(child=below, parent=self.customer)
        self.member = CustomerFactory(name="测试成员", customer_kind=CustomerKind.PERSON, **own)
        self.membership = MembershipFactory(group=self.customer, member=self.member)
        people = [
            ContactFactory(customer=self.customer, name=name, role=ContactRole.KEY)
            for name in ("邵秉文", "倪晓岚")
        ]
        self.key_person = people[0]
        self.relation = ContactRelationFactory(person=people[0], other=people[1])

    def _client(self):
        """An API client of the repair company that may read and write customers."""
        return ApiClientFactory(
            user=UserFactory(kind=UserKind.SYSTEM, department=self.repair),
            scopes=["customer.v", "customer.c", "customer.p", "customer.h", "contact.v", "unit.v"],
        )

    def arguments(self, route):
        """What stands in the address of a route: an object its natural owner sees."""
        held = {
            "pk": self.customer.pk,
            "code": self.customer.code,
            "number": self.form.number,
            "province": "610000",
            "form": "customer-register",
            "subject": "new",
            "task": "survey",
            "public_id": self.file.public_id,
            "rest": "nothing/here/",
            "key": "none",
            "field": "mobile",
            "way": "next",
            "list_name": "customers",
            "contact": self.contact.pk,
            "contact_pk": self.contact.pk,
            "relation": NOBODY,
        }
        special = {
            "identity:view": {"pk": self.view.pk},
            "identity:view-edit": {"pk": self.view.pk},
            "identity:view-drop": {"pk": self.view.pk},
            "customers:contact-edit": {"pk": self.contact.pk},
            "customers:contact-end": {"pk": self.contact.pk},
            "customers:contact-primary": {"pk": self.contact.pk},
            "customers:contact-reveal": {"pk": self.contact.pk},
            "customers:binding-reveal": {"pk": NOBODY},
            "customers:conflict-decide": {"pk": NOBODY},
            "customers:person-disable": {"pk": NOBODY},
            "customers:unit-move": {"pk": self.link.pk},
            "customers:unit-end": {"pk": self.link.pk},
            "customers:groups": {"pk": self.member.pk},
            "customers:member-edit": {"pk": self.membership.pk},
            "customers:member-leave": {"pk": self.membership.pk},
            "customers:relate": {"pk": self.key_person.pk},
            "customers:relation-end": {"pk": self.relation.pk},
            "archive:scan-unlink": {"pk": NOBODY},
            "api-unit": {"pk": self.link.pk},
            "api-unit-end": {"pk": self.link.pk},
            "api-member": {"pk": self.membership.pk},
            "api-member-end": {"pk": self.membership.pk},
            "logistics:firm-office": {"pk": self.firm.pk},
            "onboarding:sign": {"pk": self.step.pk},
            "approvals:step": {"pk": self.step.pk},
            "api-decide": {"pk": self.step.pk},
            "logistics:firm": {"pk": self.firm.pk},
            "logistics:firm-edit": {"pk": self.firm.pk},
            "logistics:branch-add": {"pk": self.firm.pk},
            "logistics:route": {"pk": self.town.route.pk},
            "logistics:route-edit": {"pk": self.town.route.pk},
            "identity:manager": {"pk": self.card.pk},
            "identity:manager-edit": {"pk": self.card.pk},
            "identity:person": {"pk": self.people["no_post"].pk},
            "identity:person-edit": {"pk": self.people["no_post"].pk},
            "approvals:case": {"number": self.form.sales_case.number},
            "imports:upload": {"kind": "operators"},
            **{f"imports:{name}": {"pk": self.batch.pk} for name in IMPORT_PAGES},
        }
        if not route.startswith(("customers:", "archive:")):
            held["pk"] = NOBODY  # never a chance hit of another table's running number
        return held | self._operated(route) | special.get(route, {})
