"""Finding leads by what somebody on the telephone says: a reference, a name, a number, words of what is asked for.

Each way has an index of its own and gives keys; a lead is found when each word was found in one way or another.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Reverse

from backend.leads.contact_keys import phone_key
from backend.leads.models import Lead, LeadContact
from backend.leads.models.indexes import CONTACT_WORDS, LEAD_WORDS

__all__ = ["WORDS_MAX", "search_leads"]

WORDS_MAX = 8
"""Words beyond these are left out: each is a search of its own."""

_PHONE = re.compile(r"^(?:\+|00)?[\d\s()/.-]*$")
_PHONE_DIGITS_MIN = 5
_REFERENCE_MARK = "L-"


def search_leads(leads: QuerySet[Any], words: str, *, with_contacts: bool) -> QuerySet[Any]:
    """Return those of the leads that have all of the words; whoever may not see contacts finds nothing by them.

    A word is the beginning of one in the title, text or place, of a reference, or of a name or e-mail address.
    Digits are a telephone number, however it is written, or its end.
    """
    asked = words.replace("\0", " ").split()[:WORDS_MAX]
    if with_contacts and _is_phone(words):
        written = _all_of(Lead._base_manager.all(), asked, with_contacts=False)
        return leads.filter(pk__in=_by_contact(_has_phone(words)).union(_pks(written)))
    return _all_of(leads, asked, with_contacts=with_contacts)


def _all_of(leads: QuerySet[Any], asked: list[str], *, with_contacts: bool) -> QuerySet[Any]:
    for word in asked:
        hits = [_by_reference(word), _by_words(word)]
        if with_contacts:
            hits.append(_by_contact(Q(words=_beginning_with(word))))
        first, *others = hits
        # A union of keys, not one condition: each part is found by its own index.
        leads = leads.filter(pk__in=first.union(*others))
    return leads


def _by_reference(word: str) -> QuerySet[Any, Any]:
    beginning = word.upper()
    if not beginning.startswith(_REFERENCE_MARK):
        beginning = _REFERENCE_MARK + beginning
    return _pks(Lead._base_manager.filter(reference__startswith=beginning))


def _by_words(word: str) -> QuerySet[Any, Any]:
    return _pks(Lead._base_manager.alias(words=LEAD_WORDS).filter(words=_beginning_with(word)))


def _by_contact(condition: Q) -> QuerySet[Any, Any]:
    contacts = LeadContact._base_manager.alias(words=CONTACT_WORDS, backwards=Reverse("phone_key"))
    return _pks(Lead._base_manager.filter(contact__in=contacts.filter(condition).values("pk")))


def _pks(leads: QuerySet[Any]) -> QuerySet[Any, Any]:
    return leads.order_by().values("pk")


def _beginning_with(word: str) -> SearchQuery:
    """Return the query for words that begin so; quoted, so that nothing in it is an operator."""
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return SearchQuery(Value(f"'{quoted}':*"), config="simple", search_type="raw")


def _is_phone(words: str) -> bool:
    return bool(_PHONE.match(words.strip())) and sum(map(str.isdigit, words)) >= _PHONE_DIGITS_MIN


def _has_phone(words: str) -> Q:
    """Return the condition on contacts: the whole number with its country's code, or the end of one without."""
    written = re.sub(r"^00", "+", words.strip())
    if whole := phone_key(written):
        return Q(phone_key=whole)
    # Without the code of the country its digits begin with a 0 that is dialled within the country alone.
    digits = "".join(filter(str.isdigit, words)).lstrip("0")
    return Q(backwards__startswith=digits[::-1])
