"""How offers and wins are shared among providers, and how many offers were left to chance."""

from __future__ import annotations

from dataclasses import dataclass

from backend.leads.figures.first_events import OF_THE_CATEGORY, read_rows
from backend.leads.figures.inequality import Distribution
from backend.leads.figures.scope import Scope

__all__ = ["Exploration", "Sharing", "count_explored", "measure_sharing"]


@dataclass(frozen=True, slots=True)
class Sharing:
    """The offers made in a period and those of them that won, over the providers that could have had one.

    Those are ``active`` ones that offer the category (or any), and ``others``, which had one and are not active now.
    """

    offers: Distribution
    wins: Distribution
    active: int
    others: int


@dataclass(frozen=True, slots=True)
class Exploration:
    """Of the offers that a policy ``made``, how many it ``explored``: it drew them by chance.

    Their probability is below 1.  Whoever moved up for one that fell out has kept its own, which may be 0: that is
    not chance.
    """

    made: int
    explored: int

    @property
    def share(self) -> float | None:
        """Return the share that was explored; None where the policy made no offer."""
        return self.explored / self.made if self.made else None


# Providers are counted by how many they had, so that a million of them come back as a few rows.
_SHARING = f"""
WITH had AS (
    SELECT offer.provider_id, count(*) AS offers, count(*) FILTER (WHERE offer.status = 'won') AS wins
      FROM leads_leadassignment AS offer JOIN leads_lead AS lead ON lead.id = offer.lead_id
     WHERE offer.created_at >= %(since)s AND offer.created_at < %(until)s AND {OF_THE_CATEGORY}
     GROUP BY offer.provider_id
), able AS (
    SELECT id FROM users_providerprofile AS provider
     WHERE status = 'active' AND (%(category)s::bigint IS NULL OR EXISTS (
           SELECT FROM users_providercategory AS offered
            WHERE offered.provider_id = provider.id AND offered.category_id = %(category)s))
), shared AS (
    SELECT coalesce(had.offers, 0) AS offers, coalesce(had.wins, 0) AS wins, able.id IS NOT NULL AS is_active
      FROM able FULL JOIN had ON had.provider_id = able.id
)
SELECT offers, wins, is_active, count(*) FROM shared GROUP BY GROUPING SETS ((offers), (wins), (is_active))
"""  # noqa: S608  built of constants alone

_EXPLORED = f"""
SELECT count(*), count(*) FILTER (WHERE offer.propensity > 0 AND offer.propensity < 1)
  FROM leads_leadassignment AS offer JOIN leads_lead AS lead ON lead.id = offer.lead_id
 WHERE offer.created_at >= %(since)s AND offer.created_at < %(until)s
   AND offer.propensity IS NOT NULL AND {OF_THE_CATEGORY}
"""  # noqa: S608  built of constants alone


def measure_sharing(scope: Scope) -> Sharing:
    """Return how the offers of a period, and their wins, are shared; one statement."""
    rows = read_rows(_SHARING, scope, scope.span)
    activity = {is_active: count for _offers, _wins, is_active, count in rows if is_active is not None}
    return Sharing(
        offers=Distribution({row[0]: row[3] for row in rows if row[0] is not None}),
        wins=Distribution({row[1]: row[3] for row in rows if row[1] is not None}),
        active=activity.get(True, 0),
        others=activity.get(False, 0),
    )


def count_explored(scope: Scope) -> Exploration:
    """Count the offers that the policy made in a period, and those of them that chance had a part in; one statement."""
    ((made, explored),) = read_rows(_EXPLORED, scope, scope.span)
    return Exploration(made, explored)
