"""The admin of notifications, deliveries and receivers: to look at, to retry, to resume."""

from backend.notifications.admin.delivery import DeliveryAdmin
from backend.notifications.admin.notification import NotificationAdmin
from backend.notifications.admin.receiver import ReceiverAdmin

__all__ = ["DeliveryAdmin", "NotificationAdmin", "ReceiverAdmin"]
