"""The terms that operations change: each version kept for good, drafted, published, replaced by the next."""

from __future__ import annotations

from typing import Annotated, Any

import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from backend.catalog.models import Category
from backend.leads import terms_guards
from backend.leads.terms import MARKET_TERMS, TERMS_BY_CATEGORY, Terms, find_faults
from backend.leads.terms_in_force import read_terms_book
from workflows import Actor, Label, Tone, WorkflowModel, clock, transition

__all__ = ["TermsVersion"]

_MARKET_ALONE = [name for name in MARKET_TERMS if name not in TERMS_BY_CATEGORY]
_KEPT = ("category_id", "based_on_id", *MARKET_TERMS)


def _row_sql(version: str) -> str:
    return f"({', '.join(f'{version}.{column}' for column in _KEPT)})"


def _term(label: Any, help_text: Any) -> Any:
    return models.PositiveIntegerField(label, null=True, blank=True, help_text=help_text)


class TermsVersion(WorkflowModel):
    """One version of the terms: of the whole market, or of a category that differs from it in some of them.

    Of a market's version every term is set; of a category's those that are None are the market's.
    """

    class Status(models.TextChoices):
        """One version at a time is in force for the market, and at most one for each category."""

        DRAFT = "draft", _("Draft")
        IN_FORCE = "in_force", _("In force")
        PAST = "past", _("Past")
        DISCARDED = "discarded", _("Discarded")

    class Workflow:
        """How its machine is drawn, and what transitions alone write."""

        spine = ("draft", "in_force", "past")
        closed = ("past", "discarded")
        tones = {"in_force": Tone.GOOD, "past": Tone.MUTED, "discarded": Tone.MUTED}
        governs = ("published_at", "published_by")

    status = FSMField(
        _("status"), choices=Status.choices, default=Status.DRAFT, protected=True, editable=False
    )
    category: models.ForeignKey[Category | None, Category | None] = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: the whole market. A category's version says only where it differs."),
    )
    why = models.CharField(
        _("why"), max_length=300, help_text=_("What it is to bring about: whoever looks back reads this.")
    )
    based_on: models.ForeignKey[TermsVersion | None, TermsVersion | None] = models.ForeignKey(
        "self",
        verbose_name=_("based on"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("What was in force when it was drafted."),
    )
    created_at = models.DateTimeField(_("drafted"), default=clock.now, editable=False)
    published_at = models.DateTimeField(_("in force since"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("published by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    places = _term(_("places"), _("Offers of a lead that may be open or accepted at a time."))
    accepted_max = _term(_("providers that may accept"), _("Of one lead; then it is taken."))
    accepted_enough = _term(
        _("acceptances that are enough"), _("Then no further wave is made; what is free may be claimed.")
    )
    told_max = _term(
        _("told beside"), _("Next best providers that hear of a verified lead and may claim a place.")
    )
    offers_max = _term(_("offers of a lead"), _("In all its waves."))
    waves_max = _term(_("waves of a lead"), _("Those that found nobody included."))
    exploration_percent = _term(
        _("places by chance, in percent"),
        _(
            "Drawn from those who are not the best, so that the market keeps learning; 20: one of five places."
        ),
    )
    new_provider_offers = _term(
        _("offers until no longer new"),
        _("A provider that was offered fewer leads ever is likelier drawn by chance; 0: nobody is new."),
    )
    offer_hours = _term(
        _("hours of an offer"), _("From when its provider is open and may be disturbed until it expires.")
    )
    reminder_hours = _term(
        _("reminder of an offer"), _("Hours before its end; at half its time where that is later.")
    )
    choose_days = _term(
        _("days to choose"), _("From the first quote until the client is reminded to choose.")
    )
    retry_minutes = _term(
        _("minutes until another look"),
        _("For providers of a lead that lacks some; news of one comes first."),
    )
    verify_hours = _term(_("hours to verify"), _("A new lead that waits longer brings a reminder to staff."))
    lead_days = _term(_("days of a lead"), _("How long it may be offered, unless its client says otherwise."))
    duplicate_days = _term(
        _("days of a duplicate"), _("Within which the same contact asking for the same repeats itself.")
    )
    provider_open_offers = _term(_("open offers"), _("Limit that a new provider starts with."))
    provider_offers_a_day = _term(_("offers a day"), _("Limit that a new provider starts with."))
    provider_offers_a_month = _term(_("offers a month"), _("Limit that a new provider starts with."))

    class Meta:
        verbose_name = _("version of the terms")
        verbose_name_plural = _("terms")
        ordering = ["-id"]
        permissions = [("publish_termsversion", "Can publish terms")]
        constraints = [
            # What holds is never in doubt: one version for the market, and one for a category.
            models.UniqueConstraint(
                fields=["category"],
                condition=models.Q(status="in_force"),
                nulls_distinct=False,
                name="one_version_is_in_force",
            ),
            # A market's version says everything; a category's nothing of what is not decided by category.
            models.CheckConstraint(
                condition=models.Q(category=None, **{f"{name}__isnull": False for name in MARKET_TERMS})
                | models.Q(category__isnull=False, **{f"{name}__isnull": True for name in _MARKET_ALONE}),
                name="terms_fit_their_scope",
            ),
        ]
        triggers = [
            # What decisions were made by stays as it was, for raw SQL too.
            pgtrigger.Trigger(
                name="published_terms_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF OLD.status = 'draft' AND TG_OP = 'UPDATE' THEN
                        RETURN NEW;
                    ELSIF TG_OP = 'DELETE' AND OLD.status = 'draft' THEN
                        RETURN OLD;
                    ELSIF TG_OP = 'UPDATE' AND
                        {_row_sql("OLD")} IS NOT DISTINCT FROM {_row_sql("NEW")} THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'Cannot change version % of the terms: it is no draft any more.', OLD.id
                        USING ERRCODE = 'check_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"terms/{self.pk} · {self.scope}" if self.pk else str(_("new terms"))

    @property
    def scope(self) -> str:
        """Return for what it holds, in words."""
        return str(self.category) if self.category else gettext("whole market")

    @property
    def terms(self) -> Terms:
        """Return its values as terms; where it says nothing, those of the market in force."""
        names = MARKET_TERMS if self.category_id is None else TERMS_BY_CATEGORY
        values = {name: getattr(self, name) for name in names}
        return read_terms_book().market.with_changes(values, version=f"terms/{self.pk or 'draft'}")

    def clean(self) -> None:
        """Check the values against each other.  Raises: ValidationError, by field, when they cannot hold."""
        own = MARKET_TERMS if self.category_id is None else TERMS_BY_CATEGORY
        said = [name for name in MARKET_TERMS if getattr(self, name) is not None]
        faults: dict[str, Any] = {
            name: _("This is said for the whole market, not by category.") for name in said if name not in own
        }
        if self.category_id is None:
            faults |= {name: _("The market's terms say everything.") for name in own if name not in said}
        elif not said:
            faults["category"] = _("Say at least one term in which the category differs.")
        for name, message in find_faults(self.terms).items():
            # What the category does not say itself is told at the category.
            faults.setdefault(name if name in said else "category", message)
        if faults:
            raise ValidationError(faults)

    @transition(
        status,
        source=Status.DRAFT,
        target=Status.IN_FORCE,
        guards=[
            terms_guards.nothing_was_published_since,
            terms_guards.terms_can_hold,
            terms_guards.something_is_changed,
        ],
        permission="leads.publish_termsversion",
        label=_("Publish"),
        effects=[_("replaces the version in force"), _("holds from the next decision on")],
        dangerous=True,
    )
    def publish(
        self,
        *,
        by: Actor,
        replaces_newer: Annotated[
            bool,
            Label(
                _("Replace the newer version"), _("I have compared them; what it changed is to be undone.")
            ),
        ] = False,
    ) -> None:
        """Put the terms in force: the next decision, in any process, goes by them.  Offers that are out stay."""
        from backend.leads.services import publishing

        publishing.put_in_force(self, by=by)

    @transition(
        status,
        source=Status.IN_FORCE,
        target=Status.PAST,
        system=["terms"],
        label=_("Replace"),
    )
    def replace(self, *, by: Actor) -> None:
        """Give way to the next version of the same scope."""

    @transition(
        status,
        source=Status.IN_FORCE,
        target=Status.PAST,
        guards=[terms_guards.is_of_a_category],
        permission="leads.publish_termsversion",
        label=_("End exception"),
        effects=[_("the category follows the market again")],
        dangerous=True,
    )
    def end_exception(self, *, by: Actor, reason: Annotated[str, Label(_("Reason"))]) -> None:
        """Let the category follow the market's terms again."""

    @transition(
        status,
        source=Status.DRAFT,
        target=Status.DISCARDED,
        permission="leads.change_termsversion",
        label=_("Discard"),
        dangerous=True,
    )
    def discard(self, *, by: Actor) -> None:
        """Lay a draft aside for good."""
