"""Whoever leaves takes no share of a customer with him (PM-30)."""

from django.db import transaction
from django.utils import timezone

from crm.identity.models import User
from crm.identity.services.people import disable_person
from customers.models import CustomerGrant
from customers.services.grants import revoke_grant


@transaction.atomic
def dismiss_person(*, person: User, reason: str, by: User) -> User:
    """Switch a person off and end every share by name he holds, all or nothing.

    Sessions, tokens, posts and groups end with the account (`disable_person`); a customer lent to
    his desk was lent to the desk, and goes from his sight with the post. A share given to him does
    not come back when he does. Raises LastHolder, SamePerson, AlreadyDone.
    Rules: PM-30, R-77.
    """
    left = disable_person(person=person, reason=reason, by=by)
    running = CustomerGrant.dated.running(timezone.localdate()).filter(user=left)
    for grant in running.select_related("content_object", "user").order_by("pk"):
        revoke_grant(grant=grant, by=by)
    return left
