"""Trying terms or a model on past leads: asked by somebody, worked out by a job, kept with what it found."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backend.jobs.queue import enqueue
from backend.leads.models import TermsVersion, WhatIf
from backend.leads.replay.alternative import make_alternative
from backend.leads.replay.past_decisions import PastDecision, Period, count_decisions, read_decisions
from backend.leads.replay.replaying import replay
from backend.matching.learning.artifact import ArtifactUnreadable
from backend.matching.models import RankingModel
from backend.matching.off_policy import TooFewLeads
from workflows import clock

__all__ = ["ask_what_if", "is_stale", "work_out"]

# A job that has not come to an end by then does not: whoever asks again is not sent to wait for it.
_GIVEN_UP_AFTER = datetime.timedelta(minutes=15)

# How often the page that waits is told.
_TOLD_EVERY = 100


def ask_what_if(subject: TermsVersion | RankingModel, *, by: Any, days: int = 30) -> WhatIf:
    """Have somebody's question worked out, and return it; the one under way, where the same was just asked."""
    tried = {"terms": subject} if isinstance(subject, TermsVersion) else {"model": subject}
    with transaction.atomic():
        # Two clicks at once are one question.
        type(subject)._base_manager.select_for_update(no_key=True, of=("self",)).get(pk=subject.pk)
        recent = clock.now() - _GIVEN_UP_AFTER
        present = WhatIf.objects.filter(**tried, days=days, finished_at=None, asked_at__gte=recent).first()
        if present is not None:
            return present
        what_if = WhatIf.objects.create(**tried, days=days, asked_by=by)
        enqueue("leads.work_out_what_if", what_if_id=what_if.pk)
    return what_if


def work_out(what_if_id: int) -> None:
    """Answer a question, and keep the answer; one that has an answer, or was deleted, is left alone.

    Whatever goes wrong is kept as its error.
    """
    what_if = WhatIf.objects.filter(pk=what_if_id, finished_at=None).select_related("terms", "model").first()
    if what_if is None:
        return
    try:
        what_if.result = _replay(what_if)
    except TooFewLeads:
        what_if.error = _too_few(what_if)
    except ArtifactUnreadable as error:
        what_if.error = str(error)[:300]
    except Exception:
        _finish(what_if, error=_("An error came in the way; the job's page has it."))
        raise
    _finish(what_if, error=what_if.error)


def is_stale(what_if: WhatIf) -> bool:
    """Return whether the same question would be about something else by now: two statements.

    The draft was changed, or what it is tried together with: the other terms in force, the champion.
    """
    if what_if.result is None:
        return False
    try:
        return bool(what_if.tried != make_alternative(terms=what_if.terms, model=what_if.model).describe())
    except ArtifactUnreadable:
        return True


def _replay(what_if: WhatIf) -> dict[str, Any]:
    alternative = make_alternative(terms=what_if.terms, model=what_if.model)
    period = Period(what_if.asked_at - datetime.timedelta(days=what_if.days), what_if.asked_at)
    what_if.tried, what_if.total, what_if.done = alternative.describe(), count_decisions(period), 0
    what_if.save(update_fields=["tried", "total", "done"])
    return replay(period, alternative, decisions=_told(what_if, read_decisions(period))).to_json()


def _told(what_if: WhatIf, decisions: Iterator[PastDecision]) -> Iterator[PastDecision]:
    """Yield the decisions, and write down every now and then how many there were."""
    for count, past in enumerate(decisions, start=1):
        yield past
        if count % _TOLD_EVERY == 0:
            WhatIf.objects.filter(pk=what_if.pk).update(done=count)


def _too_few(what_if: WhatIf) -> str:
    if not what_if.total:
        return _("No lead was routed in these %(days)d days.") % {"days": what_if.days}
    return _("Of %(total)d leads in these %(days)d days fewer than two have their first answers.") % {
        "total": what_if.total,
        "days": what_if.days,
    }


def _finish(what_if: WhatIf, *, error: str) -> None:
    what_if.error, what_if.finished_at, what_if.done = error, clock.now(), what_if.total or 0
    what_if.save(update_fields=["result", "error", "finished_at", "done"])
