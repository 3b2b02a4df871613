"""Start a Celery task by name, once the transaction has committed (rule 8)."""

from contextvars import ContextVar
from typing import Any, Final

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from crm.core.request import current_request

logger = structlog.get_logger(__name__)
_away_in: Final[ContextVar[str]] = ContextVar("kedang_broker_away_in", default="")
"""The request in which the broker did not answer: it is not waited for a second time."""


def run_after_commit(task: str, **kwargs: Any) -> None:
    """Send `task` when the running transaction commits; arguments are keys and ISO dates.

    A wrong name is a KeyError here and now. A broker that is down costs a request at most a
    second and nothing else: the row behind the task stays, the sweeper sends it again (RF-40).
    """
    signature = current_app.tasks[task]

    def send() -> None:  # a plain function: Django's robust handler asks for its name
        _send(signature, kwargs)

    transaction.on_commit(send, robust=True)


def _send(signature: Any, kwargs: dict[str, Any]) -> None:
    request = current_request().request_id
    if request and _away_in.get() == request:
        return
    try:
        signature.apply_async(kwargs=kwargs, retry=False)
    except (OperationalError, OSError) as problem:
        _away_in.set(request)
        logger.warning("broker_down", task=signature.name, error=type(problem).__name__)
