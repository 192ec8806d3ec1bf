"""Of capacity: what is counted of a provider under lock is what its offers say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.invariants import Invariant

__all__ = ["CAPACITY_INVARIANTS"]

# That nobody is offered more than it takes follows from the counters, which are compared with its limits under lock;
# afterwards it cannot be told, for a provider may lower its limits at any time.
COUNTED_WRONG = """
SELECT p.id
FROM users_providerprofile AS p
LEFT JOIN matching_providerload AS l ON l.provider_id = p.id
LEFT JOIN (
    SELECT provider_id, count(*) AS made, count(*) FILTER (WHERE status = 'offered') AS open
    FROM leads_leadassignment GROUP BY provider_id
) AS o ON o.provider_id = p.id
WHERE coalesce(l.open_offers, 0) <> coalesce(o.open, 0) OR coalesce(l.offers_total, 0) <> coalesce(o.made, 0)
"""

CAPACITY_INVARIANTS = (
    Invariant(
        code="A1",
        name="leads.capacity_is_what_offers_say",
        model="users.providerprofile",
        holds=_(
            "A provider has as many open offers, and ever had as many, as are counted against its capacity."
        ),
        mend=_(
            "Too many counted: it gets fewer leads than it wants; too few: more. Have a database administrator set "
            "its row in matching_providerload to the counts of its offers."
        ),
        sql=COUNTED_WRONG,
    ),
)
