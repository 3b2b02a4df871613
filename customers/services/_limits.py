"""So many questions a minute, counted where throttles count (D2)."""

from typing import Final

from django.core.cache import caches

from crm.identity.models import User
from customers.errors import TooManySearches

A_MINUTE: Final = 60


def ensure_within(what: str, most: int, *, by: User, words: str) -> None:
    """Refuse the question after so many of its kind within a minute. Raises TooManySearches."""
    counters, key = caches["throttle"], f"{what}:{by.pk}"
    counters.add(key, 0, A_MINUTE)
    try:
        asked = counters.incr(key)
    except ValueError:  # the minute ended between the two lines
        return
    if asked > most:
        raise TooManySearches(words)
