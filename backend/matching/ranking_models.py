"""The models that were trained: tried in shadow, promoted, retired, along a machine; one ranks at a time."""

from __future__ import annotations

from typing import Annotated

import pgtrigger
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from backend.matching.learning.artifact import Artifact, ArtifactUnreadable
from workflows import (
    Actor,
    Attempt,
    Blocker,
    Label,
    SystemActor,
    Tone,
    WorkflowModel,
    clock,
    guard,
    transition,
)
from workflows.locking import lock_out

__all__ = ["RankingModel"]

SUCCESSION = SystemActor("succession")

_LOCK = 0x52414E4B  # "RANK"; any number will do that nothing else locks


@guard(_("It can be read"))
def can_be_read(model: RankingModel, attempt: Attempt) -> Blocker | None:
    """Its weights are numbers, for the features that there are."""
    try:
        Artifact.from_json(model.artifact)
    except ArtifactUnreadable as error:
        return Blocker(str(error))
    return None


@guard(_("It predicts better than the experts' weights"))
def is_better_than_the_experts(model: RankingModel, attempt: Attempt) -> Blocker | None:
    """On the last fifth of its examples, which it had not seen, its loss is lower."""
    judged = model.metrics.get("accept", {})
    learned, experts = judged.get("learned", {}).get("log_loss"), judged.get("experts", {}).get("log_loss")
    if attempt.arguments.get("although_no_better") or (learned and experts and learned < experts):
        return None
    if not (learned and experts):
        message = _now("It was not judged: there were too few offers to hold some out.")
    else:
        message = _now("Its loss was %(learned).4f where the experts' was %(experts).4f.") % {
            "learned": learned,
            "experts": experts,
        }
    return Blocker(message, lifted_by="although_no_better")


class RankingModel(WorkflowModel):
    """One trained model: its weights, what it was trained on, and how well it predicted what it had not seen.

    ``metrics`` has for each stage (``accept``, ``win``) how ``learned`` and ``experts`` did (``training.Judgement``).
    """

    class Status(models.TextChoices):
        """The champion ranks; the one in shadow ranks along, for the record."""

        CANDIDATE = "candidate", _("Candidate")
        SHADOW = "shadow", _("In shadow")
        CHAMPION = "champion", _("Champion")
        RETIRED = "retired", _("Retired")

    class Workflow:
        """How its machine is drawn."""

        spine = ("candidate", "shadow", "champion", "retired")
        closed = ("retired",)
        tones = {"champion": Tone.GOOD, "retired": Tone.MUTED}

    status = FSMField(
        _("status"), choices=Status.choices, default=Status.CANDIDATE, protected=True, editable=False
    )
    artifact = models.JSONField(_("weights"), editable=False)
    metrics = models.JSONField(_("metrics"), default=dict, editable=False)
    examples = models.PositiveIntegerField(_("answered offers"), editable=False)
    trained_from_at = models.DateTimeField(_("offers from"), editable=False)
    trained_until_at = models.DateTimeField(_("offers until"), editable=False)
    note = models.CharField(_("note"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("trained"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("ranking model")
        verbose_name_plural = _("ranking models")
        ordering = ["-id"]
        permissions = [("promote_rankingmodel", "Can promote, shadow and retire ranking models")]
        constraints = [
            # Who ranks is never in doubt; and one ranks along.
            models.UniqueConstraint(
                fields=["status"],
                condition=models.Q(status__in=["shadow", "champion"]),
                name="one_model_ranks_and_one_along",
            ),
        ]
        triggers = [
            # Decisions name it by its number: what it says never changes.
            pgtrigger.Trigger(
                name="artifact_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.artifact IS DISTINCT FROM NEW.artifact"),
                func="RAISE EXCEPTION 'Cannot change the weights of ranking model %: train another.', OLD.id"
                " USING ERRCODE = 'check_violation';",
            ),
        ]

    def __str__(self) -> str:
        return f"learned/{self.pk}"

    @transition(
        status,
        source=Status.CANDIDATE,
        target=Status.SHADOW,
        guards=[can_be_read],
        permission="matching.promote_rankingmodel",
        label=_("Try in shadow"),
        effects=[_("ranks along, for the record")],
    )
    def try_in_shadow(self, *, by: Actor) -> None:
        """Let it rank along: decisions keep its score beside the champion's, and go by the champion's."""
        self._replace(self.Status.SHADOW)

    @transition(
        status,
        source=[Status.CANDIDATE, Status.SHADOW, Status.RETIRED],
        target=Status.CHAMPION,
        guards=[can_be_read, is_better_than_the_experts],
        permission="matching.promote_rankingmodel",
        label=_("Promote"),
        effects=[_("retires the champion"), _("ranks from the next decision on")],
        dangerous=True,
    )
    def promote(
        self,
        *,
        by: Actor,
        although_no_better: Annotated[
            bool,
            Label(_("Although it is no better"), _("I have looked at its figures, and want it to rank.")),
        ] = False,
    ) -> None:
        """Let it rank from the next decision on, in the champion's place.  An earlier one comes back the same way."""
        self._replace(self.Status.CHAMPION)

    @transition(
        status,
        source=[Status.SHADOW, Status.CHAMPION],
        target=Status.RETIRED,
        permission="matching.promote_rankingmodel",
        system=["succession"],
        label=_("Retire"),
        effects=[_("without a champion the experts' weights rank")],
        dangerous=True,
    )
    def retire(self, *, by: Actor) -> None:
        """Let it rank no more."""

    def _replace(self, status: Status) -> None:
        """Retire the model that has the state, if there is one."""
        # Two that are promoted at the same time: the second finds the first.
        lock_out(_LOCK)
        present = type(self)._base_manager.filter(status=status).exclude(pk=self.pk)
        for model in present.select_for_update(no_key=True, of=("self",)):
            model.retire(by=SUCCESSION)
