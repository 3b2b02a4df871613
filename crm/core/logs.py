"""JSON lines with a request id and no personal data (SEC-33, SEC-40)."""

import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import structlog

from crm.core.request import current_request
from crm.places import ROOT

_SECRET_KEYS = {"query_string", "request", "email", "phone", "password", "token"}
_STEPS: Final = 12
"""Lines of a trace that are kept: the innermost ones."""
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029]")


def without_personal_data(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Drop query strings and anything that may hold a name, number or token.

    The address is the one we believe: the library takes what the caller says (B272).
    """
    if "ip" in event:
        event["ip"] = current_request().ip
    for key in _SECRET_KEYS & set(event):
        value = event.pop(key)
        if key == "request":
            # "GET /customers/?q=张三": the path is kept, the query is not.
            event["request"] = str(value).partition("?")[0]
    return event


def without_values(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Of an error keep its kinds and where it arose: its words quote what people typed."""
    info = event.pop("exc_info", None)
    found = info[1] if isinstance(info, tuple) else info
    if found is True:
        found = sys.exc_info()[1]
    if isinstance(found, BaseException):
        event["error"] = " < ".join(type(each).__name__ for each in _chain(found))
        event["trace"] = _places(found)
        task = getattr(event.get("_record"), "data", None)
        if isinstance(task, dict) and "name" in task:  # Celery quotes the error in its message
            event["event"] = f"task_failed: {task['name']}"
    return event


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, as Python would print them."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _places(error: BaseException) -> list[str]:
    steps = traceback.extract_tb(error.__traceback__)[-_STEPS:]
    return [f"{_short(step.filename)}:{step.lineno} {step.name}" for step in steps]


def _short(filename: str) -> str:
    """Below the project or the packages, not where they lie on this machine."""
    path = Path(filename)
    parts = path.parts
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :])
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def _drop_started(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    if event.get("event") == "request_started":
        raise structlog.DropEvent
    return event


_to_json = structlog.processors.JSONRenderer(ensure_ascii=False)


def one_line(logger: Any, name: str, event: dict[str, Any]) -> str:
    """JSON escapes line breaks and escape signs; what else moves a terminal, we do (B115, B116)."""
    text = str(_to_json(logger, name, event))
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=False),
    _drop_started,
    without_personal_data,
    without_values,
]

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": one_line,
            "foreign_pre_chain": _SHARED,
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "axes": {"level": "CRITICAL"},
    },
}


def configure() -> None:
    """Send structlog's events through the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
