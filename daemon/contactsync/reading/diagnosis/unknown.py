"""What the unknown headers of a refused file may mean: by their words, and by the values below them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from contactsync.domain.columns import FRENCH, MEANS
from contactsync.domain.headers.unknown import UnknownColumns, looks_like_means, looks_personal
from contactsync.reading.diagnosis.case import Case, split

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
_NUMBER = re.compile(r"(?:\+|00?)[1-9][\d .()/-]{7,20}")
_MOBILE = re.compile(r"(?:\+?33 ?|0)[67]")

MAX_ROWS = 200
_MOST = 0.5


def explained(unknown: UnknownColumns, case: Case, rows: Sequence[str], *, is_header: bool) -> UnknownColumns:
    """The unknown headers with what they may mean.

    `is_header`: a column of the file is known, so its first line is the header line. If it may be a person's row, only
    usual synonyms and what stands above addresses or numbers are shown.
    """
    by_values = dict(_by_values(case, rows))
    suggested, names = list(unknown.suggested), []
    taken = {column for _, column in suggested}
    for name in unknown.names:
        means = by_values.get(name) or looks_like_means(name)
        if means and FRENCH[means] not in taken:
            suggested.append((name, FRENCH[means]))
            taken.add(FRENCH[means])
        else:
            names.append(name)
    shown = is_header or bool(by_values)
    return UnknownColumns(tuple(names) if shown else (), tuple(suggested), unknown.unnamed)


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
