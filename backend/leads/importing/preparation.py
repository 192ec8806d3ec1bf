"""From options to a run: what they name is looked up, and refused when it is not there."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import phonenumbers

from backend.catalog.models import Category, City
from backend.leads.importing.errors import OptionRefused
from backend.leads.importing.mapping import map_columns
from backend.leads.importing.places import Gazetteer, Place
from backend.leads.importing.problems import ProblemLog
from backend.leads.importing.row_parser import NamedCategory, RowParser, Vocabulary
from backend.leads.importing.run import ImportRun, Policy, Progress
from backend.leads.importing.table import Table
from backend.leads.models import Lead, Urgency
from backend.users.models import Language, User
from workflows import clock

__all__ = ["ImportOptions", "prepare_run"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What whoever imports says of a file; see ``manage.py import_leads --help``."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    place_aliases: Mapping[str, str] = field(default_factory=dict)
    default_place: str | None = None
    country_code: str | None = None
    source: str = "import"
    encoding: str | None = None
    delimiter: str | None = None
    takes_placeholder_contacts: bool = False
    skips_bad_rows: bool = False
    is_dry_run: bool = False
    verifies: bool = False
    voucher: str | None = None


def prepare_run(
    path: Path, options: ImportOptions, *, progress: Progress, problem_file: TextIO | None = None
) -> ImportRun:
    """Return a run that is ready to start.  ``problem_file`` (a text stream, None: none) is written all problems.

    Raises: ImportRefused when the file cannot be read, or an option names what is not there.
    """
    country_code = _check_country(options.country_code)
    table = Table(
        path, encoding=_check_encoding(options.encoding), delimiter=_check_delimiter(options.delimiter)
    )
    vocabulary = _load_vocabulary(options, country_code)
    parser = RowParser(
        map_columns(table.header, chosen=options.columns, constants=options.constants),
        vocabulary,
        source=options.source,
        allows_placeholder=options.takes_placeholder_contacts,
    )
    policy = Policy(
        source=_check_source(options.source),
        now=vocabulary.now,
        skips_bad_rows=options.skips_bad_rows,
        writes=not options.is_dry_run,
        verifies=options.verifies,
        voucher=_find_voucher(options),
    )
    return ImportRun(table, parser, policy, problems=ProblemLog(problem_file), progress=progress)


def _load_vocabulary(options: ImportOptions, country_code: str | None) -> Vocabulary:
    cities = City.objects.values_list("name", "country_code", "latitude", "longitude")
    categories = Category.objects.order_by("slug").values_list("pk", "slug", "name")
    return Vocabulary(
        categories=tuple(NamedCategory(*row) for row in categories),
        gazetteer=Gazetteer(
            (Place(*row) for row in cities),
            country_code=country_code,
            aliases=options.place_aliases,
            default=options.default_place,
        ),
        urgencies={value: str(label) for value, label in Urgency.choices},
        languages={value: str(label) for value, label in Language.choices},
        now=clock.now(),
        country_code=country_code,
    )


def _check_source(source: str) -> str:
    length_max = Lead._meta.get_field("source").max_length
    if not source or len(source) > (length_max or 0):
        raise OptionRefused(f"--source: a name of 1 to {length_max} characters, not {source!r}.")
    return source


def _check_country(country_code: str | None) -> str | None:
    if country_code is None:
        return None
    if country_code.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise OptionRefused(
            f"--country: {country_code!r} is no country's code of two letters, such as DE or IN."
        )
    return country_code.upper()


def _check_encoding(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise OptionRefused(f"--encoding: there is no encoding {encoding!r}; try utf-8 or cp1252.") from error
    return encoding


def _check_delimiter(delimiter: str | None) -> str | None:
    if delimiter is None:
        return None
    character = {"tab": "\t", "\\t": "\t"}.get(delimiter.casefold(), delimiter)
    if len(character) != 1 or character in '"\r\n\0 ':
        raise OptionRefused(f"--delimiter: one character, or “tab”, not {delimiter!r}.")
    return character


def _find_voucher(options: ImportOptions) -> User | None:
    """Return who vouches.  Refused at once: else every single verification would be."""
    if options.voucher is None:
        return None
    if not options.verifies:
        raise OptionRefused("--vouch-by says who verifies, so it needs --verify.")
    user = User.objects.filter(username=options.voucher).first()
    if user is None:
        raise OptionRefused(f"--vouch-by: there is no user {options.voucher!r}.")
    if not user.is_active or not user.has_perm("leads.verify_lead"):
        raise OptionRefused(f"--vouch-by: {options.voucher!r} may not verify leads.")
    return user
