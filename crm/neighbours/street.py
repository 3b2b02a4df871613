"""All five systems side by side: what is taken in, what is done with it, and when."""

import json
import threading
import time
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

from crm.neighbours.answers import Heard, report_on
from crm.neighbours.caller import Caller
from crm.neighbours.config import SYSTEMS, Config
from crm.neighbours.diary import Diary
from crm.neighbours.faults import AT_THE_DOOR, IN_THE_REPORT, Fault, FaultBoard, Plan
from crm.outbox.formulas import verify_signature

CHINA: Final = timezone(timedelta(hours=8))
DELAY: Final = 0.3
"""Seconds between an event and the report on it."""


class Refused(Exception):
    """A call that is not Kedang's: the status to answer with."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Street:
    """The neighbours' memory and hands. One open report never holds up another."""

    def __init__(self, config: Config, *, delay: float = DELAY) -> None:
        self.config = config
        self.delay = delay
        self.diary = Diary()
        self.faults = FaultBoard(SYSTEMS)
        self._caller = Caller(config.base_url, self.diary)

    def check(self, system: str, signature: str, body: bytes) -> dict[str, Any]:
        """The event of a genuine call. Raises Refused: 404, 401 or 400."""
        keys = self.config.systems.get(system)
        if keys is None:
            raise Refused(404, "no such system")
        if not verify_signature(keys.secret, signature, body, now=int(time.time())):
            self.diary.note("in", system, status=401)
            raise Refused(401, "the signature does not fit")
        try:
            event = json.loads(body)
            said = {name: event[name] for name in ("id", "topic", "key", "data")}
        except (ValueError, KeyError, TypeError) as problem:
            raise Refused(400, "not an event") from problem
        return said

    def fault_at_the_door(self, system: str) -> Plan | None:
        """What goes wrong with this call, if anything is ordered."""
        return self.faults.take(system, AT_THE_DOOR)

    def note_call(self, system: str, event: dict[str, Any], *, fault: str, again: bool) -> None:
        """Write a webhook down."""
        self.diary.note(
            "in",
            system,
            event=event["id"],
            topic=event["topic"],
            key=event["key"],
            form=str(event["data"].get("form", "")),
            fault=fault,
            repeated=again,
        )

    def take(self, system: str, event: dict[str, Any]) -> bool:
        """Do the work of one event, once however often it comes; False for a repeat."""
        if not self.diary.is_first(system, event["id"]):
            return False
        plan = self.faults.take(system, IN_THE_REPORT)
        heard = Heard(
            system, event["id"], event["topic"], event["data"], plan.fault if plan else None
        )
        threading.Thread(
            target=self._report, args=(heard, plan), daemon=True, name=f"report-{system}"
        ).start()
        return True

    def _report(self, heard: Heard, plan: Plan | None) -> None:
        report = report_on(heard, today=_today())
        if report is None:
            return
        time.sleep(self.delay + (plan.seconds if plan and plan.fault is Fault.LATE else 0.0))
        keys = self.config.systems[heard.system]
        times = 2 if heard.fault is Fault.TWICE else 1
        for _time in range(times):
            self._caller.send(report, system=heard.system, keys=keys)


def _today() -> date:
    return datetime.fromtimestamp(time.time(), CHINA).date()
