"""What can be said about the headers that mean no column, without showing personal data (protocol 2). Pure."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from contactsync.domain.columns import FRENCH
from contactsync.domain.headers.lookup import is_identifier, meanings
from contactsync.domain.headers.names import fold
from contactsync.domain.headers.table import ANY_NUMBER

_PERSONAL_DIGITS = 6

_MEANS_WORDS = (
    # The word for a mobile may be part of a word for a telephone: "Téléphone portable".
    ("mobile", ("portable", "mobil", "mobiel", "gsm", "sms", "handy", "cellul", "cellphone", "movil")),
    ("email", ("mail", "courriel", "messagerie", "correoelectr")),
    ("phone", ("phone", "telefo", "festnetz")),
)
_NO_MEANS = (
    *("optin", "optout", "accept", "consent", "marketing", "newsletter", "label", "type", "status", "owner"),
    *("nomcomplet", "count", "date", "sent"),
)
"""Words beside them that show a flag or a remark: `Accepts Email Marketing`, `Phone 1 - Label`."""


@dataclass(frozen=True, slots=True)
class UnknownColumns:
    """The headers of a file that mean no column.

    `names` and `suggested` are headers as the file writes them, `suggested` with the column that each may mean.
    `unnamed` are positions, from 1: of all but the suggested ones, if one header looks like personal data. A file
    without a header line has a person's cells there.
    """

    names: tuple[str, ...] = ()
    suggested: tuple[tuple[str, str], ...] = ()
    unnamed: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """How many columns."""
        return len(self.names) + len(self.suggested) + len(self.unnamed)


def describe(headers: Sequence[tuple[int, str]], taken: Container[str]) -> UnknownColumns:
    """Sort unknown headers, each with its place from 0; `taken` are the columns that the file has.

    If one of them looks like personal data, the line is probably a person's row. Then only usual synonyms are shown,
    because a name or a street looks like any header.
    """
    is_row = any(looks_personal(header) for _, header in headers)
    names, suggested, unnamed = [], [], []
    for place, header in headers:
        if key := None if looks_personal(header) else suggestion(header, taken):
            suggested.append((header, FRENCH[key]))
        elif is_row:
            unnamed.append(place + 1)
        else:
            names.append(header)
    return UnknownColumns(tuple(names), tuple(suggested), tuple(unnamed))


def looks_personal(header: str) -> bool:
    """Whether a header is more likely a person's cell than a name: it has an `@` or six digits."""
    return "@" in header or "\uff20" in header or sum(c.isdecimal() for c in header) >= _PERSONAL_DIGITS


def suggestion(header: str, taken: Container[str]) -> str | None:
    """The column, not among those taken, that a header usually means; None if there is none."""
    folded = fold(header)
    if is_identifier(folded):
        return None if "reference" in taken else "reference"
    keys = [key for key, _ in sorted(meanings(folded), key=lambda each: each[1])]
    choices = [each for key in keys for each in (("phone", "mobile") if key == ANY_NUMBER else (key,))]
    return next((key for key in choices if key not in taken), None)


def looks_like_means(header: str) -> str | None:
    """The means of contact that a header seems to name, or None."""
    folded = fold(header)
    if looks_personal(header) or any(word in folded for word in _NO_MEANS):
        return None
    found = (key for key, words in _MEANS_WORDS if any(word in folded for word in words))
    return next(found, "phone" if folded.startswith("tel") else None)
