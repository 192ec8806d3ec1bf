"""The tables that keep matching fast and honest: where providers work, how busy they are, how they did so far."""

from __future__ import annotations

from django.contrib.postgres.indexes import GistIndex
from django.db import models

from backend.catalog.models import Category
from backend.matching.fields import BoxField
from backend.matching.ranking_models import RankingModel
from backend.users.models import ProviderProfile

__all__ = ["CategoryRecord", "CoverageArea", "ProviderLoad", "RankingModel", "TrackRecord"]


class CoverageArea(models.Model):
    """One piece of the area in which one provider offers one category: an index over the profiles.

    Written by ``coverage.refresh_coverage`` alone.  There is a second piece where the area crosses the
    antimeridian; a retired provider has none.
    """

    provider = models.ForeignKey(
        ProviderProfile, on_delete=models.CASCADE, db_index=False, related_name="coverage_areas"
    )
    category = models.ForeignKey(Category, on_delete=models.CASCADE, db_index=False, related_name="+")
    piece = models.PositiveSmallIntegerField(help_text="0, or 1 for the part beyond the antimeridian.")
    area = BoxField(help_text="Bounding box in degrees; longitudes are shifted by 1,000 × category.")
    ux = models.FloatField(help_text="Unit vector of the centre: towards latitude 0, longitude 0.")
    uy = models.FloatField(help_text="Unit vector of the centre: towards latitude 0, longitude 90.")
    uz = models.FloatField(help_text="Unit vector of the centre: towards the north pole.")
    cos_radius = models.FloatField(help_text="Cosine of the radius as an angle at the globe's centre.")
    prior = models.FloatField(help_text="What is known of the provider before any request; higher is better.")

    class Meta:
        constraints = [
            # Two refreshes at once never leave a provider twice in a search; serves the delete by provider.
            models.UniqueConstraint(
                fields=["provider", "category", "piece"], name="coverage_piece_is_unique"
            ),
        ]
        indexes = [
            # Serves `search.find_candidates`: who covers this point, and who nearly does, in this category.
            GistIndex(fields=["area"], name="coverage_area_gist"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} · {self.category_id} · {self.area}"


class ProviderLoad(models.Model):
    """How much of its capacity one provider has in use: a counter for each limit of its profile.

    Changed by ``capacity.reserve`` and ``capacity.release`` alone, under a lock.  Day and month are those of
    the provider's time zone; a counter of an earlier day or month counts as zero.
    """

    provider = models.OneToOneField(
        ProviderProfile, on_delete=models.CASCADE, primary_key=True, related_name="load"
    )
    open_offers = models.IntegerField(default=0, help_text="Offers that wait for its answer.")
    day_date = models.DateField(null=True, help_text="The day counted; empty before the first offer.")
    offers_on_day = models.IntegerField(default=0)
    month_date = models.DateField(null=True, help_text="First day of the month counted.")
    offers_in_month = models.IntegerField(default=0)
    offers_total = models.IntegerField(default=0, help_text="Offers it ever got.")
    last_offered_at = models.DateTimeField(null=True, help_text="Empty before the first offer.")

    class Meta:
        constraints = [
            # A release that nobody reserved, or one too many, fails instead of making room that is not there.
            models.CheckConstraint(
                condition=models.Q(
                    open_offers__gte=0, offers_on_day__gte=0, offers_in_month__gte=0, offers_total__gte=0
                ),
                name="load_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.open_offers}"


class Sums(models.Model):
    """What became of offers, as sums in which each counts half after ``track_record.HALF_LIFE``.

    ``answered`` counts offers that were accepted, declined or left to expire; ``accepted`` those of them that were
    accepted.  ``responses`` counts answers that a provider gave itself, ``log_hours`` sums ln(1 + hours) until it
    did.  ``finished`` counts accepted offers whose client has chosen, ``won`` those chosen.
    """

    answered = models.FloatField(default=0)
    accepted = models.FloatField(default=0)
    responses = models.FloatField(default=0)
    log_hours = models.FloatField(default=0)
    finished = models.FloatField(default=0)
    won = models.FloatField(default=0)

    class Meta:
        abstract = True


class TrackRecord(Sums):
    """How one provider did in one category, as of an instant.  Written by ``track_record`` alone."""

    provider = models.ForeignKey(
        ProviderProfile, on_delete=models.CASCADE, db_index=False, related_name="track_records"
    )
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="+")
    as_of = models.DateTimeField(help_text="The instant to which the sums have faded.")

    class Meta:
        constraints = [
            # One row to add to; serves the search, which reads it by both.
            models.UniqueConstraint(fields=["provider", "category"], name="track_record_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} · {self.category_id}: {self.accepted:.1f} of {self.answered:.1f}"


class CategoryRecord(Sums):
    """How all providers did in one category: what one is taken for as long as little is known of it."""

    category = models.OneToOneField(Category, on_delete=models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.category_id}: {self.accepted:.1f} of {self.answered:.1f}"
