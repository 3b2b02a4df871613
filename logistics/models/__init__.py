from logistics.models.firm import LogisticsFirm, LogisticsFirmQuerySet
from logistics.models.route import DeliveryRoute, DeliveryRouteQuerySet, days_text

__all__ = [
    "DeliveryRoute",
    "DeliveryRouteQuerySet",
    "LogisticsFirm",
    "LogisticsFirmQuerySet",
    "days_text",
]
