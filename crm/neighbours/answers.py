"""What each system says when it has heard an event: pure, one page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from crm.neighbours.faults import Fault

YEARS: Final = 5
REASONS: Final = {"zm": "经营场所不符合合理布局规定", "bank": "账户状态异常，不能代扣"}
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as it came: its id, its topic, its data, and how the report is to be spoilt."""

    system: str
    event: str
    topic: str
    data: Mapping[str, Any]
    fault: Fault | None = None

    @property
    def serial(self) -> str:
        """The serial number of the report: the same for a repeat of the event."""
        return f"{self.system}-{self.event}"


@dataclass(frozen=True, slots=True)
class Report:
    """One call of Kedang's API."""

    path: str
    body: Body


def report_on(heard: Heard, *, today: date) -> Report | None:
    """What the system reports about the event; None when it only takes note of it."""
    answer = ANSWERS.get((heard.system, heard.topic))
    if answer is None or heard.fault is Fault.SILENT:
        return None
    path, say = answer
    head = {
        "system": heard.system,
        "serial": heard.serial,
        "form": str(heard.data.get("form", "")),
    }
    return Report(path, head | say(heard, today))


def licence_no(form: str) -> str:
    """Twelve digits made of the form's number: a repeat gets the same licence."""
    digits = "".join(mark for mark in form if mark.isdecimal())
    return f"61{digits[-10:]:0>10}"


def _licence(heard: Heard, today: date) -> Body:
    if heard.fault is Fault.REFUSE:
        return {"result": "refused", "reason": REASONS["zm"]}
    until = today.replace(year=today.year + YEARS, day=min(today.day, 28))
    number = licence_no(str(heard.data.get("form", "")))
    return {"result": "issued", "licence_no": number, "valid_to": until.isoformat()}


def _binding(heard: Heard, _today: date) -> Body:
    if heard.fault is Fault.REFUSE:
        return {"result": "failed", "reason": REASONS["bank"]}
    return {"result": "bound"}


def _echo(heard: Heard, _today: date) -> Body:
    """What was stored: all that came, unless one field is to differ."""
    stored = {str(name): str(value) for name, value in dict(heard.data.get("fields", {})).items()}
    if heard.fault is Fault.WRONG_FIELD and stored:
        name = sorted(stored)[0]
        stored[name] = f"{stored[name]}(误)"
    return {"fields_stored": stored}


def _receipt(heard: Heard, _today: date) -> Body:
    return {"receipt_no": f"OC-{heard.data.get('transfer', heard.event)}"}


Answer = tuple[str, Callable[[Heard, date], Body]]
ANSWERS: Final[dict[tuple[str, str], Answer]] = {
    ("zm", "onboarding.licence_requested"): ("/api/v1/licence-results/", _licence),
    ("em", "onboarding.base_data"): ("/api/v1/system-echoes/", _echo),
    ("crm", "onboarding.crm_data"): ("/api/v1/system-echoes/", _echo),
    ("bank", "onboarding.bind_requested"): ("/api/v1/binding-results/", _binding),
    ("order_centre", "onboarding.transfer_form"): ("/api/v1/order-centre-receipts/", _receipt),
}
