"""Signatures and pauses: pure, so that receivers and tests use the very same code."""

import hashlib
import hmac
import re
from datetime import timedelta
from typing import Final

SIGNATURE_HEADER: Final = "X-Kedang-Signature"
TOLERANCE: Final = 300
LONGEST: Final = timedelta(hours=1)
LONGEST_BREAK: Final = timedelta(minutes=5)
_HEADER: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})", re.ASCII)


def sign(secret: str, body: bytes, *, now: int) -> str:
    """The signature header of `body`: HMAC-SHA256 over "<unix time>.<body>"."""
    return f"t={now},v1={_digest(secret, body, now)}"


def verify_signature(
    secret: str, header: str, body: bytes, *, now: int, tolerance: int = TOLERANCE
) -> bool:
    """Whether `header` signs exactly this body, not longer ago than `tolerance` seconds (B184).

    A repeat inside the tolerance passes: the receiver drops it by the event's id, which stays the
    same on every repeat.
    """
    if not secret or (found := _HEADER.fullmatch(header)) is None:
        return False
    told, given = int(found[1]), found[2]
    is_genuine = hmac.compare_digest(_digest(secret, body, told), given)
    return is_genuine and abs(now - told) <= tolerance


def pause_after(attempts: int, *, luck: float) -> timedelta:
    """How long a delivery waits after its n-th failure: 2ⁿ minutes, an hour at most (RF-43).

    `luck` between 0 and 1 spreads it over the upper half, so that many do not come back at once.
    """
    return _spread(min(timedelta(minutes=2 ** min(attempts, 10)), LONGEST), luck)


def break_after(failures: int, *, luck: float) -> timedelta:
    """How long a whole endpoint rests after its n-th failure in a row: 2ⁿ seconds, 5 minutes most.

    So a dead receiver is asked now and then, not once for every waiting customer.
    """
    return _spread(min(timedelta(seconds=2 ** min(failures, 10)), LONGEST_BREAK), luck)


def _digest(secret: str, body: bytes, now: int) -> str:
    return hmac.new(secret.encode(), b"%d.%s" % (now, body), hashlib.sha256).hexdigest()


def _spread(whole: timedelta, luck: float) -> timedelta:
    return whole * (0.5 + luck / 2)
