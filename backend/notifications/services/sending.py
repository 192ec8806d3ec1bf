"""Make an attempt: claim in one short transaction, send outside of any, record in another."""

from __future__ import annotations

import logging

from backend.jobs.failures import list_last_frames, name_error
from backend.notifications.channels import adapter_for
from backend.notifications.errors import DeliveryFailed, OpenTransaction
from backend.notifications.services.claiming import Claim, claim_delivery, claim_digest
from backend.notifications.services.recording import record

__all__ = ["deliver", "send_digest"]

logger = logging.getLogger(__name__)


def deliver(delivery_id: int) -> None:
    """Make the next attempt at a delivery, if it is due, makes sense, and its receiver has room.

    Whatever dies between sending and recording, the sweep finds it as "sending" and has it sent again, with the same
    key: at least once.

    Raises: RuntimeError inside a transaction.
    """
    _send(claim_delivery(delivery_id))


def send_digest(recipient_id: int) -> None:
    """Send all that is due in a recipient's digest as one message.  Raises: RuntimeError inside a transaction."""
    _send(claim_digest(recipient_id))


def _send(claim: Claim | None) -> None:
    if claim is not None:
        record(claim, _attempt(claim))


def _attempt(claim: Claim) -> DeliveryFailed | None:
    """Send, and return what went wrong; None when nothing did."""
    try:
        adapter_for(claim.envelope.channel).send(claim.envelope)
    except DeliveryFailed as failure:
        return failure
    except OpenTransaction:
        raise
    except Exception as error:
        # A mistake in an adapter: recorded like any failure, so that the delivery is tried again and dies visibly.
        facts = (claim.envelope.channel, claim.envelope.key, name_error(error))
        # Without the message, which may hold an address; staff find it with the delivery.
        logger.error("The adapter of %s failed on %s: %s\n%s", *facts, "".join(list_last_frames(error)))
        return DeliveryFailed(f"{type(error).__name__}: {error}")
    return None
