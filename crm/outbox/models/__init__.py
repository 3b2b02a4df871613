from crm.outbox.models.delivery import Delivery, DeliveryQuerySet
from crm.outbox.models.endpoint import Endpoint, EndpointQuerySet
from crm.outbox.models.message import Message, MessageQuerySet
from crm.outbox.models.notice import Notice, NoticeQuerySet

__all__ = [
    "Delivery",
    "DeliveryQuerySet",
    "Endpoint",
    "EndpointQuerySet",
    "Message",
    "MessageQuerySet",
    "Notice",
    "NoticeQuerySet",
]
