"""The ways out: each takes an envelope and delivers it, or raises ``DeliveryFailed``."""

from backend.notifications.channels.adapter import Adapter, adapter_for, require_no_transaction
from backend.notifications.channels.envelope import Envelope, EnvelopeItem

__all__ = ["Adapter", "Envelope", "EnvelopeItem", "adapter_for", "require_no_transaction"]
