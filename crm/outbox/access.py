"""Who sees what leaves the house: jobs for SYS and AUD, endpoints also for SEC (trust 4.3 c)."""

from crm.core.access import fetch
from crm.core.errors import NotFound
from crm.core.policy import Perm
from crm.identity.access import duties_of, rights_of
from crm.identity.choices import Duty, Scope
from crm.identity.models import User
from crm.outbox.choices import OutboxPerm
from crm.outbox.models import (
    Delivery,
    DeliveryQuerySet,
    Endpoint,
    EndpointQuerySet,
    Message,
    MessageQuerySet,
    Notice,
    NoticeQuerySet,
)


def _reaches_all(user: User, perm: Perm) -> bool:
    return any(cell.scope is Scope.ALL for cell in rights_of(user, perm))


def endpoints_for(user: User, perm: OutboxPerm) -> EndpointQuerySet:
    """The gate of endpoints: those of the person's own organisation."""
    if not _reaches_all(user, perm):
        return Endpoint.objects.none()
    return Endpoint.objects.filter(organisation_id=user.organisation_id)


def deliveries_for(user: User, perm: OutboxPerm) -> DeliveryQuerySet:
    """The gate of deliveries: those of the organisation's endpoints."""
    if not _reaches_all(user, perm):
        return Delivery.objects.none()
    return Delivery.objects.filter(endpoint__organisation_id=user.organisation_id)


def messages_for(user: User, perm: OutboxPerm) -> MessageQuerySet:
    """The gate of events: those of the organisation; what is in them, `sees_payload` says."""
    if not _reaches_all(user, perm):
        return Message.objects.none()
    return Message.objects.filter(organisation_id=user.organisation_id)


def sees_payload(user: User) -> bool:
    """The system administrator runs the queue without reading it (trust 4.3 c)."""
    return Duty.AUD in duties_of(user)


def notices_for(user: User) -> NoticeQuerySet:
    """The gate of notices: one's own."""
    if not user.is_active:
        return Notice.objects.none()
    return Notice.objects.filter(person=user)


def unread_for(user: User) -> NoticeQuerySet:
    """One's own notices that wait to be read."""
    return notices_for(user).unread()


def get_endpoint(user: User, perm: OutboxPerm, pk: int) -> Endpoint:
    """One endpoint through the gate. Raises NotFound, Forbidden."""
    return fetch(endpoints_for, user, perm, see=OutboxPerm.ENDPOINTS_VIEW, pk=pk)


def get_delivery(user: User, perm: OutboxPerm, pk: int) -> Delivery:
    """One delivery through the gate. Raises NotFound, Forbidden."""
    return fetch(deliveries_for, user, perm, see=OutboxPerm.JOBS_VIEW, pk=pk)


def get_notice(user: User, pk: int) -> Notice:
    """One of the person's own notices. Raises NotFound."""
    notice = notices_for(user).filter(pk=pk).first()
    if notice is None:
        raise NotFound
    return notice
