"""The hash chain of the audit log: every record carries the SHA-256 of its facts and of the link before it.

The database computes it in a trigger, so that a row inserted by raw SQL is bound in as well, and a check
recomputes it by the same expression over a whole table.  One chain per object: a row that is changed, removed
or slipped in breaks the chain of its object from there on.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

__all__ = [
    "CHAIN_FUNCTION",
    "DIGEST",
    "HAPPENED_FUNCTION",
    "Link",
    "check_link",
    "find_broken_links",
]

_FACTS = (
    "jsonb_build_array("
    "{record}.machine, {record}.object_id, {record}.sequence, {log}.transition, {log}.source_state, {log}.state, "
    "to_char({log}.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), {log}.by_id, {record}.actor, "
    "{record}.channel, {record}.request_id, {record}.reason, {record}.arguments, "
    "extract(epoch FROM {record}.time_in_previous_state), {record}.previous_hash)"
)
# The hash of an event, as an expression over its ``record`` and its row of the ``log``.
DIGEST = f"encode(sha256(convert_to({_FACTS}::text, 'UTF8')), 'hex')"

# Runs before a record is inserted: finds the link before, refuses a gap or a log row of another object, and
# fills in both hashes.  A statement that inserts several records of one object chains them in its order.
CHAIN_FUNCTION = f"""
    SELECT * INTO STRICT log FROM django_fsm_log_statelog WHERE id = NEW.log_id;
    IF log.object_id <> NEW.object_id THEN
        RAISE EXCEPTION 'Cannot log % %: its log row is of object %.', NEW.machine, NEW.object_id, log.object_id
            USING ERRCODE = 'check_violation';
    END IF;
    NEW.previous_hash := '';
    IF NEW.sequence > 1 THEN
        SELECT hash INTO NEW.previous_hash FROM workflows_transitionrecord
         WHERE machine = NEW.machine AND object_id = NEW.object_id AND sequence = NEW.sequence - 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Cannot log event % of % %: there is no event before it.',
                NEW.sequence, NEW.machine, NEW.object_id USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    NEW.hash := {DIGEST.format(record="NEW", log="log")};
    RETURN NEW;
"""  # noqa: S608  built of constants alone

# Runs at commit: an event is of an object that has come that far.  A forged one would bar the number of the next real
# one.  An object that is gone by then leaves its events.  Tables are named as Django names them (workflows.E013).
HAPPENED_FUNCTION = """
    IF to_regclass(replace(NEW.machine, '.', '_')) IS NULL THEN
        RAISE EXCEPTION 'Cannot log an event of %: there is no such machine.', NEW.machine
            USING ERRCODE = 'check_violation';
    END IF;
    EXECUTE format('SELECT version FROM %I WHERE id = $1', replace(NEW.machine, '.', '_'))
       INTO reached USING NEW.object_id;
    IF reached < NEW.sequence THEN
        RAISE EXCEPTION 'Cannot commit event % of % %: it has had only %.',
            NEW.sequence, NEW.machine, NEW.object_id, reached USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""

_BROKEN = f"""
    SELECT log_id FROM (
        SELECT r.log_id, r.hash, r.previous_hash,
               lag(r.hash, 1, '') OVER (PARTITION BY r.object_id ORDER BY r.sequence) AS link_before,
               row_number() OVER (PARTITION BY r.object_id ORDER BY r.sequence) AS position,
               r.sequence, {DIGEST.format(record="r", log="s")} AS recomputed
          FROM workflows_transitionrecord r JOIN django_fsm_log_statelog s ON s.id = r.log_id
         WHERE r.machine = %s
    ) chained
    WHERE hash <> recomputed OR previous_hash <> link_before OR sequence <> position
    ORDER BY log_id
"""  # noqa: S608  built of constants alone


def find_broken_links(machine: str) -> list[int]:
    """Recompute the chains of a machine (by label); return the ids of the log rows that do not fit."""
    with connection.cursor() as cursor:
        cursor.execute(_BROKEN, [machine])
        return [row[0] for row in cursor.fetchall()]


_LINK = f"""
    SELECT r.hash = {DIGEST.format(record="r", log="s")},
           CASE WHEN r.sequence = 1 THEN r.previous_hash = ''
                ELSE r.previous_hash = coalesce(before.hash, 'missing') END
      FROM workflows_transitionrecord r
      JOIN django_fsm_log_statelog s ON s.id = r.log_id
      LEFT JOIN workflows_transitionrecord before
        ON before.machine = r.machine AND before.object_id = r.object_id AND before.sequence = r.sequence - 1
     WHERE r.log_id = %s
"""  # noqa: S608  built of constants alone


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain: whether its facts are those that were hashed, and whether it hangs on the one before."""

    has_its_facts: bool
    follows: bool

    @property
    def holds(self) -> bool:
        """Return whether nothing is wrong with it."""
        return self.has_its_facts and self.follows


def check_link(log_id: int) -> Link | None:
    """Recompute the link of one event (by its log row); None when there is no such event."""
    with connection.cursor() as cursor:
        cursor.execute(_LINK, [log_id])
        row = cursor.fetchone()
    return Link(has_its_facts=row[0], follows=row[1]) if row else None
