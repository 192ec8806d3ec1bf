"""What must hold in the whole database: invariants as SQL, found in every app, and runs that look for violations.

An app declares its own in a module ``invariants``, as a tuple ``INVARIANTS``; those of machines and their log are
generated from the machines.  ``manage.py audit`` examines them all.
"""

from workflows.invariants.catalogue import list_invariants
from workflows.invariants.examination import Finding, examine, examine_all
from workflows.invariants.invariant import Invariant, SharedScan

__all__ = ["Finding", "Invariant", "SharedScan", "examine", "examine_all", "list_invariants"]
