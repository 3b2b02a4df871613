"""Several people at once, each with a connection of his own, and what came of it."""

import os
import threading
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection

from crm.approvals.choices import Outcome
from crm.core.errors import DomainError

ROUNDS = 200 if os.environ.get("KEDANG_SOAK") else 20


@dataclass
class Answers:
    """What the callers got: outcomes, refusals by code, and whatever else broke (a 500)."""

    outcomes: Counter = field(default_factory=Counter)
    refusals: Counter = field(default_factory=Counter)
    messages: list = field(default_factory=list)
    broken: list = field(default_factory=list)

    @property
    def accepted(self):
        return sum(n for outcome, n in self.outcomes.items() if outcome is not Outcome.REPEATED)


def together(calls):
    """Start all calls at one moment; each runs in a thread with its own connection."""
    gate, lock, answers = threading.Barrier(len(calls)), threading.Lock(), Answers()

    def run(call):
        try:
            gate.wait(timeout=30)
            outcome = call()
        except DomainError as refusal:
            with lock:
                answers.refusals[refusal.code] += 1
                answers.messages.append(str(refusal.message))
        except Exception as problem:  # noqa: BLE001  (whatever broke is what the checker reports)
            with lock:
                answers.broken.append(repr(problem))
        else:
            with lock:
                answers.outcomes[outcome] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return answers
