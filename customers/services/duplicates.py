"""Ask whether a customer is here already, and write down that it was asked (RF-09, R-2)."""

from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.models import AccessKind
from crm.core.services.access_log import log_access
from crm.identity.access import ensure_may
from crm.identity.choices import Profile
from crm.identity.models import Department, User
from customers.access import customers_for
from customers.choices import CustomerPerm
from customers.selectors.duplicates import Candidate, Typed, candidates_among, hits_for
from customers.services._limits import ensure_within
from customers.values import cleaned

MOST_A_MINUTE: Final = 60


@transaction.atomic
def search_duplicates(*, organisation: Department, typed: Typed, by: User) -> list[Candidate]:
    """Who may be the same as what is being typed. Out of the person's sight it is only said that
    an archive exists, and that he was told so is logged, since asking again and again is a way to
    find out. A value that is not well formed yet is not looked up.

    Raises Forbidden for people who may not register, TooManySearches.
    Rules: B-14, RF-09, R-2, UX-34.
    """
    ensure_may(by, CustomerPerm.CREATE)
    words = _("查重过于频繁，请一分钟后再试")
    ensure_within("duplicates", MOST_A_MINUTE, by=by, words=words)
    hits = hits_for(
        organisation.pk, _usable(typed), unique_names=organisation.profile == Profile.REPAIR
    )
    seen = customers_for(by, CustomerPerm.VIEW).filter(pk__in=[hit.customer.pk for hit in hits])
    visible = set(seen.values_list("pk", flat=True))
    for hit in hits:
        if hit.customer.pk not in visible:
            log_access(
                kind=AccessKind.SEARCH,
                row=hit.customer,
                by=by,
                customer_id=hit.customer.pk,
                fields=[hit.matched],
            )
    return candidates_among(hits, by)


def _usable(typed: Typed) -> Typed:
    """What is typed so far, without the values that are not whole yet."""
    return Typed(
        name=_whole("customer", "name", typed.name),
        credit_code=_whole("customer", "credit_code", typed.credit_code),
        licence_no=_whole("retail", "licence_no", typed.licence_no),
        phone=_whole("customer", "phone", typed.phone),
        mobile=_whole("customer", "mobile", typed.mobile),
    )


def _whole(subject: str, name: str, value: str) -> str:
    try:
        return str(cleaned(subject, {name: value})[name])
    except ValidationError:
        return ""
