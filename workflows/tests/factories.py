"""What the tests of the engine are made of."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from workflows import Channel, SystemActor, acting
from workflows.tests.toyapp.models import Item, Parcel

TEST = SystemActor("test")


def make_parcel(**fields: Any) -> Parcel:
    with acting(by=TEST, channel=Channel.COMMAND):
        return Parcel.objects.create(**{"address": "1 High Street", **fields})


def make_item(parcel: Parcel, name: str = "book") -> Item:
    with acting(by=TEST, channel=Channel.COMMAND):
        return Item.objects.create(parcel=parcel, name=name)


def make_user(name: str = "clerk", *codenames: str, **fields: Any) -> Any:
    user = get_user_model().objects.create_user(username=name, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user
