"""Verifying imported leads: each in its own transaction, so that one that fails stops no other."""

from __future__ import annotations

from django.db import DatabaseError, connection, transaction

from backend.leads.importing.summary import Summary
from backend.leads.models import Lead
from backend.users.models import User
from workflows import SystemActor, TransitionBlocked, TransitionRefused

__all__ = ["IMPORTER", "Verification"]

IMPORTER = SystemActor("importer")


class Verification:
    """Verifies leads by ``voucher``, who vouches for contacts that nobody has confirmed, or (None) by the importer.

    ``keeps`` False takes each verification back at once: what it would do is counted all the same, as if no other
    lead were verified, and no provider's row stays locked.
    """

    def __init__(self, summary: Summary, *, voucher: User | None, keeps: bool) -> None:
        self._summary = summary
        self._voucher = voucher
        self._keeps = keeps

    def verify(self, lead: Lead) -> None:
        """Verify a lead, or count why not.

        Raises: django.db.DatabaseError when the connection is gone: then the others cannot be verified either.
        """
        try:
            if self._keeps:
                # Without a transaction around it: a deadlock is then tried again.
                self._verify(lead)
            else:
                with transaction.atomic():
                    self._verify(lead)
                    transaction.set_rollback(True)
        except TransitionBlocked as error:
            self._summary.blocked += 1
            self._summary.blocked_by.update(check.code for check in error.reasons)
        except TransitionRefused as error:
            self._summary.not_verified[error.code] += 1
        except DatabaseError as error:
            if not connection.is_usable():
                raise
            self._summary.failed.append(f"{lead.reference}: {error}")

    def _verify(self, lead: Lead) -> None:
        if self._voucher is None:
            lead.verify(by=IMPORTER)
        else:
            lead.verify(by=self._voucher, vouched=lead.contact.confirmed_at is None)
        offers = lead.assignments.count()
        self._summary.assignments += offers
        self._summary.without_provider += not offers
        self._summary.verified += 1
