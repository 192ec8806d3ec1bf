"""The lead: a client's request, and the one machine that routing and assignment hang off."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from backend.catalog.models import Category
from backend.leads import guards
from backend.leads.models.assignment import LeadAssignment
from backend.leads.models.choices import CloseReason
from backend.leads.models.constraints import LEAD_CONSTRAINTS
from backend.leads.models.contact import LeadContact
from backend.leads.models.indexes import LEAD_INDEXES
from backend.leads.models.permissions import LEAD_PERMISSIONS
from backend.leads.models.references import make_reference
from backend.leads.models.request import REVISED_BY_ITS_TRANSITION, ClientRequest
from backend.leads.terms import Terms
from backend.leads.terms_in_force import read_terms
from backend.users.models import Language, ProviderProfile
from workflows import SAME, Actor, Label, Owner, SystemActor, Tone, WorkflowModel, clock, transition

__all__ = ["Lead"]

CLIENT = Owner(_("the client"), lambda lead, user: lead.client_id is not None and lead.client_id == user.pk)

WhyClosed = Annotated[CloseReason, Label(_("Reason"))]
Note = Annotated[str, Label(_("Note"))]


class Lead(ClientRequest, WorkflowModel):
    """One request of one client: what, where, by when, and how far it has come."""

    class Status(models.TextChoices):
        """``new → verified → quoted → won``, with exits."""

        NEW = "new", _("New")
        VERIFIED = "verified", _("Verified")
        QUOTED = "quoted", _("Quoted")
        WON = "won", _("Won")
        REJECTED = "rejected", _("Rejected")
        DUPLICATE = "duplicate", _("Duplicate")
        CANCELLED = "cancelled", _("Cancelled")
        EXPIRED = "expired", _("Expired")

    class Workflow:
        """How its machine is drawn, what is locked with it, and what transitions alone write."""

        spine = ("new", "verified", "quoted", "won")
        closed = ("won", "rejected", "duplicate", "cancelled", "expired")
        tones = {"won": Tone.GOOD, "rejected": Tone.BAD}
        locks_along = ("contact",)
        governs = ("wave", "duplicate_of", "retry_at", "remind_at")

    status = FSMField(_("status"), choices=Status.choices, default=Status.NEW, protected=True, editable=False)
    reference = models.CharField(
        _("reference"), max_length=12, unique=True, default=make_reference, editable=False
    )
    contact = models.OneToOneField(
        LeadContact, verbose_name=_("contact"), on_delete=models.PROTECT, related_name="lead"
    )
    client = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("client"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        help_text=_("The client's login, if there is one."),
    )
    source = models.CharField(_("source"), max_length=40, default="admin")
    source_key = models.CharField(
        max_length=100,
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text=_("What tells this lead in its source, so that it is not taken in twice."),
    )
    deadline_at = models.DateTimeField(
        _("deadline"),
        blank=True,
        help_text=_("Until when it may be offered; empty: as long as the terms say."),
    )
    duplicate_of = models.ForeignKey(
        "self",
        verbose_name=_("duplicate of"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="duplicates",
    )
    wave = models.PositiveIntegerField(
        _("wave"), default=0, editable=False, help_text=_("Waves routed so far.")
    )
    retry_at = models.DateTimeField(
        _("looks again"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When providers are looked for again; empty: it has all that it wants."),
    )
    remind_at = models.DateTimeField(
        _("reminder"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When whoever must act next is reminded: staff of a new lead, the client of its quotes."),
    )
    created_at = models.DateTimeField(_("submitted"), default=clock.now, editable=False)

    class Meta(ClientRequest.Meta):
        abstract = False
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["-created_at", "-id"]
        permissions = LEAD_PERMISSIONS
        constraints = LEAD_CONSTRAINTS
        indexes = LEAD_INDEXES
        triggers = [REVISED_BY_ITS_TRANSITION]

    def __str__(self) -> str:
        return f"{self.reference} · {self.title}"

    def save(self, **kwargs: Any) -> None:
        """Save it; a new one gets its times by the terms in force.  Raises: as ``WorkflowModel.save``."""
        if self._state.adding:
            self.set_times(read_terms(self.category_id))
        super().save(**kwargs)

    save.alters_data = True  # type: ignore[attr-defined]  # templates must not call it

    def set_times(self, terms: Terms) -> None:
        """Set when it ends and when staff are reminded of it, where that is not said: before it is inserted."""
        self.deadline_at = self.deadline_at or clock.now() + terms.lead_open_for
        self.remind_at = self.remind_at or clock.now() + terms.verify_within

    @property
    def is_offered(self) -> bool:
        """Return whether providers may be offered this lead, or accept it."""
        return self.status in (self.Status.VERIFIED, self.Status.QUOTED)

    @transition(
        status,
        source=Status.NEW,
        target=Status.VERIFIED,
        guards=[
            guards.contact_is_confirmed,
            guards.is_not_a_duplicate,
            guards.category_is_served,
            guards.deadline_has_not_passed,
        ],
        permission="leads.verify_lead",
        system=["confirmation", "importer"],
        label=_("Verify"),
        effects=[_("route once"), _("assign once")],
        primary=True,
        together="verify_together",
    )
    def verify(
        self,
        *,
        by: Actor,
        vouched: Annotated[
            bool, Label(_("I vouch for the contact"), _("It is genuine, though not confirmed."))
        ] = False,
        is_another_job: Annotated[
            bool, Label(_("It is another job"), _("Not the same as the earlier lead."))
        ] = False,
    ) -> None:
        """Confirm that the request is genuine; route it once and assign it once."""
        from backend.leads.services import lead_router
        from backend.leads.services.lead_assignment import LeadAssignmentService

        decision = lead_router.route(self)
        LeadAssignmentService().assign(decision)

    @classmethod
    def verify_together(
        cls, leads: Sequence[Lead], *, by: Actor, vouched: bool = False, is_another_job: bool = False
    ) -> None:
        """Verify many leads: route them once and assign them once, in the order of their keys."""
        from backend.leads.services import lead_router
        from backend.leads.services.lead_assignment import LeadAssignmentService

        LeadAssignmentService().assign_many(lead_router.route_many(leads))

    @transition(
        status,
        source=[Status.VERIFIED, Status.QUOTED],
        target=SAME,
        guards=[guards.place_is_free, guards.deadline_has_not_passed],
        permission="leads.reroute_lead",
        system=["router"],
        label=_("Reroute"),
        effects=[_("next wave")],
    )
    def reroute(self, *, by: Actor) -> None:
        """Offer the free places to the next best providers, never to one that was offered it before."""
        from backend.leads.services import lead_router
        from backend.leads.services.lead_assignment import LeadAssignmentService

        # On its own the system reroutes after an answer, whose transaction holds that provider's row.
        decision = lead_router.route(self, wait=not isinstance(by, SystemActor))
        LeadAssignmentService().assign(decision)

    @transition(
        status,
        source=[Status.VERIFIED, Status.QUOTED],
        target=SAME,
        guards=[guards.place_can_be_given, guards.deadline_has_not_passed, guards.provider_may_have_it],
        permission="leads.assign_by_hand_lead",
        label=_("Assign by hand"),
        effects=[_("one offer"), _("notify the provider")],
    )
    def assign_by_hand(
        self,
        *,
        by: Actor,
        provider: Annotated[ProviderProfile, Label(_("Provider"))],  # type: ignore[valid-type]  # django-stubs means its own Annotated
        reason: Annotated[str, Label(_("Reason"), _("Kept with the decision, for whoever asks why."))],
        override: Annotated[
            bool,
            Label(_("Offer it all the same"), _("I have reason to think that the provider wants it.")),
        ] = False,
    ) -> None:
        """Offer it to a provider of one's choice: an offer like any other; its decision says who chose and why."""
        from backend.leads.services import hand_routing
        from backend.leads.services.lead_assignment import LeadAssignmentService

        decision = hand_routing.route_by_hand(self, provider, by=by, reason=reason)
        LeadAssignmentService().assign(decision)

    @transition(
        status,
        source=[Status.VERIFIED, Status.QUOTED],
        target=SAME,
        guards=[guards.something_changes, guards.request_can_be_met, guards.deadline_has_not_passed],
        permission="leads.revise_lead",
        label=_("Revise"),
        effects=[_("withdraw offers that no longer fit"), _("tell the others"), _("next wave")],
    )
    def revise(
        self,
        *,
        by: Actor,
        category: Annotated[Category, Label(_("Category"))],  # type: ignore[valid-type]  # django-stubs means its own Annotated
        place_name: Annotated[str, Label(_("Place"), _("What providers read; the coordinates decide."))] = "",
        latitude: Annotated[float, Label(_("Latitude"))],
        longitude: Annotated[float, Label(_("Longitude"))],
        language: Annotated[Language, Label(_("Language"))],
        budget: Annotated[Decimal | None, Label(_("Budget"), _("Empty: none was named."))] = None,
    ) -> None:
        """Change what is asked for: the decision so far is superseded, and offers that do not fit end."""
        from backend.leads.services import revision

        self.category, self.latitude, self.longitude = category, latitude, longitude
        self.language, self.place_name, self.budget = language, place_name, budget
        revision.supersede(self)

    @transition(
        status,
        source=[Status.VERIFIED, Status.QUOTED],
        target=Status.QUOTED,
        guards=[guards.assignment_is_accepted],
        system=["quotes"],
        label=_("Record quote"),
        effects=[_("notify the client")],
    )
    def record_quote(
        self,
        *,
        by: Actor,
        assignment: Annotated[LeadAssignment, Label(_("From"))],  # type: ignore[valid-type]  # django-stubs means its own Annotated
    ) -> None:
        """Note that a provider has sent a quote; from the first one on the client has its time to choose."""
        from backend.leads.services import announcements

        if self.status == self.Status.VERIFIED:
            self.remind_at = clock.now() + read_terms(self.category_id).choose_within
        announcements.tell_client_of_quote(self, assignment)

    @transition(
        status,
        source=Status.QUOTED,
        target=Status.WON,
        guards=[guards.assignment_is_accepted],
        permission="leads.award_lead",
        owner=CLIENT,
        label=_("Award"),
        effects=[_("the others lose"), _("notify providers")],
        primary=True,
    )
    def award(
        self,
        *,
        by: Actor,
        assignment: Annotated[LeadAssignment, Label(_("To"))],  # type: ignore[valid-type]  # django-stubs means its own Annotated
    ) -> None:
        """Give the job to one of the providers that accepted it; the others have lost it."""
        from backend.leads.services import closing

        closing.award(self, assignment)

    @transition(
        status,
        source=[Status.NEW, Status.VERIFIED],
        target=Status.REJECTED,
        permission="leads.reject_lead",
        label=_("Reject"),
        effects=[_("withdraw offers")],
        dangerous=True,
    )
    def reject(self, *, by: Actor, reason: WhyClosed, note: Note = "") -> None:
        """End a request that is not genuine or cannot be served."""
        from backend.leads.services import closing

        closing.withdraw_all(self)

    @transition(
        status,
        source=[Status.NEW, Status.VERIFIED],
        target=Status.DUPLICATE,
        guards=[guards.original_is_another_lead],
        permission="leads.mark_duplicate_lead",
        system=["importer"],
        label=_("Mark duplicate"),
        effects=[_("withdraw offers")],
        dangerous=True,
    )
    def mark_duplicate(
        self,
        *,
        by: Actor,
        of: Annotated[Lead, Label(_("Original"))],  # type: ignore[valid-type]  # django-stubs means its own Annotated
    ) -> None:
        """End a request that repeats another."""
        from backend.leads.services import closing

        self.duplicate_of = of
        closing.withdraw_all(self)

    @transition(
        status,
        source=[Status.NEW, Status.VERIFIED, Status.QUOTED],
        target=Status.CANCELLED,
        permission="leads.cancel_lead",
        owner=CLIENT,
        label=_("Cancel"),
        effects=[_("withdraw offers")],
        dangerous=True,
    )
    def cancel(self, *, by: Actor, reason: WhyClosed, note: Note = "") -> None:
        """End a request that the client does not want any more."""
        from backend.leads.services import closing

        closing.withdraw_all(self)

    @transition(
        status,
        source=[Status.NEW, Status.VERIFIED, Status.QUOTED],
        target=Status.EXPIRED,
        guards=[guards.deadline_has_passed],
        system=["timer"],
        label=_("Expire"),
        effects=[_("withdraw offers")],
        timer=True,
    )
    def expire(self, *, by: Actor) -> None:
        """End a request whose deadline has passed."""
        from backend.leads.services import closing

        closing.withdraw_all(self)

    @transition(
        status,
        source=[Status.REJECTED, Status.DUPLICATE, Status.EXPIRED],
        target=Status.NEW,
        permission="leads.reopen_lead",
        label=_("Reopen"),
        effects=[_("a new deadline, if it has passed"), _("end the rights to claim")],
    )
    def reopen(self, *, by: Actor, reason: Annotated[str, Label(_("Reason"))]) -> None:
        """Take an end back: the lead is new again and must be verified again.

        Until then it may be edited freely: whoever was told of it as it was need not fit what it becomes.
        """
        self.tips.all().delete()
        self.duplicate_of = None
        terms = read_terms(self.category_id)
        self.remind_at = clock.now() + terms.verify_within
        if self.deadline_at <= clock.now():
            self.deadline_at = clock.now() + terms.lead_open_for
