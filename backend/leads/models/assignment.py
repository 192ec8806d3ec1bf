"""The offer of a lead to a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from backend.leads import guards
from backend.leads.models.decision import RoutingDecision
from backend.users.models import ProviderProfile
from workflows import Actor, Label, Owner, SystemActor, Tone, WorkflowModel, clock, transition

if TYPE_CHECKING:
    from backend.leads.models.lead import Lead

__all__ = ["DeclineReason", "LeadAssignment"]

PROVIDER = Owner(_("the provider"), lambda assignment, user: assignment.provider.user_id == user.pk)


class DeclineReason(models.TextChoices):
    """Why a provider does not want a lead."""

    TOO_BUSY = "too_busy", _("No time")
    TOO_FAR = "too_far", _("Too far")
    BUDGET = "budget", _("Budget too small")
    NOT_MY_WORK = "not_my_work", _("Not my kind of work")
    OTHER = "other", _("Other")


class LeadAssignment(WorkflowModel):
    """One offer of one lead to one provider: open until it is answered, ends, or is taken back."""

    class Status(models.TextChoices):
        """``offered → accepted → won``, with exits."""

        OFFERED = "offered", _("Offered")
        ACCEPTED = "accepted", _("Accepted")
        WON = "won", _("Won")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        LOST = "lost", _("Lost")

    class Workflow:
        """How its machine is drawn, and what is locked with it."""

        spine = ("offered", "accepted", "won")
        closed = ("won", "declined", "expired", "withdrawn", "lost")
        tones = {"won": Tone.GOOD, "declined": Tone.BAD, "lost": Tone.BAD}
        # Lead before offer: whoever changes an offer holds its lead, so that places are counted once.
        locks_first = ("lead",)

    status = FSMField(
        _("status"), choices=Status.choices, default=Status.OFFERED, protected=True, editable=False
    )
    lead: models.ForeignKey[Lead, Lead] = models.ForeignKey(
        "leads.Lead", verbose_name=_("lead"), on_delete=models.PROTECT, related_name="assignments"
    )
    provider = models.ForeignKey(
        ProviderProfile, verbose_name=_("provider"), on_delete=models.PROTECT, related_name="assignments"
    )
    decision = models.ForeignKey(
        RoutingDecision, verbose_name=_("decision"), on_delete=models.PROTECT, related_name="assignments"
    )
    rank = models.PositiveIntegerField(_("rank"), help_text=_("Its place in the ranking of the decision."))
    score = models.FloatField(_("score"))
    predicted = models.FloatField(
        _("promised"),
        null=True,
        editable=False,
        help_text=_(
            "P(accepts) as ranking saw it. None: claimed, chosen by hand, or older than predictions."
        ),
    )
    propensity = models.FloatField(
        _("propensity"),
        null=True,
        editable=False,
        help_text=_("The probability with which the policy makes this offer. None: no policy made it."),
    )
    was_claimed = models.BooleanField(
        _("claimed"),
        default=False,
        editable=False,
        help_text=_("The provider took the place itself: it had been told of the lead."),
    )
    starts_at = models.DateTimeField(
        _("open from"),
        default=clock.now,
        help_text=_("When its time begins to run: at the end of quiet hours, when the provider opens."),
    )
    expires_at = models.DateTimeField(_("open until"))
    remind_at = models.DateTimeField(
        _("reminder"), null=True, blank=True, editable=False, help_text=_("When the provider is reminded.")
    )
    created_at = models.DateTimeField(_("offered"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["lead_id", "decision_id", "rank"]
        permissions = [
            ("answer_leadassignment", "Can answer an offer for its provider"),
            ("withdraw_leadassignment", "Can withdraw an offer"),
        ]
        constraints = [
            # No provider twice on a lead, in whatever wave.
            models.UniqueConstraint(fields=["lead", "provider"], name="lead_is_offered_once_to_a_provider"),
        ]
        indexes = [
            # The offers of a provider, by state; also its open ones.
            models.Index(fields=["provider", "status"], name="offer_by_provider"),
            # The latest offers of a provider, and its figures over a period.
            models.Index(fields=["provider", "-created_at", "-id"], name="offer_latest_of_provider"),
            # "Which offers have run out?", over open ones only.
            models.Index(fields=["expires_at"], name="offer_by_end", condition=models.Q(status="offered")),
            # "Which providers are to be reminded?", over open ones only.
            models.Index(
                fields=["remind_at"],
                name="offer_by_reminder",
                condition=models.Q(status="offered", remind_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead.reference} → {self.provider}"

    @transition(
        status,
        source=Status.OFFERED,
        target=Status.ACCEPTED,
        guards=[guards.offer_has_not_expired, guards.place_can_be_accepted, guards.provider_takes_part],
        permission="leads.answer_leadassignment",
        owner=PROVIDER,
        label=_("Accept"),
        effects=[_("reveal the contact")],
        primary=True,
    )
    def accept(self, *, by: Actor) -> None:
        """Take the lead: from now on the provider sees how to reach the client."""
        from backend.leads.services import answers, track_records

        track_records.note_answer(self, is_accepted=True)
        answers.free_capacity(self)

    @transition(
        status,
        source=Status.OFFERED,
        target=Status.ACCEPTED,
        guards=[
            guards.provider_was_told,
            guards.offer_has_not_expired,
            guards.place_can_be_claimed,
            guards.provider_has_capacity,
        ],
        owner=PROVIDER,
        label=_("Claim"),
        effects=[_("reveal the contact")],
    )
    def claim(self, *, by: Actor) -> None:
        """Take a free place on a lead that the provider was told of: see ``answers.claim``, which makes the offer."""
        from backend.leads.services import answers

        answers.count_claim(self, by=by)

    @transition(
        status,
        source=Status.OFFERED,
        target=Status.DECLINED,
        permission="leads.answer_leadassignment",
        owner=PROVIDER,
        label=_("Decline"),
        effects=[_("offer the place to the next")],
    )
    def decline(
        self,
        *,
        by: Actor,
        reason: Annotated[DeclineReason, Label(_("Reason"))],
        note: Annotated[str, Label(_("Note"))] = "",
    ) -> None:
        """Leave the lead to others."""
        from backend.leads.services import answers, track_records

        track_records.note_answer(self, is_accepted=False)
        answers.make_room(self)

    @transition(
        status,
        source=Status.OFFERED,
        target=Status.EXPIRED,
        guards=[guards.offer_has_run_out],
        system=["timer"],
        label=_("Expire"),
        effects=[_("offer the place to the next")],
        timer=True,
    )
    def expire(self, *, by: Actor) -> None:
        """End an offer that was not answered in time."""
        from backend.leads.services import answers, track_records

        track_records.note_silence(self)
        answers.make_room(self)

    @transition(
        status,
        source=[Status.OFFERED, Status.ACCEPTED],
        target=Status.WITHDRAWN,
        permission="leads.withdraw_leadassignment",
        system=["closing", "revision"],
        label=_("Withdraw"),
        effects=[_("notify the provider"), _("offer the place to the next")],
        dangerous=True,
    )
    def withdraw(self, *, by: Actor, reason: Annotated[str, Label(_("Reason"))]) -> None:
        """Take the offer back; what the system withdraws it for says itself what becomes of the place."""
        from backend.leads.services import announcements, answers

        if isinstance(by, SystemActor):
            answers.free_capacity(self)
        else:
            answers.make_room(self)
        announcements.tell_provider_of_withdrawal(self, reason)

    @transition(
        status,
        source=Status.ACCEPTED,
        target=Status.WON,
        system=["closing"],
        label=_("Win"),
        effects=[_("notify the provider")],
    )
    def win(self, *, by: Actor) -> None:
        """Get the job: the client chose this provider."""
        from backend.leads.services import announcements, track_records

        track_records.note_choice(self, is_won=True)
        announcements.tell_provider_of_award(self, has_won=True)

    @transition(
        status,
        source=[Status.OFFERED, Status.ACCEPTED],
        target=Status.LOST,
        system=["closing"],
        label=_("Lose"),
        effects=[_("notify the provider")],
    )
    def lose(self, *, by: Actor) -> None:
        """Not get the job: the client chose another provider."""
        from backend.leads.services import announcements, answers, track_records

        track_records.note_choice(self, is_won=False)
        answers.free_capacity(self)
        announcements.tell_provider_of_award(self, has_won=False)
