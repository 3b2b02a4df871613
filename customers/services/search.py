"""The search box's door: so many questions a minute, and whole sealed numbers written down."""

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.models import AccessKind
from crm.core.services.access_log import log_access
from crm.identity.models import User
from customers.access.asked import Asked
from customers.models import Customer
from customers.selectors.search import SIZE, Results, results_for
from customers.services._limits import ensure_within

MOST_A_MINUTE: Final = 240
MOST_SEALED: Final = 10
"""Whole certificate and account numbers: enough for a counter, too few to try numbers out."""


def search_customers(
    *, text: str, by: User, after: str = "", size: int = SIZE, sealed: bool = True
) -> Results:
    """What a text finds in the person's scope.

    A whole sealed number finds only for those who may see it in clear; that he asked is logged
    with the row, never with the number. Without `sealed` it finds nobody: so where the text came
    in an address, which logs keep. Raises TooManySearches, BadRequest.
    Rules: UX-02, R-2, SEC-09, SEC-39.
    """
    words = _("查找过于频繁，请一分钟后再试")
    ensure_within("search", MOST_A_MINUTE, by=by, words=words)
    if sealed and Asked.of(text).sealed:
        ensure_within("search-sealed", MOST_SEALED, by=by, words=words)
    results = results_for(by, text, after=after, size=size, sealed=sealed)
    if results.sealed:
        _note(results.sealed, by)
    return results


@transaction.atomic
def _note(found: Sequence[Customer], by: User) -> None:
    for customer in found:
        log_access(
            kind=AccessKind.SEARCH,
            row=customer,
            by=by,
            customer_id=customer.pk,
            fields=["sealed"],
            reason=_("按完整证件号或账号查找"),
        )
