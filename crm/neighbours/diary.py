"""What was received and what was sent: for checkers, over GET /log."""

import threading
import time
from typing import Any


class Diary:
    """Entries in order; `number` is where to go on reading."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._seen: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def note(self, direction: str, system: str, **facts: Any) -> None:
        """Write one call down."""
        with self._lock:
            self._entries.append(
                {
                    "number": len(self._entries) + 1,
                    "at": time.time(),
                    "direction": direction,
                    "system": system,
                    **facts,
                }
            )

    def is_first(self, system: str, event: str) -> bool:
        """True once for each event of a system: whatever comes again is dropped."""
        with self._lock:
            known = (system, event) in self._seen
            self._seen.add((system, event))
            return not known

    def entries(self, after: int = 0) -> list[dict[str, Any]]:
        """All entries beyond a number."""
        with self._lock:
            return list(self._entries[after:])
