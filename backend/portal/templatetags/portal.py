"""What the templates of the pages say in their own words."""

from __future__ import annotations

import datetime
from typing import Any

from django import template
from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.notifications.selectors import count_unread
from backend.portal.relative_time import describe_distance
from workflows import clock

__all__ = ["moment", "unread_count"]

register = template.Library()


@register.simple_tag
def unread_count(user: Any) -> int:
    """Return how many notifications a user has not opened."""
    return count_unread(user)


@register.filter
def moment(instant: datetime.datetime) -> SafeString:
    """Return how far an instant is away; the exact time shows on hover, and ``portal.js`` keeps it true."""
    local = timezone.localtime(instant)
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        instant.isoformat(),
        date(local, "j M Y, H:i T"),
        describe_distance(instant, now=clock.now()),
    )
