"""What if these terms were in force, or this model ranked?  Asked of past leads, and answered by a job."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from backend.leads.models.terms_version import TermsVersion
from backend.matching.models import RankingModel
from workflows import clock

__all__ = ["WhatIf"]


class WhatIf(models.Model):
    """One try of a version of the terms, or of a ranking model, on the leads of the last days.

    ``tried`` describes what was tried, as it was when the job read it: the terms of every category, and the model.
    ``total`` leads are to be looked at (None: no job has begun), ``done`` have been.  Once it has ``finished_at``,
    either ``result`` is a ``ReplayReport`` in JSON or ``error`` says why there is none.
    """

    terms: models.ForeignKey[TermsVersion | None, TermsVersion | None] = models.ForeignKey(
        TermsVersion,
        verbose_name=_("terms"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="what_ifs",
    )
    model: models.ForeignKey[RankingModel | None, RankingModel | None] = models.ForeignKey(
        RankingModel,
        verbose_name=_("ranking model"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="what_ifs",
    )
    days = models.PositiveSmallIntegerField(_("days"), default=30)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked"), default=clock.now, editable=False)
    total = models.PositiveIntegerField(_("leads"), null=True, blank=True, editable=False)
    done = models.PositiveIntegerField(_("leads looked at"), default=0, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True, editable=False)
    tried = models.JSONField(_("what was tried"), default=dict, editable=False)
    result = models.JSONField(_("result"), null=True, blank=True, editable=False)
    error = models.CharField(_("why there is no result"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("what-if")
        verbose_name_plural = _("what-ifs")
        ordering = ["-id"]
        constraints = [
            # It answers one question.
            models.CheckConstraint(
                condition=models.Q(terms__isnull=True, model__isnull=False)
                | models.Q(terms__isnull=False, model__isnull=True),
                name="what_if_tries_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return _now("%(what)s on the last %(days)d days") % {"what": self.subject, "days": self.days}

    @property
    def subject(self) -> TermsVersion | RankingModel:
        """Return what is tried."""
        subject = self.terms or self.model
        if subject is None:
            raise AssertionError("A constraint of the database has it that one of them is there.")
        return subject

    @property
    def is_under_way(self) -> bool:
        """Return whether its answer is still to come."""
        return self.finished_at is None
