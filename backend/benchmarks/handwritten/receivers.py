"""Two receivers of a saved request: the first routes it once it is verified, the second assigns it and notifies."""

from __future__ import annotations

import contextlib
import datetime
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import models
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from backend.benchmarks.handwritten.models import Assignment, Decision, Message, Request
from backend.jobs.queue import enqueue, enqueue_many
from backend.users.models import ProviderProfile

__all__ = ["assign_request", "route_request", "writing_in_bulk"]

M = TypeVar("M", bound=models.Model)

OFFERED, TOLD = 5, 20
OPEN_FOR = datetime.timedelta(hours=48)
KM_PER_DEGREE = 111.2
RADIUS_KM_MAX = 200

_writes_in_bulk: ContextVar[bool] = ContextVar("handwritten_writes_in_bulk", default=False)


@contextlib.contextmanager
def writing_in_bulk() -> Iterator[None]:
    """Write many rows in one statement meanwhile, as somebody does who has seen what a loop costs."""
    token = _writes_in_bulk.set(True)
    try:
        yield
    finally:
        _writes_in_bulk.reset(token)


@receiver(post_save, sender=Request, dispatch_uid="handwritten_route")
def route_request(sender: type[Request], *, instance: Request, created: bool, **kwargs: Any) -> None:
    """Rank the providers that offer the category near enough and have room, and write that down."""
    if instance.status != "verified" or Decision.objects.filter(request=instance).exists():
        return
    ranked = sorted(_list_candidates(instance), key=lambda one: one["score"], reverse=True)
    Decision.objects.create(request=instance, candidates=ranked[: OFFERED + TOLD])


@receiver(post_save, sender=Request, dispatch_uid="handwritten_assign")
def assign_request(sender: type[Request], *, instance: Request, created: bool, **kwargs: Any) -> None:
    """Offer it to the best, and tell them and the next best."""
    if instance.status != "verified" or Assignment.objects.filter(request=instance).exists():
        return
    ranked = Decision.objects.get(request=instance).candidates
    expires_at = timezone.now() + OPEN_FOR
    _save_all(
        [
            Assignment(
                request=instance,
                provider_id=one["provider"],
                rank=rank,
                score=one["score"],
                expires_at=expires_at,
            )
            for rank, one in enumerate(ranked[:OFFERED], start=1)
        ]
    )
    messages = _save_all([_message(instance, one, rank) for rank, one in enumerate(ranked)])
    _enqueue_mails(messages)


def _list_candidates(request: Request) -> Iterator[dict[str, Any]]:
    degrees = RADIUS_KM_MAX / KM_PER_DEGREE
    open_offers = (
        Assignment.objects.filter(provider=OuterRef("pk"), status="offered")
        .order_by()
        .values("provider")
        .annotate(n=Count("pk"))
        .values("n")
    )
    providers = (
        ProviderProfile.objects.filter(
            status="active",
            categories=request.category,
            languages__contains=[request.language],
            latitude__range=(request.latitude - degrees, request.latitude + degrees),
            longitude__range=(request.longitude - degrees, request.longitude + degrees),
        )
        .annotate(open_offers=Coalesce(Subquery(open_offers), 0))
        .filter(open_offers__lt=F("open_offers_max"))
    )
    for provider in providers:
        distance_km = _distance_km(request, provider)
        if distance_km <= provider.radius_km:
            score = float(provider.rating or 3) / 5 - distance_km / provider.radius_km / 2
            yield {
                "provider": provider.pk,
                "user": provider.user_id,
                "score": round(score, 6),
                "distance_km": round(distance_km, 2),
            }


def _distance_km(request: Request, provider: ProviderProfile) -> float:
    """Return the distance, by the plane that touches the earth there: good enough within a town."""
    north = request.latitude - provider.latitude
    east = (request.longitude - provider.longitude) * math.cos(math.radians(request.latitude))
    return KM_PER_DEGREE * math.hypot(north, east)


def _message(request: Request, one: dict[str, Any], rank: int) -> Message:
    is_offered = rank < OFFERED
    return Message(
        recipient_id=one["user"],
        type="lead_assigned" if is_offered else "lead_verified",
        subject=f"{'An offer for you' if is_offered else 'A lead that you may claim'}: {request.title}",
        path=f"/provider/offers/{request.pk}/",
    )


def _save_all(rows: Sequence[M]) -> Sequence[M]:
    if not _writes_in_bulk.get():
        for row in rows:
            row.save()
        return rows
    manager: models.Manager[Any] = type(rows[0])._default_manager
    return manager.bulk_create(rows)


def _enqueue_mails(messages: Sequence[Message]) -> None:
    """Have a mail sent for each message: a job each, as `send_mail.delay(message.pk)` would make."""
    jobs = [{"number": message.pk} for message in messages]
    if _writes_in_bulk.get():
        enqueue_many("benchmarks.do_nothing", jobs)
        return
    for job in jobs:
        enqueue("benchmarks.do_nothing", **job)
