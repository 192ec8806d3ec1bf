"""Machines to draw: those of the marketplace, as far as a drawing is concerned, and unusual ones."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from workflows.machine import Argument, Guard, Machine, State, Tone, Transition


def _holds(instance: Any, attempt: Any) -> None:
    return None


def guard(label: str) -> Guard:
    return Guard(code=label.lower().replace(" ", "_"), label=label, check=_holds)


def guards(*labels: str) -> tuple[Guard, ...]:
    return tuple(guard(label) for label in labels)


def opened(value: str) -> State:
    return State(value=value, label=value.replace("_", " ").capitalize(), is_open=True)


def closed(value: str, tone: Tone = Tone.MUTED) -> State:
    return State(value=value, label=value.replace("_", " ").capitalize(), is_open=False, tone=tone)


def move(name: str, sources: str, target: str | None, **more: Any) -> Transition:
    """``sources`` are separated by spaces."""
    label = name.replace("_", " ").capitalize()
    return Transition(name=name, label=label, sources=tuple(sources.split()), target=target, **more)


REASON = Argument(
    name="reason",
    label="Reason",
    annotation=str,
    default="",
    is_required=True,
    help_text="The client reads it.",
)

LEAD = Machine(
    label="leads.lead",
    name="lead",
    title="Lead",
    field="state",
    initial="new",
    states=(
        opened("new"),
        opened("verified"),
        opened("quoted"),
        closed("won", Tone.GOOD),
        closed("rejected", Tone.BAD),
        closed("duplicate"),
        closed("cancelled"),
        closed("expired"),
    ),
    spine=("new", "verified", "quoted", "won"),
    transitions=(
        move(
            "verify",
            "new",
            "verified",
            description="Check the contact and send the lead to providers.",
            guards=guards("Contact is confirmed", "Not a duplicate", "Category is served"),
            effects=("route once", "assign once"),
            permission="leads.verify_lead",
            system=("confirmation", "importer"),
            is_primary=True,
        ),
        move(
            "reroute",
            "verified quoted",
            None,
            guards=guards("A place is free", "Deadline has not passed"),
            effects=("next wave",),
            permission="leads.reroute_lead",
        ),
        move("record_quote", "verified quoted", "quoted", effects=("notify client",), system=("quotes",)),
        move("award", "quoted", "won", effects=("other offers end", "notify"), owner="the lead's client"),
        move("reject", "new verified", "rejected", arguments=(REASON,), is_dangerous=True),
        move("mark_duplicate", "new verified", "duplicate", is_dangerous=True),
        move("cancel", "new verified quoted", "cancelled", owner="the lead's client", is_dangerous=True),
        move("expire", "new verified quoted", "expired", system=("clock",), is_timer=True),
        move("reopen", "rejected duplicate expired", "new", permission="leads.reopen_lead"),
    ),
)

OFFER = Machine(
    label="leads.leadassignment",
    name="leadassignment",
    title="Offer",
    field="state",
    initial="offered",
    states=(
        opened("offered"),
        opened("accepted"),
        closed("won", Tone.GOOD),
        closed("lost", Tone.BAD),
        closed("declined", Tone.BAD),
        closed("expired"),
        closed("withdrawn"),
    ),
    spine=("offered", "accepted", "won"),
    transitions=(
        move(
            "accept",
            "offered",
            "accepted",
            guards=guards("Provider has credit", "Deadline has not passed", "A place is free"),
            effects=("hold credit", "share contact"),
            owner="the offer's provider",
            is_primary=True,
        ),
        move("decline", "offered", "declined", arguments=(REASON,), effects=("next wave",)),
        move("expire", "offered", "expired", is_timer=True, effects=("next wave",)),
        move("win", "accepted", "won", effects=("capture credit",), system=("award",)),
        move("lose", "offered accepted", "lost", effects=("release credit",), system=("award",)),
        move("withdraw", "offered accepted", "withdrawn", permission="leads.withdraw_leadassignment"),
    ),
)

PROVIDER = Machine(
    label="catalog.providerprofile",
    name="providerprofile",
    title="Provider",
    field="state",
    initial="pending",
    states=(opened("pending"), opened("active"), opened("paused"), opened("suspended"), closed("retired")),
    spine=("pending", "active"),
    transitions=(
        move("approve", "pending", "active", guards=guards("Papers are checked"), is_primary=True),
        move("pause", "active", "paused", owner="the provider"),
        move("resume", "paused", "active", owner="the provider"),
        move("suspend", "active paused", "suspended", arguments=(REASON,), is_dangerous=True),
        move("reinstate", "suspended", "active"),
        move("retire", "pending active paused suspended", "retired", is_dangerous=True),
    ),
)

DOOR = Machine(
    label="toys.door",
    name="door",
    title="Door",
    field="state",
    initial="ajar",
    states=(opened("ajar"), closed("shut", Tone.GOOD)),
    spine=("ajar", "shut"),
    transitions=(move("shut", "ajar", "shut"),),
)

LAMP = Machine(
    label="toys.lamp",
    name="lamp",
    title="Lamp",
    field="state",
    initial="off",
    states=(opened("off"), opened("dimmed"), opened("bright")),
    spine=("off", "dimmed", "bright"),
    transitions=(
        move("switch_on", "off", "dimmed", guards=guards("Current flows")),
        move("brighten", "dimmed", "bright"),
        move("jump", "off", "bright"),
        move("switch_off", "dimmed bright", "off", is_timer=True),
        move("flicker", "dimmed bright", None),
        move("hum", "bright", None),
    ),
)

_STEPS = ("drafted", "sent", "read", "answered", "priced", "checked", "signed", "built")
JOURNEY = Machine(
    label="toys.journey",
    name="journey",
    title="Journey & <return>",
    field="state",
    initial="drafted",
    states=(
        *(opened(step) for step in _STEPS),
        closed("paid", Tone.GOOD),
        closed("unpaid", Tone.BAD),
        closed("written_off_after_a_very_long_dispute", Tone.BAD),
        closed("forgotten"),
    ),
    spine=(*_STEPS, "paid"),
    transitions=(
        *(move(f"step_to_{end}", start, end) for start, end in pairwise(_STEPS)),
        move("pay", "built", "paid", guards=guards("Money < arrived > & counted")),
        move(
            "refuse_to_pay",
            "built",
            "unpaid",
            effects=("remind once", "call a lawyer", "write a very long letter"),
        ),
        move("pay_early", "priced", "paid"),
        move("settle", "signed built", "paid"),
        move("return", "checked signed", "answered", guards=guards("Something is wrong with it")),
        move("start_again", "built answered", "drafted"),
        move("skip", "sent", "priced"),
        move("forget", "drafted sent read", "forgotten", is_timer=True),
        move("give_up", "answered priced", "forgotten", is_dangerous=True),
        move("dispute", "paid unpaid", "written_off_after_a_very_long_dispute"),
        move("remember", "forgotten", "read"),
        move("refund", "paid", "unpaid"),
        move("archive", "forgotten", None),
    ),
)

TICKET = Machine(
    label="toys.ticket",
    name="ticket",
    title="Ticket",
    field="state",
    initial="open",
    states=(
        opened("open"),
        opened("waiting"),
        closed("solved", Tone.GOOD),
        closed("refused", Tone.BAD),
        closed("lost"),
    ),
    spine=("open", "solved"),
    transitions=(
        move("wait", "open", "waiting"),
        move("answer", "waiting", "open"),
        move("solve", "open", "solved", effects=("thank",)),
        move("refuse", "open", "refused", guards=guards("It is nonsense")),
        move("lose", "open", "lost", is_timer=True),
    ),
)

FORK = Machine(
    label="toys.fork",
    name="fork",
    title="Fork",
    field="state",
    initial="quoted",
    states=(opened("quoted"), closed("chosen", Tone.GOOD), closed("not_chosen", Tone.BAD), closed("expired")),
    spine=("quoted", "chosen"),
    transitions=(
        move("choose", "quoted", "chosen", effects=("notify",)),
        move("pass_on", "quoted", "not_chosen"),
        move("expire", "quoted", "expired", is_timer=True),
    ),
)

ARCHIVED_FIRST = Machine(
    label="toys.archive",
    name="archive",
    title="Archive",
    field="state",
    initial="archived",
    states=(closed("archived"), closed("burnt", Tone.BAD)),
    spine=("archived",),
    transitions=(move("burn", "archived", "burnt"), move("dust", "archived burnt", None)),
)

MACHINES = (LEAD, OFFER, PROVIDER, DOOR, LAMP, JOURNEY, TICKET, FORK, ARCHIVED_FIRST)
