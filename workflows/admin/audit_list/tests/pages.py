"""Addresses of the audit list, and what its pages hold."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.test import Client
from django.urls import reverse

from workflows import TransitionRecord

__all__ = ["address", "csv_rows", "event_of", "listed", "narrowed"]


def address(page: str = "changelist", *args: Any, site: str = "stock") -> str:
    return reverse(f"admin:workflows_transitionrecord_{page}", args=args, current_app=site)


def listed(response: Any) -> list[str]:
    """Return the events on a page of the list: ``parcel 7 send``."""
    assert response.status_code == 200
    return [_told(row.record) for row in response.context["rows"]]


def narrowed(browser: Client, **filters: str) -> list[str]:
    return listed(browser.get(address(), filters))


def event_of(instance: Any, transition: str) -> TransitionRecord:
    """Return the last event of an object by the name of its transition."""
    found = TransitionRecord.objects.filter(
        machine=instance.machine_label(), object_id=instance.pk, log__transition=transition
    )
    return found.latest("sequence")


def csv_rows(response: Any) -> list[dict[str, str]]:
    """Return the rows of an exported file by their columns."""
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def _told(record: TransitionRecord) -> str:
    return f"{record.machine.partition('.')[2]} {record.object_id} {record.log.transition}"
