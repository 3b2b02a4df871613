"""What the outside systems last said of a customer (domain 6.3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Now
from django.utils import timezone

from customers.choices import Light, LightSystem
from customers.models import BankBinding, Customer, ListEntry, OpenForm, SystemState

COLOURS: Final = {
    Light.OK: "green",
    Light.WAITING: "amber",
    Light.FAILED: "red",
    Light.UNKNOWN: "grey",
}


@dataclass(frozen=True, slots=True)
class LightShown:
    """One light as the component shows it: colour and words, never colour alone."""

    name: str
    state: str
    text: str
    at: datetime | None = None


def lights_of(customer: Customer) -> list[LightShown]:
    """All systems in their fixed order; one that never spoke is grey."""
    said = {row.system: row for row in SystemState.objects.filter(customer=customer)}
    return [_shown(system, said.get(system)) for system in LightSystem]


@dataclass(frozen=True, slots=True)
class Notes:
    """What the head shows beside the archive: forms under way, lights, colours of lists."""

    open_forms: list[OpenForm]
    lights: list[LightShown]
    colours: frozenset[str]


def notes_of(customer: Customer, *, has_lists: bool = False) -> Notes:
    """Forms under way, oldest first, all lights, lists in force, in one question."""
    forms = OpenForm.objects.filter(customer=customer, closed_at__isnull=True).values_list(
        Value("form"), "number", "title", "stage", "url", "opened_at"
    )
    states = SystemState.objects.filter(customer=customer).values_list(
        Value("light"), "system", "value", "state", Value(""), "at"
    )
    asked: list[QuerySet[Any, Any]] = [states]
    if has_lists:
        entries = ListEntry.objects.in_force(timezone.localdate()).filter(customer=customer)
        colour, blank = Cast("colour", CharField()), Value("")
        asked.append(
            entries.order_by().values_list(Value("list"), colour, blank, blank, blank, Now())
        )
    open_forms, said, colours = [], {}, set()
    for what, key, text, state, url, at in forms.union(*asked, all=True):
        if what == "form":
            open_forms.append(OpenForm(number=key, title=text, stage=state, url=url, opened_at=at))
        elif what == "light":
            said[key] = SystemState(system=key, value=text, state=state, at=at)
        else:
            colours.add(key)
    open_forms.sort(key=lambda form: form.opened_at)
    lights = [_shown(system, said.get(system)) for system in LightSystem]
    return Notes(open_forms, lights, frozenset(colours))


def bank_has_answered(binding: BankBinding) -> bool:
    """Whether the bank itself confirmed this account: its message came after the request (T-40)."""
    return SystemState.objects.filter(
        customer_id=binding.customer_id,
        system=LightSystem.BANK,
        state=Light.OK,
        at__gte=binding.requested_at,
    ).exists()


def _shown(system: LightSystem, row: SystemState | None) -> LightShown:
    state = Light(row.state) if row else Light.UNKNOWN
    text = str(state.label) if row is None or not row.value else f"{state.label}：{row.value}"
    return LightShown(str(system.label), COLOURS[state], text, row.at if row else None)
