"""Which sessions are whose, so that they can be ended together (PM-30, B269, B277)."""

from datetime import timedelta
from typing import Final

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from crm.identity.models import User, UserSession

MOST: Final = 50
LONGEST: Final = timedelta(hours=12)


@transaction.atomic
def open_session(*, user: User, session_key: str, ip: str | None) -> None:
    """Bind a fresh log-in to its person; the oldest beyond fifty end. Rules: B277, SEC-23."""
    now = timezone.now()
    mine = UserSession.objects.filter(user=user)
    mine.filter(created_at__lt=now - LONGEST).delete()
    UserSession.objects.update_or_create(
        session_key=session_key, defaults={"user": user, "created_at": now, "ip": ip}
    )
    too_old = list(mine.order_by("-created_at", "-pk").values_list("session_key", flat=True)[MOST:])
    _end(too_old)


@transaction.atomic
def rename_session(*, old: str | None, new: str | None) -> None:
    """Follow a session whose key was renewed. Rules: SEC-22."""
    if old and new and old != new:
        UserSession.objects.filter(session_key=old).update(session_key=new)


@transaction.atomic
def close_session(*, session_key: str | None) -> None:
    """Forget one session at log-out. Rules: SEC-24."""
    if session_key:
        _end([session_key])


@transaction.atomic
def end_sessions(*, user: User, keep: str | None = None) -> int:
    """End all sessions of a person, `keep` excepted; returns how many. Rules: PM-30, B269."""
    mine = UserSession.objects.filter(user=user)
    keys = list(mine.exclude(session_key=keep or "").values_list("session_key", flat=True))
    _end(keys)
    return len(keys)


def _end(keys: list[str]) -> None:
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
