"""Leads, decisions, offers and notifications, as plain as can be; the providers are the real ones."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django_fsm import FSMField, transition
from django_fsm_log.decorators import fsm_log_by

from backend.catalog.models import Category
from backend.users.models import ProviderProfile

__all__ = ["Assignment", "Decision", "Message", "Request"]


class Request(models.Model):
    """A lead."""

    status = FSMField(default="new")
    title = models.CharField(max_length=200)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")
    latitude = models.FloatField()
    longitude = models.FloatField()
    language = models.CharField(max_length=5)
    email = models.EmailField()
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Request]] = models.Manager()

    def __str__(self) -> str:
        return self.title

    @fsm_log_by  # type: ignore[untyped-decorator]  # of django-fsm-log
    @transition(field=status, source="new", target="verified")
    def verify(self, by: Any = None) -> None:
        """Confirm that it is genuine; receivers do the rest when it is saved."""


class Decision(models.Model):
    """Who was ranked for a request, best first: ``[{"provider", "user", "score", "distance_km"}, …]``."""

    request = models.OneToOneField(Request, on_delete=models.CASCADE, related_name="+")
    candidates = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Decision]] = models.Manager()

    def __str__(self) -> str:
        return f"Decision {self.pk}"


class Assignment(models.Model):
    """An offer of a request to a provider."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey(ProviderProfile, on_delete=models.CASCADE, related_name="+")
    status = FSMField(default="offered")
    rank = models.PositiveIntegerField()
    score = models.FloatField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Assignment]] = models.Manager()

    class Meta:
        unique_together = [("request", "provider")]

    def __str__(self) -> str:
        return f"Assignment {self.pk}"


class Message(models.Model):
    """A notification of one person."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    type = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Message]] = models.Manager()

    def __str__(self) -> str:
        return self.subject
