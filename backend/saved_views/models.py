"""What people save of the lists they work with."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

__all__ = ["SavedView"]


class SavedView(models.Model):
    """One view of one list, saved by one person for themselves: state, filters, search and ordering, under a name.

    ``list_label`` is the model that is listed (``leads.lead``), ``query`` the address without its beginning.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    list_label = models.CharField(max_length=100)
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(max_length=2000, blank=True)
    is_default = models.BooleanField(
        _("opens first"), default=False, help_text=_("Shown when the list is opened without filters.")
    )

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = [Lower("name"), "pk"]
        default_permissions = ()  # each is its owner's alone
        constraints = [
            # A name means one view of a list, however it is written; serves the bar above the list.
            models.UniqueConstraint(
                models.F("owner"), models.F("list_label"), Lower("name"), name="view_has_a_name_of_its_own"
            ),
            # At most one of a list opens first.
            models.UniqueConstraint(
                fields=["owner", "list_label"],
                condition=models.Q(is_default=True),
                name="one_view_opens_first",
            ),
        ]

    def __str__(self) -> str:
        return self.name
