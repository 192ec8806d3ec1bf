"""What the probes write down."""

from __future__ import annotations

from django.db import models


class Run(models.Model):
    """One run of a probe: by which process, from when to when."""

    label = models.CharField(max_length=100)
    process_id = models.IntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = []

    def __str__(self) -> str:
        return self.label


class Gate(models.Model):
    """A probe that waits at a gate goes on once there is a row with its name."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        default_permissions = []

    def __str__(self) -> str:
        return self.name
