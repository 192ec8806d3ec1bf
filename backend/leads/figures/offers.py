"""What became of the offers made in a period, and in the one before."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BooleanField, Case, Count, Value, When

from backend.leads.figures.milestones import CLOSED_BY_PROVIDER, Answer, answer_of_offer
from backend.leads.figures.scope import Scope
from backend.leads.models import LeadAssignment

__all__ = ["AnswerCounts", "count_answers"]


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """How many offers ended how; every answer has its number."""

    by_answer: dict[Answer, int]

    @property
    def made(self) -> int:
        """Return how many offers were made."""
        return sum(self.by_answer.values())

    @property
    def closed(self) -> int:
        """Return how many offers a provider answered or let run out."""
        return sum(self.by_answer[one] for one in CLOSED_BY_PROVIDER)

    @property
    def acceptance_rate(self) -> float | None:
        """Return the share of the closed ones that was accepted; None when none is closed."""
        return self.by_answer[Answer.ACCEPTED] / self.closed if self.closed else None


def count_answers(scope: Scope) -> tuple[AnswerCounts, AnswerCounts]:
    """Count the offers made in the period, and those of the period before it; one statement for both."""
    offers = LeadAssignment._base_manager.filter(
        created_at__gte=scope.span.before.since, created_at__lt=scope.span.until
    )
    if scope.category_id is not None:
        offers = offers.filter(lead__category=scope.category_id)
    is_now = Case(
        When(created_at__gte=scope.span.since, then=Value(value=True)),
        default=Value(value=False),
        output_field=BooleanField(),
    )
    groups = offers.order_by().annotate(is_now=is_now, answer=answer_of_offer()).values("is_now", "answer")
    rows = groups.annotate(count=Count("pk")).values_list("is_now", "answer", "count")
    counts = {(was_now, answer): count for was_now, answer, count in rows}
    now, before = (
        AnswerCounts({answer: counts.get((is_in_period, answer.value), 0) for answer in Answer})
        for is_in_period in (True, False)
    )
    return now, before
