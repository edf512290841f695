"""What the unknown headers of a refused file may mean: by their words, and by the values below them. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from contactsync.domain.columns import FRENCH, MEANS
from contactsync.domain.headers.names import fold
from contactsync.domain.headers.unknown import UnknownColumns, looks_like_means, looks_personal
from contactsync.reading.diagnosis.case import Case, split

_ADDRESS = re.compile(r"[\w.+'-]+@[\w.-]+\.\w+")
_NUMBER = re.compile(r"(?:\+|00?)[1-9][\d .()/-]{7,20}")
_MOBILE = re.compile(r"(?:\+?33 ?|0)[67]")

_ADDED = re.compile(r"\([^()]*\)|[][<>{}*]")
"""What is written around names."""

_LONGEST_NAME = 40
_CLOSE = 0.8

MAX_ROWS = 200
_MOST = 0.5


def explained(unknown: UnknownColumns, case: Case, rows: Sequence[str], *, is_header: bool) -> UnknownColumns:
    """The unknown headers with what they may mean.

    `is_header`: a column of the file is known, so its first line is the header line. If it may be a person's row, only
    usual synonyms are shown, and what stands above addresses or numbers; names that are written like a column's only
    if there are two, because `Villet` and `Tellier` are people.
    """
    by_values = dict(_by_values(case, rows))
    by_words = {name: means for name in unknown.names if (means := looks_like_means(name))}
    close = {name: key for name in unknown.names if (key := _close(name, case))}
    by_names = {**close, **by_words}
    is_header = is_header or bool(by_values) or len(by_names) > 1
    meanings = {**by_names, **by_values} if is_header else {}
    suggested, names = list(unknown.suggested), []
    taken = {column for _, column in suggested} | {FRENCH[key] for key in _positions(case)}
    for name in unknown.names:
        column = FRENCH.get(meanings.get(name, ""))
        if column and column not in taken:
            suggested.append((name, column))
            taken.add(column)
        elif is_header:
            names.append(name)
    return UnknownColumns(tuple(names), tuple(suggested), unknown.unnamed)


def _positions(case: Case) -> Iterable[str]:
    """The columns that the header line has."""
    return max(
        (case.match(split(case.header_line, each) or ()).positions for each in case.separators), key=len
    )


def _close(header: str, case: Case) -> str | None:
    """The column whose name is written in a similar way: `Refernce`, `Referencia`, `client.reference`, `[Nom]`."""
    names = case.rules.own()
    if len(header) > _LONGEST_NAME:
        return None
    for part in (_ADDED.sub("", header), header.rpartition(".")[2]):
        if key := names.get(fold(part)):
            return key
    found = difflib.get_close_matches(fold(_ADDED.sub("", header)), names, n=1, cutoff=_CLOSE)
    return names[found[0]] if found else None


def _by_values(case: Case, rows: Sequence[str]) -> list[tuple[str, str]]:
    """Headers that are no value themselves, above columns of addresses or numbers."""
    separator = max(case.separators, key=lambda each: len(split(case.header_line, each) or ()))
    headers = split(case.header_line, separator) or []
    if any(map(looks_personal, headers)):
        return []
    cells = [cells for row in rows[:MAX_ROWS] if (cells := split(row, separator))]
    found = []
    for place, header in enumerate(headers):
        values = [row[place] for row in cells if place < len(row) and row[place]]
        if header and (means := _means_of(values)):
            found.append((header, means))
    return found


def _means_of(values: Sequence[str]) -> str | None:
    least = max(_MOST * len(values), 1)
    if sum(map(bool, map(_ADDRESS.fullmatch, values))) >= least:
        return MEANS[0]
    numbers = [value for value in values if _NUMBER.fullmatch(value)]
    if len(numbers) < least:
        return None
    return "mobile" if 2 * sum(map(bool, map(_MOBILE.match, numbers))) >= len(numbers) else "phone"
