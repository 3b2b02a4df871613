"""Run inside an installation of our own: schema, reference data, people, forms to be signed."""

import itertools
import json
import sys

import django
from django.core.management import call_command

from crm.launch import prepare

prepare("owner")
django.setup()

from crm.approvals.models import Round, Step  # noqa: E402  (Django is set up above)
from crm.identity.choices import (  # noqa: E402
    DepartmentKind,
    Duty,
    Profile,
    SourceSystem,
    UserKind,
)
from crm.identity.tests.factories import (  # noqa: E402
    ApiClientFactory,
    DepartmentFactory,
    OrganisationFactory,
    UserFactory,
)
from crm.outbox.tests.factories import endpoint_of  # noqa: E402
from customers.services.register import register_customer  # noqa: E402
from customers.values import NewCustomer  # noqa: E402
from onboarding.services import registration  # noqa: E402
from onboarding.tests.factories import Town  # noqa: E402

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
people = itertools.count(1)


def main(words):
    """Facts in, facts out, both as JSON."""
    facts = json.loads(words[0])
    for name in ("migrate", "load_reference"):
        call_command(name, verbosity=0)
    town = Town()
    told = {
        "organisation": town.organisation.pk,
        "licence_head": town.licence_head.username,
        "steps": [step_of(town) for _form in range(facts.get("forms", 0))],
        "secrets": {},
    }
    for system, url in facts.get("receivers", {}).items():
        _row, told["secrets"][system] = endpoint_of(
            town.organisation, url, by=town.manager, system=SourceSystem(system), timeout=2
        )
    sys.stdout.write(json.dumps(told | company()) + "\n")


def identity():
    """Another person's number each time: one has one form at a time."""
    serial = next(people)
    first = f"610602{1950 + serial // 1000}0102{serial % 1000:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(first, WEIGHTS, strict=True))
    return first + "10X98765432"[total % 11]


def step_of(town):
    """A form that waits for the head of licensing; her yes goes to ZM."""
    form = town.start(identity_no=identity())
    registration.submit_licence_block(form=form, by=town.officer)
    town.sign(form, Duty.SL, town.squad_leader)
    form.refresh_from_db()
    step = Step.objects.get(case=form.licence_case, duty=Duty.LH)
    return {"pk": step.pk, "digest": Round.objects.get(case=form.licence_case).digest}


def company():
    """A repair company: a manager with a customer, and an outside system with a token."""
    home = OrganisationFactory(profile=Profile.REPAIR)
    market = DepartmentFactory(parent=home, kind=DepartmentKind.MARKET)
    manager = UserFactory(duty=Duty.AM, department=market, name="李经理")
    client = ApiClientFactory(
        user=UserFactory(kind=UserKind.SYSTEM, department=home),
        scopes=["customer.v", "customer.c", "customer.h", "contact.v", "events.v"],
    )
    data = NewCustomer(name="西安第一机械厂", province="610000", city="610100")
    customer = register_customer(organisation=home, data=data, by=manager)
    return {
        "manager": manager.username,
        "token": client.clear_token,
        "customer": customer.pk,
        "code": customer.code,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
