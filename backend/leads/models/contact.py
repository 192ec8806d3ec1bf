"""How a client is reached: in a row of its own, so that it can be shown, locked and erased apart from the lead."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.leads.contact_keys import email_key, phone_key
from backend.leads.models.indexes import CONTACT_INDEXES

__all__ = ["LeadContact"]


class LeadContact(models.Model):
    """The contact of one lead.  ``email_key`` and ``phone_key`` are what duplicates are told by."""

    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(
        _("phone"), max_length=40, blank=True, help_text=_("With the country's code: +49 170 1234567.")
    )
    email_key = models.CharField(max_length=254, blank=True, editable=False)
    phone_key = models.CharField(max_length=20, blank=True, editable=False)
    is_placeholder = models.BooleanField(
        _("placeholder"),
        default=False,
        editable=False,
        help_text=_("The source named no contact; the lead was imported all the same."),
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("confirmed by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("Staff who confirmed it; empty when the client did, with a code."),
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            # A lead without any way to its client is worth nothing; a placeholder says so openly.
            models.CheckConstraint(
                condition=~models.Q(email_key="", phone_key="") | models.Q(is_placeholder=True),
                name="contact_has_a_way_to_the_client",
            ),
        ]
        indexes = [
            # "Has this client asked before?", by either key.
            models.Index(fields=["email_key"], name="contact_by_email", condition=~models.Q(email_key="")),
            models.Index(fields=["phone_key"], name="contact_by_phone", condition=~models.Q(phone_key="")),
            *CONTACT_INDEXES,
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or str(_("no contact"))

    def save(self, **kwargs: Any) -> None:
        """Save; the keys follow what they are made from."""
        self.set_keys()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "email_key", "phone_key"}
        super().save(**kwargs)

    def clean(self) -> None:
        """Raise: ValidationError when there is no way to the client, or the phone number cannot be one."""
        self.set_keys()
        if self.phone and not self.phone_key:
            raise ValidationError(
                {"phone": _("Not a phone number with its country's code: +49 170 1234567.")}
            )
        if not (self.email_key or self.phone_key or self.is_placeholder):
            raise ValidationError(_("Give an e-mail address or a phone number."))

    def set_keys(self) -> None:
        """Derive the keys from e-mail and phone."""
        self.email_key = email_key(self.email)
        self.phone_key = phone_key(self.phone)
