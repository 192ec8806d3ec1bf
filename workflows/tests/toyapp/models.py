"""Parcels with items: a small machine of every kind of transition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from django.db import models
from django_fsm import FSMField
from django_fsm import transition as plain_transition

from workflows import (
    SAME,
    Actor,
    Attempt,
    Blocker,
    Label,
    Owner,
    SystemActor,
    Tone,
    WorkflowModel,
    afterwards,
    guard,
    transition,
)

CARRIER = SystemActor("carrier")


@guard("Address is known")
def address_is_known(parcel: Parcel, attempt: Attempt) -> Blocker | None:
    return None if parcel.address else Blocker("Write the address on the parcel first.")


@guard("Weight is allowed")
def weight_is_allowed(parcel: Parcel, attempt: Attempt) -> Blocker | None:
    if parcel.weight_kg <= 20 or attempt.arguments.get("as_freight"):
        return None
    return Blocker(f"{parcel.weight_kg} kg is more than 20 kg: send it as freight.", lifted_by="as_freight")


@guard("Receiver is another person", needs=["receiver"])
def receiver_is_not_the_sender(parcel: Parcel, attempt: Attempt) -> Blocker | None:
    if attempt.arguments["receiver"] != parcel.sender:
        return None
    return Blocker("The sender cannot sign for it.")


class ReturnReason(models.TextChoices):
    REFUSED = "refused", "Refused"
    MOVED = "moved", "Moved away"


class Parcel(WorkflowModel):
    """One parcel on its way."""

    class Status(models.TextChoices):
        PACKED = "packed", "Packed"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        RETURNED = "returned", "Returned"
        LOST = "lost", "Lost"

    class Workflow:
        spine = ("packed", "sent", "delivered")
        closed = ("delivered", "returned", "lost")
        tones = {"delivered": Tone.GOOD, "lost": Tone.BAD}

    status = FSMField(choices=Status.choices, default=Status.PACKED, protected=True, editable=False)
    sender = models.CharField(max_length=40, default="Ann")
    address = models.CharField(max_length=80, blank=True)
    weight_kg = models.PositiveIntegerField(default=1)
    stops = models.JSONField(default=list, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        permissions = [("send_parcel", "Can send a parcel"), ("return_parcel", "Can return a parcel")]

    def __str__(self) -> str:
        return f"Parcel {self.pk}"

    @transition(
        status,
        source=Status.PACKED,
        target=Status.SENT,
        guards=[address_is_known, weight_is_allowed],
        permission="toyapp.send_parcel",
        system=["carrier"],
        label="Send",
        effects=["note the first stop"],
        primary=True,
        together="send_together",
    )
    def send(self, *, by: Actor, as_freight: Annotated[bool, Label("As freight")] = False) -> str:
        """Hand it to the carrier."""
        self.stops = [*self.stops, "depot"]
        return "on its way"

    @classmethod
    def send_together(cls, parcels: Sequence[Parcel], *, by: Actor, as_freight: bool = False) -> None:
        """Hand them to the carrier, who has no room for a piano."""
        for parcel in parcels:
            parcel.send.declaration.body(parcel, by=by, as_freight=as_freight)
        if any(parcel.sender == "pianist" for parcel in parcels):
            raise RuntimeError("no room")

    @transition(status, source=Status.SENT, target=SAME, system=["carrier"], label="Track")
    def track(self, *, by: Actor, stop: Annotated[str, Label("Stop")]) -> None:
        """Note where it is."""
        self.stops.append(stop)

    @transition(
        status,
        source=Status.SENT,
        target=Status.DELIVERED,
        guards=[receiver_is_not_the_sender],
        system=["carrier"],
        owner=Owner("the sender", lambda parcel, user: user.get_username() == parcel.sender),
        label="Deliver",
        effects=["hand over the items"],
        primary=True,
    )
    def deliver(self, *, by: Actor, receiver: Annotated[str, Label("Received by")]) -> None:
        """Give it to its receiver, item by item."""
        for item in self.items.order_by("pk"):
            item.hand_over(by=CARRIER)

    @transition(
        status,
        source=[Status.PACKED, Status.SENT],
        target=Status.RETURNED,
        permission="toyapp.return_parcel",
        label="Return",
        dangerous=True,
    )
    def give_back(
        self,
        *,
        by: Actor,
        reason: Annotated[ReturnReason, Label("Reason")],
        note: Annotated[str, Label("Note", "What the receiver said.")] = "",
    ) -> None:
        """Bring it back to its sender."""

    @transition(status, source=Status.SENT, target=Status.LOST, system=["timer"], label="Give up", timer=True)
    def lose(self, *, by: Actor) -> None:
        """Stop looking for it."""

    @transition(
        status,
        source=Status.RETURNED,
        target=Status.PACKED,
        permission="toyapp.send_parcel",
        label="Pack again",
    )
    def pack_again(self, *, by: Actor) -> None:
        """Try it once more."""


class Item(WorkflowModel):
    """One thing in a parcel; its parcel is locked before it."""

    class Status(models.TextChoices):
        INSIDE = "inside", "Inside"
        HANDED_OVER = "handed_over", "Handed over"
        BROKEN = "broken", "Broken"

    class Workflow:
        locks_first = ("parcel",)

    status = FSMField(choices=Status.choices, default=Status.INSIDE, protected=True, editable=False)
    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="items")
    name = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.name

    @transition(
        status,
        source=Status.INSIDE,
        target=Status.HANDED_OVER,
        system=["carrier"],
        together="hand_over_together",
    )
    def hand_over(self, *, by: Actor) -> None:
        """Give it out; a bomb goes off."""
        if self.name == "bomb":
            raise RuntimeError("boom")

    @classmethod
    def hand_over_together(cls, items: Sequence[Item], *, by: Actor) -> None:
        """Give them out; each is noted on its parcel, if that is on its way."""
        for item in items:
            afterwards(lambda item=item: item.parcel.track(by=CARRIER, stop=f"{item.name} out"))

    @transition(status, source=Status.INSIDE, target=Status.BROKEN, system=["carrier"])
    def drop(self, *, by: Actor) -> None:
        """Break it; afterwards the carrier notes it on the parcel."""
        afterwards(lambda: self.parcel.track(by=CARRIER, stop=f"{self.name} broke"))


class Lamp(models.Model):
    """A model with django-fsm alone, beside those of the engine."""

    state = FSMField(default="off")

    def __str__(self) -> str:
        return f"Lamp {self.pk}"

    @plain_transition(state, source="off", target="on")
    def light(self) -> None:
        """Give light."""
