"""What can be asked for (categories) and where (a gazetteer of cities)."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["Category", "City"]


class Category(models.Model):
    """One kind of service that clients ask for and providers offer."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(
        _("short name"), max_length=80, unique=True, help_text=_("Used in imports and addresses.")
    )
    is_served = models.BooleanField(
        _("served"), default=True, help_text=_("Only leads of a served category can be verified.")
    )
    typical_budget = models.DecimalField(
        _("typical budget"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("What a job of this kind usually costs, for comparing budgets."),
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class City(models.Model):
    """One city with the coordinates of its centre: turns the name of a place into a point."""

    name = models.CharField(_("name"), max_length=80)
    country_code = models.CharField(_("country"), max_length=2, help_text=_("ISO 3166-1 alpha-2."))
    latitude = models.FloatField(
        _("latitude"), validators=[MinValueValidator(-90), MaxValueValidator(90)], help_text=_("In degrees.")
    )
    longitude = models.FloatField(
        _("longitude"),
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text=_("In degrees."),
    )
    time_zone = models.CharField(_("time zone"), max_length=40, default="UTC")

    class Meta:
        verbose_name = _("city")
        verbose_name_plural = _("cities")
        ordering = ["name", "country_code"]
        constraints = [
            # One answer to "where is it?"; serves the look-up by name as well.
            models.UniqueConstraint(models.F("name"), models.F("country_code"), name="city_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.country_code})"
