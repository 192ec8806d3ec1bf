"""Changing the terms: a draft of other ones, and putting a version in force in the place of the one before."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from backend.catalog.models import Category
from backend.leads.models import TermsVersion
from backend.leads.terms import MARKET_TERMS
from backend.leads.terms_in_force import read_terms_book
from workflows import Actor, SystemActor, clock

__all__ = ["draft_terms", "find_version_in_force", "put_in_force"]

TERMS = SystemActor("terms")


def draft_terms(category: Category | None = None, *, why: str = "", **changes: int | None) -> TermsVersion:
    """Return an unsaved draft: what is in force for the market or the category, with the changes."""
    present = find_version_in_force(category)
    source = present or (read_terms_book().market if category is None else None)
    said = {name: getattr(source, name) for name in MARKET_TERMS} if source else {}
    return TermsVersion(category=category, why=why, based_on=present, **{**said, **changes})


def find_version_in_force(category: Category | None) -> TermsVersion | None:
    """Return the version in force for the market, or the category's own; None: nobody has published one."""
    return TermsVersion.objects.filter(status=TermsVersion.Status.IN_FORCE, category=category).first()


def put_in_force(version: TermsVersion, *, by: Actor) -> None:
    """Replace what is in force for the same scope; note who publishes.

    The guards of ``publish`` have locked out other publishings.
    """
    in_force = TermsVersion._base_manager.select_for_update(no_key=True, of=("self",))
    for present in in_force.filter(status=TermsVersion.Status.IN_FORCE, category=version.category_id):
        present.replace(by=TERMS)
    version.published_at = clock.now()
    version.published_by = by if isinstance(by, AbstractBaseUser) else None  # type: ignore[assignment]  # the user model
