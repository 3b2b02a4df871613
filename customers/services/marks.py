"""What rooms above write down about a customer: lights, open forms, timeline."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import NotFound
from crm.core.history import insert_checked
from crm.identity.choices import UserKind
from crm.identity.models import User
from customers.choices import Light, LightSystem, TimelineKind
from customers.errors import NotByOwnHand
from customers.models import Customer, OpenForm, SystemState, TimelineEntry


@transaction.atomic
def set_light(
    *,
    customer: Customer,
    system: LightSystem,
    state: Light,
    by: User,
    value: str = "",
    message_id: str = "",
    at: datetime | None = None,
) -> SystemState:
    """Write what an outside system says of a customer; older news never overwrites newer.

    Green comes from the system itself, with the number of its message: not from our own people.
    Raises NotByOwnHand. Rules: domain 6.3, 5.2 (2).
    """
    if state == Light.OK and (by.kind != UserKind.SYSTEM or not message_id):
        raise NotByOwnHand(_("没有对方系统的回执，不能标为已确认"))
    moment = at or timezone.now()
    Customer.objects.select_for_update().only("pk").get(pk=customer.pk)
    light, created = SystemState.objects.get_or_create(
        customer=customer,
        system=system,
        defaults={"state": state, "value": value, "at": moment, "message_id": message_id},
    )
    if not created and light.at <= moment:
        light.state, light.value = state, value
        light.at, light.message_id = moment, message_id
        light.save(update_fields=["state", "value", "at", "message_id"])
    return light


@transaction.atomic
def open_form_note(
    *, customer: Customer, kind: str, number: str, title: str, by: User, url: str = ""
) -> OpenForm:
    """Note in the customer's head that a form is under way: one of a kind at a time.

    Raises ValidationError with the constraint's sentence. Rules: domain 5.1 (1), 5.3 (1), T-13.
    """
    Customer.objects.select_for_update().only("pk").get(pk=customer.pk)
    note = OpenForm(customer=customer, kind=kind, number=number, title=title, url=url)
    insert_checked(note)
    add_timeline(
        customer=customer,
        kind=TimelineKind.FORM_OPENED,
        values={"form": number, "title": title},
        by=by,
        url=url,
    )
    return note


@transaction.atomic
def move_form_note(*, number: str, stage: str) -> None:
    """Say at which stage the form stands. Raises NotFound. Rules: UX-41."""
    if not OpenForm.objects.filter(number=number).update(stage=stage):
        raise NotFound


@transaction.atomic
def close_form_note(*, number: str) -> None:
    """Take the form out of the customer's head; the note stays. Raises NotFound. Rules: T-12."""
    if not OpenForm.objects.filter(number=number).update(closed_at=timezone.now()):
        raise NotFound


@transaction.atomic
def add_timeline(
    *,
    customer: Customer,
    kind: TimelineKind,
    by: User,
    values: Mapping[str, Any] | None = None,
    url: str = "",
) -> TimelineEntry:
    """Add one event to the customer's timeline; it is worded when read.

    `values` hold codes, numbers and names of fields, never personal data. Rules: B-47, D5.
    """
    return TimelineEntry.objects.create(
        customer=customer, kind=kind, by=by, values=dict(values or {}), url=url
    )
