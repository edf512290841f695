"""The 31 columns of a contact, their headers, and how a header line is matched (protocol 2). Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Sequence
from dataclasses import dataclass
from types import MappingProxyType

FIELDS = 15

_NAMED = (
    # key             French header         English header
    ("civility", "Civilité", "Title"),
    ("first_name", "Prénom", "First name"),
    ("last_name", "Nom", "Last name"),
    ("email", "Email", "Email"),
    ("phone", "Téléphone Fixe", "Fixed telephone"),
    ("mobile", "Mobile", "Mobile"),
    ("fax", "Fax", "Fax"),
    ("address_1", "Adresse 1", "Address 1"),
    ("address_2", "Adresse 2", "Address 2"),
    ("postal_code", "Code postal", "Postal code"),
    ("city", "Ville", "City"),
    ("state", "Etat", "State"),
    ("country", "Pays", "Country"),
    ("birth_date", "Date de naissance", "Date of birth"),
    ("company", "Société", "Company"),
    ("reference", "Référence", "Reference"),
)
_NUMBERED = tuple((f"field_{n}", f"Champ {n}", f"Field {n}") for n in range(1, FIELDS + 1))

FRENCH = MappingProxyType({key: french for key, french, _ in _NAMED + _NUMBERED})
"""Column key → French header, in the order of the protocol."""

KEYS = tuple(FRENCH)
MEANS = ("email", "phone", "mobile")

KEPT_BITS = MappingProxyType({"email": 1, "phone": 2, "mobile": 4, "birth_date": 8})
"""Bits of `kept`: the cell was invalid and is dropped, so the contact keeps its value."""

RESULT_HEADERS = ("Ligne", "Motif")
"""The two columns added to a rejected file (protocol 7). They are silently ignored when it comes back."""


def in_order(keys: Container[str]) -> tuple[str, ...]:
    """These columns in the order of the protocol."""
    return tuple(key for key in KEYS if key in keys)


def fold(header: str) -> str:
    """The form in which headers are compared: without case, accents (NFKD, marks dropped) or white space."""
    decomposed = unicodedata.normalize("NFKD", header)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return "".join(letters.casefold().split())


_STANDARD = {fold(header): key for key, french, english in _NAMED + _NUMBERED for header in (french, english)}
_IGNORED = frozenset(fold(header) for header in RESULT_HEADERS)


@dataclass(frozen=True, slots=True)
class Header:
    """A matched header line.

    `positions` maps each known column's key to its place (from 0). `width` counts all columns, including
    nameless ones. `named_width` ends at the last column that has a name: a row must not end before it.
    `unknown` are the names that match no column, `doubled` the French headers of columns named twice.
    `result_columns` is true if the line ends with `Ligne` and `Motif`.
    """

    positions: MappingProxyType[str, int]
    width: int
    named_width: int
    unknown: tuple[str, ...]
    doubled: tuple[str, ...]
    result_columns: bool


def match_header(cells: Sequence[str], labels: Sequence[str | None]) -> Header:
    """Match the trimmed cells of a header line, with the account's labels for `Champ 1` … `Champ 15`."""
    by_label = {fold(label): f"field_{n}" for n, label in enumerate(labels, start=1) if label}
    positions: dict[str, int] = {}
    unknown, doubled = [], []
    for place, cell in enumerate(cells):
        folded = fold(cell)
        key = _STANDARD.get(folded) or by_label.get(folded)
        if key is None:
            if folded and folded not in _IGNORED:
                unknown.append(cell)
        elif key in positions:
            doubled.append(FRENCH[key])
        else:
            positions[key] = place
    named_width = max((place + 1 for place, cell in enumerate(cells) if fold(cell)), default=0)
    return Header(
        MappingProxyType(positions),
        len(cells),
        named_width,
        tuple(unknown),
        tuple(doubled),
        tuple(fold(cell) for cell in cells[-2:]) == tuple(fold(header) for header in RESULT_HEADERS),
    )


def label_problem(labels: Sequence[str | None]) -> str | None:
    """Why the account's field labels cannot be used, as one sentence, or None (protocol 2)."""
    seen: dict[str, int] = {}
    for number, label in enumerate(labels, start=1):
        if not label:
            continue
        folded = fold(label)
        if not folded:
            return f"label {number} is blank"
        if _STANDARD.get(folded, f"field_{number}") != f"field_{number}" or folded in _IGNORED:
            return f"label {number} ({label!r}) is the name of a standard column; choose another"
        if folded in seen:
            return f"labels {seen[folded]} and {number} are the same ({label!r}); choose another"
        if any(c in label for c in "\r\n\0"):
            return f"label {number} holds a line end"
        seen[folded] = number
    return None
