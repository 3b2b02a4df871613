"""Reports to Kedang's API: one report is sent until Kedang has answered it for good."""

import http.client
import json
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from crm.neighbours.answers import Report
from crm.neighbours.config import Keys
from crm.neighbours.diary import Diary

AGAIN: Final = frozenset({409, 429, *range(500, 600)})
ATTEMPTS: Final = 40
LONGEST: Final = 30.0
FIRST_PAUSE: Final = 0.25
CALL_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What Kedang said; status 0 when it could not be reached."""

    status: int
    body: Any
    retry_after: float = 0.0


class Caller:
    """Kedang as one neighbour reaches it."""

    def __init__(self, base_url: str, diary: Diary) -> None:
        self._base_url = base_url
        self._diary = diary

    def send(self, report: Report, *, system: str, keys: Keys, attempts: int = ATTEMPTS) -> bool:
        """Send one report, again and again while Kedang is busy or away; True when it was taken.

        Each attempt carries the same serial number, so Kedang acts once (domain 6.3).
        """
        pause = FIRST_PAUSE
        for attempt in range(1, attempts + 1):
            answer = self._post(report, keys)
            self._diary.note(
                "out",
                system,
                path=report.path,
                serial=report.body["serial"],
                form=report.body["form"],
                attempt=attempt,
                status=answer.status,
                answer=answer.body,
            )
            if answer.status and answer.status not in AGAIN:
                return 200 <= answer.status < 300
            time.sleep(min(max(pause, answer.retry_after), LONGEST))
            pause = min(pause * 2, LONGEST)
        return False

    def _post(self, report: Report, keys: Keys) -> Answer:
        parts = urlsplit(self._base_url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": f"Token {keys.token}",
        }
        try:
            with closing(kind(parts.netloc, timeout=CALL_SECONDS)) as line:
                line.request("POST", report.path, json.dumps(report.body).encode(), headers)
                answer = line.getresponse()
                after = answer.getheader("Retry-After", "")
                wait = float(after) if after.isdecimal() else 0.0
                return Answer(answer.status, _read(answer.read()), wait)
        except (OSError, http.client.HTTPException) as problem:
            return Answer(0, type(problem).__name__)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body[:200].decode(errors="replace")
