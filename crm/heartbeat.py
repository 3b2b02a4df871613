"""The pulse of worker and clock: each by itself, so that no long task can hide it (RF-60)."""

import time
from typing import Any, Final

from celery import bootsteps
from celery.beat import PersistentScheduler
from django.db import DatabaseError, close_old_connections, transaction

SECONDS: Final = 15.0
TASK: Final = "core.heartbeat"
CLOCK_TASK: Final = "core.clock_heartbeat"


class Pulse(bootsteps.StartStopStep):
    """Runs the heartbeat task in the worker's main process at the start and every 15 s."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        beat(worker)
        self.timer = worker.timer.call_repeatedly(SECONDS, beat, (worker,))

    def stop(self, worker: Any) -> None:  # noqa: ARG002  (celery's signature)
        self.timer.cancel()


def beat(worker: Any) -> None:
    """One pulse of the worker."""
    write_pulse(worker.app, TASK)


def write_pulse(app: Any, task: str) -> None:
    """Run the task here and now; a database that is away shows as silence, not as a death.

    Rules: RF-60.
    """
    try:
        with transaction.atomic():
            app.tasks[task].run()
    except DatabaseError:
        close_old_connections()


class Clock(PersistentScheduler):
    """Celery's own clock, which also notes that it ticks; no broker and no worker is asked."""

    _next_pulse = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._next_pulse:
            self._next_pulse = time.monotonic() + SECONDS
            write_pulse(self.app, CLOCK_TASK)
        return super().tick(*args, **kwargs)
