"""What nobody writes by hand: events and workers do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

__all__ = ["ReadOnly", "badge", "link"]

# In the colours of workflow states (workflows/admin.css).
_TONES = {"delivered": "good", "dead": "bad", "failed": "bad", "skipped": "muted", "abandoned": "muted"}


def badge(status: str, label: str) -> SafeString:
    """Return a status as a badge in the colour of its meaning, which its word says too."""
    return format_html(
        '<span class="wf-admin"><span class="wf-badge wf-tone-{}">{}</span></span>',
        _TONES.get(status, "plain"),
        label,
    )


def link(address: str, text: object) -> SafeString:
    """Return a link that looks like one."""
    return format_html('<span class="wf-admin"><a class="wf-link" href="{}">{}</a></span>', address, text)


class ReadOnly:
    """An admin, or an inline, that only shows."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: it comes about by itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: it is as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: it stays on record."""
        return False
