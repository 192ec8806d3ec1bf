"""The same step, written by hand with django-fsm, django-fsm-log and receivers: what `verify` is compared with.

An app of its own for the benchmark alone, as one writes it after reading the documentation of both: the transition
sets the state, ``save()`` fires two receivers, the first routes and the second assigns and notifies.  It makes as many
offers, notifications and jobs as ours.  It has none of the rest: no lock, no check of who may, no guards but the
source state, no counted capacity, no reasons for whoever is left out, no hash chain, no triggers.
"""
