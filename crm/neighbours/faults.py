"""Trouble on demand: what a system does wrong next, and how often (RF-43)."""

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Fault(StrEnum):
    """Two kinds: the first five spoil the answer to a webhook, the others the report back."""

    ERROR = "500"
    TIMEOUT = "timeout"
    ANSWER_AFTER_TIMEOUT = "answer_after_timeout"
    GARBAGE = "garbage"
    SILENT = "silent"
    LATE = "late"
    TWICE = "twice"
    REFUSE = "refuse"
    WRONG_FIELD = "wrong_field"


AT_THE_DOOR: Final = frozenset(
    {Fault.ERROR, Fault.TIMEOUT, Fault.ANSWER_AFTER_TIMEOUT, Fault.GARBAGE}
)
IN_THE_REPORT: Final = frozenset(Fault) - AT_THE_DOOR
ABLE: Final = {
    Fault.REFUSE: frozenset({"zm", "bank"}),
    Fault.WRONG_FIELD: frozenset({"em", "crm"}),
}
"""Who can do what: only ZM and the bank say no, only EM and CRM store fields."""
DEFAULT_SECONDS: Final = {
    Fault.TIMEOUT: 30.0,
    Fault.ANSWER_AFTER_TIMEOUT: 7.0,
    Fault.LATE: 5.0,
}


class BadFault(ValueError):
    """What was asked for is no fault of that system."""


@dataclass(slots=True)
class Plan:
    """One fault ordered for one system: still `count` times, each lasting `seconds`."""

    system: str
    fault: Fault
    count: int
    seconds: float


class FaultBoard:
    """What is ordered and not yet played; shared by all threads."""

    def __init__(self, systems: tuple[str, ...]) -> None:
        self._systems = systems
        self._plans: list[Plan] = []
        self._lock = threading.Lock()

    def order(self, asked: Any) -> Plan:
        """Take {"system", "fault", "count", "seconds"}. Raises BadFault."""
        plan = self._read(asked)
        with self._lock:
            self._plans.append(plan)
        return plan

    def take(self, system: str, kinds: frozenset[Fault]) -> Plan | None:
        """The next fault of these kinds for the system, used up by one; None when none is."""
        with self._lock:
            for plan in self._plans:
                if plan.system == system and plan.fault in kinds and plan.count > 0:
                    plan.count -= 1
                    return Plan(plan.system, plan.fault, 1, plan.seconds)
        return None

    def left(self) -> list[dict[str, Any]]:
        """What is still to come."""
        with self._lock:
            return [
                {
                    "system": plan.system,
                    "fault": plan.fault,
                    "count": plan.count,
                    "seconds": plan.seconds,
                }
                for plan in self._plans
                if plan.count > 0
            ]

    def clear(self) -> None:
        """From now on all is well."""
        with self._lock:
            self._plans.clear()

    def _read(self, asked: Any) -> Plan:
        if not isinstance(asked, dict) or asked.get("system") not in self._systems:
            raise BadFault(f"system is one of {', '.join(self._systems)}")
        system, name = asked["system"], asked.get("fault")
        if name not in list(Fault):
            raise BadFault(f"fault is one of {', '.join(Fault)}")
        fault = Fault(name)
        if system not in ABLE.get(fault, frozenset(self._systems)):
            raise BadFault(f"{system} cannot {fault}")
        count = asked.get("count", 1)
        seconds = asked.get("seconds", DEFAULT_SECONDS.get(fault, 0.0))
        if not isinstance(count, int) or not 1 <= count <= 100_000:
            raise BadFault("count is a whole number from 1 to 100000")
        if not isinstance(seconds, int | float) or not 0 <= seconds <= 600:
            raise BadFault("seconds is a number from 0 to 600")
        return Plan(system, fault, count, float(seconds))
