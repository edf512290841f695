"""Finds the rows of a deposit's file that name a person, by any of the person's identifiers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain.account import PhoneCheck
from contactsync.domain.errors import FileRefused
from contactsync.reading.cells import cell_text
from contactsync.reading.examination import Examination, Judged
from contactsync.reading.guards import unguard_column
from contactsync.reading.mentions import Mentions
from contactsync.reading.values import emails, phones, references

_ANY_NUMBER: PhoneCheck = "possible"

_REFUSED_WHOLE = ("no_rows", "no_valid_row")
"""Refusals of a file whose rows were all read."""


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What a person is known by, as the database stores it: addresses, numbers in E.164 form, references."""

    emails: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()

    def __or__(self, other: Identifiers) -> Identifiers:
        """The identifiers of both."""
        return Identifiers(
            self.emails | other.emails, self.numbers | other.numbers, self.references | other.references
        )

    def __sub__(self, other: Identifiers) -> Identifiers:
        """Those that are not among the other's."""
        return Identifiers(
            self.emails - other.emails, self.numbers - other.numbers, self.references - other.references
        )

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.emails or self.numbers or self.references)


def stored_email(text: str) -> str | None:
    """The form in which an e-mail address is stored (protocol 3), or None if it is none."""
    return emails.normalise_one(text.strip())


def stored_number(text: str, region: str) -> str | None:
    """The E.164 form of a telephone number written in a region, or None if it is none."""
    return phones.normalise_one(text.strip(), region, _ANY_NUMBER)


def stored_reference(text: str) -> str | None:
    """The form in which a reference is stored, or None if it is blank."""
    (reference,) = references.normalise(pa.array([text.strip()], pa.string())).to_pylist()
    return str(reference) if reference else None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that name a person, as their first and last physical lines, in order.

    `is_whole` is false if the file has a malformed row, after which no other one can be trusted.
    """

    spans: tuple[tuple[int, int], ...]
    is_whole: bool


def rows_of(examination: Examination, person: Identifiers) -> Rows:
    """The rows that name the person, rejected ones too, also in columns that mean nothing to us.

    A file that is refused at its end has its rows all the same.
    """
    spans, is_whole = set[tuple[int, int]](), True
    mentions = Mentions(person.emails, person.numbers)
    try:
        for judged in examination:
            lines = _in_columns(judged, person, examination.account.region)
            lines |= _in_ragged_rows(judged, person, examination.account.region)
            lines |= _in_any_cell(judged, mentions)
            spans |= {(line, judged.batch.last_line(line)) for line in lines}
    except FileRefused as refusal:
        is_whole = refusal.code in _REFUSED_WHOLE
    return Rows(tuple(sorted(spans)), is_whole)


def lines_of(examination: Examination, person: Identifiers) -> list[int]:
    """The physical lines on which the rows of `rows_of` begin."""
    return [first for first, _ in rows_of(examination, person).spans]


def _in_any_cell(judged: Judged, mentions: Mentions) -> set[int]:
    """Rows with an address or a number anywhere: in a column without a meaning, in a remark."""
    rows = judged.batch.rows
    # What follows the whole rows belongs to the next block.
    offsets = mentions.offsets(rows.data[: rows.consumed])
    places = np.searchsorted(rows.starts[rows.first], offsets, side="right") - 1
    return set(judged.batch.lines(places[places >= 0]).tolist())


def _in_columns(judged: Judged, person: Identifiers, region: str) -> set[int]:
    table, accepted = judged.batch.table, judged.accepted
    found = set[int]()
    for key, column in table.columns.items():
        if key in ("email", "phone", "mobile", "reference"):
            raw = unguard_column(key, column)
            stored = _stored(key, raw, region)
            found |= _lines(judged, table.places, stored, _wanted(key, person))
            if key == "email":
                found |= _among_others(judged, table.places, raw, stored, person)
    # Of several values in a cell the first counts; and a consent file has one column of keys.
    for key, values in accepted.columns.items():
        if key in ("email", "phone", "mobile", "reference", "key"):
            found |= _lines(judged, accepted.places, values, _wanted(key, person))
    return found


def _stored(key: str, column: pa.StringArray, region: str) -> pa.StringArray:
    if key == "email":
        return emails.normalise(column)
    return (
        references.normalise(column) if key == "reference" else phones.normalise(column, region, _ANY_NUMBER)
    )


def _wanted(key: str, person: Identifiers) -> frozenset[str]:
    of_key = {"email": person.emails, "reference": person.references}
    if key == "key":
        return person.emails | person.numbers | person.references
    return of_key.get(key, person.numbers)


def _lines(judged: Judged, places: pa.Array, values: pa.Array, wanted: frozenset[str]) -> set[int]:
    if not wanted:
        return set()
    named = pc.fill_null(pc.is_in(values, pa.array(sorted(wanted), pa.string())), fill_value=False)
    return set(judged.batch.lines(places[named.to_numpy(zero_copy_only=False)]).tolist())


def _among_others(
    judged: Judged, places: pa.Array, raw: pa.StringArray, stored: pa.StringArray, person: Identifiers
) -> set[int]:
    """Cells that are no address, such as "a@b.fr, c@d.fr", and contain one of the person's."""
    found = set[int]()
    others = pc.utf8_lower(pc.if_else(pc.is_null(stored), raw, pa.scalar(None, pa.string())))
    for email in person.emails:
        named = pc.fill_null(pc.match_substring(others, email), fill_value=False)
        found |= set(judged.batch.lines(places[named.to_numpy(zero_copy_only=False)]).tolist())
    return found


def _in_ragged_rows(judged: Judged, person: Identifiers, region: str) -> set[int]:
    """Rows with too many or too few cells have no columns: each of their cells is looked at."""
    found = set[int]()
    for place, _ in judged.batch.ragged:
        for field in judged.batch.rows.fields(place):
            text = cell_text(field)
            if (
                stored_email(text) in person.emails
                or stored_number(text, region) in person.numbers
                or stored_reference(text) in person.references
            ):
                found.add(judged.batch.line(place))
    return found
