from crm.outbox.admin.deliveries import DeliveryAdmin, MessageAdmin
from crm.outbox.admin.endpoints import EndpointAdmin

__all__ = ["DeliveryAdmin", "EndpointAdmin", "MessageAdmin"]
