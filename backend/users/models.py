"""Who takes part: users (staff, clients, providers' people) and the profiles of providers."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Annotated, Any

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField
from django_fsm_log.models import StateLog

from backend.catalog.models import Category
from workflows import Actor, Label, Owner, Tone, WorkflowModel, clock, transition

__all__ = ["Language", "ProviderCategory", "ProviderProfile", "User", "validate_time_zone"]


def validate_time_zone(name: str) -> None:
    """Raise: ValidationError when there is no such time zone: its provider's day could not be told."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(name)s” is no time zone: write it like Europe/Berlin."), params={"name": name}
        )


class Language(models.TextChoices):
    """Languages that clients write and providers speak (ISO 639-1)."""

    ENGLISH = "en", _("English")
    GERMAN = "de", _("German")
    FRENCH = "fr", _("French")
    ITALIAN = "it", _("Italian")
    SPANISH = "es", _("Spanish")
    DUTCH = "nl", _("Dutch")
    POLISH = "pl", _("Polish")
    CZECH = "cs", _("Czech")
    HINDI = "hi", _("Hindi")
    MARATHI = "mr", _("Marathi")


class User(AbstractUser):
    """One person who can log in.  People who acted are deactivated, never deleted: the audit log names them."""

    language = models.CharField(
        _("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH
    )

    class Meta(AbstractUser.Meta):
        pass

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete somebody who never acted.  Raises: ProtectedError for one whom the audit log names."""
        events = StateLog.objects.filter(by=self)
        if events.exists():
            raise ProtectedError(
                f"{self} is named in the audit log: deactivate the login instead.", set(events[:100])
            )
        return super().delete(*args, **kwargs)


RADIUS_KM_MIN, RADIUS_KM_MAX = 0.1, 2000.0

ITSELF = Owner(_("the provider itself"), lambda profile, user: profile.user_id == user.pk)


class ProviderProfile(WorkflowModel):
    """One business that takes leads: what it offers, where, how much of it, and whether it is routed to."""

    class Status(models.TextChoices):
        """Only an active provider is routed to."""

        PENDING = "pending", _("Pending")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        SUSPENDED = "suspended", _("Suspended")
        RETIRED = "retired", _("Retired")

    class Workflow:
        """How its machine is drawn."""

        spine = ("pending", "active")
        closed = ("retired",)
        tones = {"active": Tone.GOOD, "suspended": Tone.BAD, "paused": Tone.MUTED, "retired": Tone.MUTED}

    status = FSMField(
        _("status"), choices=Status.choices, default=Status.PENDING, protected=True, editable=False
    )
    user = models.OneToOneField(
        User, verbose_name=_("user"), on_delete=models.PROTECT, related_name="provider_profile"
    )
    company_name = models.CharField(_("company"), max_length=120)
    categories: models.ManyToManyField[Category, ProviderCategory] = models.ManyToManyField(
        Category, verbose_name=_("categories"), through="ProviderCategory", related_name="providers"
    )
    place_name = models.CharField(_("place"), max_length=120, blank=True)
    latitude = models.FloatField(
        _("latitude"),
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("Centre of the service area, in degrees."),
    )
    longitude = models.FloatField(
        _("longitude"),
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text=_("Centre of the service area, in degrees."),
    )
    radius_km = models.FloatField(
        _("radius"),
        default=25,
        validators=[MinValueValidator(RADIUS_KM_MIN), MaxValueValidator(RADIUS_KM_MAX)],
        help_text=_("How far from the centre it works, in kilometres."),
    )
    languages = ArrayField(
        models.CharField(max_length=5, choices=Language.choices), verbose_name=_("languages"), default=list
    )
    open_offers_max = models.PositiveIntegerField(
        _("open offers"), default=5, help_text=_("How many offers may wait for its answer at a time.")
    )
    leads_per_day_max = models.PositiveIntegerField(
        _("offers per day"),
        default=10,
        help_text=_("How many offers it may get in one day of its time zone."),
    )
    leads_per_month_max = models.PositiveIntegerField(
        _("offers per month"), default=200, help_text=_("How many offers it may get in one calendar month.")
    )
    holiday_from_date = models.DateField(_("holiday from"), null=True, blank=True)
    holiday_until_date = models.DateField(
        _("holiday until"), null=True, blank=True, help_text=_("The last day of the holiday.")
    )
    opens_at = models.TimeField(_("opens"), default=datetime.time(0, 0))
    closes_at = models.TimeField(
        _("closes"), default=datetime.time(0, 0), help_text=_("The same as opening time: open all day.")
    )
    open_weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(7)]),
        verbose_name=_("open on"),
        default=list,
        blank=True,
        help_text=_("ISO weekdays, 1 is Monday; none named: every day."),
    )
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="UTC", validators=[validate_time_zone]
    )
    rating = models.FloatField(
        _("rating"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("Mean of its reviews, 1 to 5; empty while there are none."),
    )
    created_at = models.DateTimeField(_("since"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ["company_name"]
        permissions = [
            ("approve_providerprofile", "Can approve a provider"),
            ("pause_providerprofile", "Can pause and resume a provider"),
            ("suspend_providerprofile", "Can suspend and reinstate a provider"),
            ("retire_providerprofile", "Can retire a provider"),
        ]
        constraints = [
            # A holiday has both ends or none, in order: the eligibility rule compares both.
            models.CheckConstraint(
                condition=models.Q(holiday_from_date__isnull=True, holiday_until_date__isnull=True)
                | models.Q(
                    holiday_from_date__isnull=False,
                    holiday_until_date__isnull=False,
                    holiday_until_date__gte=models.F("holiday_from_date"),
                ),
                name="holiday_has_both_ends_in_order",
            ),
            # The coverage search divides by the radius and takes its cosine.
            models.CheckConstraint(
                condition=models.Q(
                    radius_km__gte=RADIUS_KM_MIN,
                    radius_km__lte=RADIUS_KM_MAX,
                    latitude__gte=-90,
                    latitude__lte=90,
                    longitude__gte=-180,
                    longitude__lte=180,
                ),
                name="service_area_is_on_the_globe",
            ),
        ]

    def __str__(self) -> str:
        return self.company_name

    @transition(
        status,
        source=Status.PENDING,
        target=Status.ACTIVE,
        permission="users.approve_providerprofile",
        label=_("Approve"),
        primary=True,
        effects=[_("leads are routed to it")],
    )
    def approve(self, *, by: Actor) -> None:
        """Let the provider take part: from now on it is routed to."""

    @transition(
        status,
        source=Status.ACTIVE,
        target=Status.PAUSED,
        permission="users.pause_providerprofile",
        owner=ITSELF,
        label=_("Pause"),
        effects=[_("no new offers")],
    )
    def pause(self, *, by: Actor, reason: Annotated[str, Label(_("Reason"))] = "") -> None:
        """Stop new offers for a while; open offers stay."""

    @transition(
        status,
        source=Status.PAUSED,
        target=Status.ACTIVE,
        permission="users.pause_providerprofile",
        owner=ITSELF,
        label=_("Resume"),
        primary=True,
        effects=[_("leads are routed to it again")],
    )
    def resume(self, *, by: Actor) -> None:
        """Take new offers again."""

    @transition(
        status,
        source=[Status.ACTIVE, Status.PAUSED],
        target=Status.SUSPENDED,
        permission="users.suspend_providerprofile",
        label=_("Suspend"),
        dangerous=True,
        effects=[_("no new offers")],
    )
    def suspend(self, *, by: Actor, reason: Annotated[str, Label(_("Reason"))]) -> None:
        """Keep the provider from new offers until somebody has looked into it."""

    @transition(
        status,
        source=Status.SUSPENDED,
        target=Status.ACTIVE,
        permission="users.suspend_providerprofile",
        label=_("Reinstate"),
        effects=[_("leads are routed to it again")],
    )
    def reinstate(self, *, by: Actor, reason: Annotated[str, Label(_("Reason"))]) -> None:
        """Take a suspension back."""

    @transition(
        status,
        source=[Status.PENDING, Status.ACTIVE, Status.PAUSED, Status.SUSPENDED],
        target=Status.RETIRED,
        permission="users.retire_providerprofile",
        label=_("Retire"),
        dangerous=True,
        effects=[_("no new offers, for good")],
    )
    def retire(self, *, by: Actor, reason: Annotated[str, Label(_("Reason"))]) -> None:
        """End the provider's part for good; its history stays."""


class ProviderCategory(models.Model):
    """One category that one provider offers, with what it usually charges."""

    provider = models.ForeignKey(ProviderProfile, on_delete=models.CASCADE, related_name="offered_categories")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")
    typical_price = models.DecimalField(
        _("typical price"), max_digits=10, decimal_places=2, null=True, blank=True
    )

    class Meta:
        verbose_name = _("offered category")
        verbose_name_plural = _("offered categories")
        constraints = [
            # A provider offers a category once: its coverage has one row for each.
            models.UniqueConstraint(fields=["provider", "category"], name="category_is_offered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} · {self.category}"
