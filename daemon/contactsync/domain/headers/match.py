"""Matches a header line: which column each of its cells means (protocol 2). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from contactsync.domain.columns import FRENCH, MEANS, RESULT_HEADERS
from contactsync.domain.headers.lookup import meanings
from contactsync.domain.headers.names import IGNORED, HeaderRules, fold, visible
from contactsync.domain.headers.table import ANY_NUMBER, TITLES
from contactsync.domain.headers.titles import are_civilities
from contactsync.domain.headers.unknown import UnknownColumns, describe, looks_like_means

Values: TypeAlias = Callable[[int], Sequence[str]]
"""The place of a column → its values that are not blank, in a bounded part of the file."""

_TITLES = frozenset(map(fold, TITLES))
_NUMBERS = ("mobile", "phone")


def _no_values(_place: int) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Header:
    """A matched header line.

    `positions` maps each known column's key to its place (from 0). `width` counts all columns, including
    nameless ones. `named_width` ends at the last column that has a name: a row must not end before it.
    `unknown` describes the names that match no column, `untaken_means` those that look like a means of contact, each
    with that means. `doubled` has the French headers of columns named twice. `mapped` has the headers that are not
    the protocol's, with the French headers of the columns that they are read as.
    `any_number` is the place of a column that both `phone` and `mobile` have as their position.
    `result_columns` is true if the line ends with `Ligne` and `Motif`.
    """

    positions: MappingProxyType[str, int]
    width: int
    named_width: int
    unknown: UnknownColumns
    doubled: tuple[str, ...]
    result_columns: bool
    mapped: tuple[tuple[str, tuple[str, ...]], ...] = ()
    untaken_means: tuple[tuple[str, str], ...] = ()
    any_number: int | None = None


def match_header(cells: Sequence[str], rules: HeaderRules, values: Values = _no_values) -> Header:
    """Match the trimmed cells of a header line.

    The protocol's own names and the account's labels win, then the account's mapping, then the table of known
    programs in its order, then the first column. `values` shows whether a `Title` has civilities, and which of several
    candidates for a means of contact is filled.
    """
    line = _Line(cells, rules, values)
    doubled = line.take_own()
    line.take_mapped()
    if rules.known:
        line.take_title()
        line.take_known()
    return line.header(doubled)


class _Line:
    """A header line while its cells are taken, one rule after the other."""

    def __init__(self, cells: Sequence[str], rules: HeaderRules, values: Values) -> None:
        self._cells = [visible(cell) for cell in cells]
        self._folded = [fold(cell) for cell in cells]
        self._rules, self._values = rules, values
        self._own = rules.own()
        self._labels = {fold(label) for label in rules.labels if label}
        self._positions: dict[str, int] = {}
        self._taken: dict[int, tuple[str, ...]] = {}
        self._any_number: int | None = None

    def take_own(self) -> tuple[str, ...]:
        """Take the protocol's names and the account's labels; returns the French headers of doubled columns."""
        doubled = []
        for place, folded in enumerate(self._folded):
            key = self._own.get(folded)
            if key is None or self._is_judged(folded):
                continue
            if key in self._positions:
                doubled.append(FRENCH[key])
                self._taken[place] = ()
            else:
                self._take(place, key)
        return tuple(doubled)

    def take_mapped(self) -> None:
        """Take the headers that the account maps to columns that are still free."""
        for header, key in self._rules.mapping:
            place = next((place for place, folded in self._free() if folded == header), None)
            if place is not None and key not in self._positions:
                self._take(place, key)

    def take_title(self) -> None:
        """Take the first `Title` that has civilities."""
        for place, folded in self._free():
            judged = folded in _TITLES and "civility" not in self._positions
            if judged and are_civilities(self._values(place)):
                self._take(place, "civility")

    def take_known(self) -> None:
        """Take what the table knows, the best candidate of each column first.

        A candidate for a means of contact that is blank in the file comes after those that are filled.
        """
        found = [(place, rank, key) for place, folded in self._free() for key, rank in meanings(folded)]
        means = {place for place, _, key in found if key in (*MEANS, ANY_NUMBER)}
        blank = {place for place in means if len(means) > 1 and not self._values(place)}
        found.sort(key=lambda each: (each[0] in blank, each[1], each[0]))
        numbers = [each for each in found if each[2] == ANY_NUMBER]
        phones = [each for each in found if each[2] == "phone"]
        for place, _, key in found:
            if key not in (ANY_NUMBER, "phone"):
                self._take_candidate(place, key)
        # A filled `Phone` is worth more than a blank `Home Phone`, if there is a column for mobiles.
        if "mobile" in self._positions and any(place not in blank for place, _, _ in numbers):
            filled = [each for each in phones if each[0] not in blank]
        else:
            filled = phones
        for place, _, key in (*filled, *numbers, *phones):
            self._take_candidate(place, key)

    def _take_candidate(self, place: int, key: str) -> None:
        free = [each for each in (_NUMBERS if key == ANY_NUMBER else (key,)) if each not in self._positions]
        if free and place not in self._taken:
            self._any_number = place if len(free) > 1 else self._any_number
            self._take(place, *free)

    def _free(self) -> Iterator[tuple[int, str]]:
        """The places that are not taken, with their folded headers."""
        places = [(place, folded) for place, folded in enumerate(self._folded) if self._cells[place]]
        return (each for each in places if each[0] not in self._taken)

    def _is_judged(self, folded: str) -> bool:
        return self._rules.known and folded in _TITLES and folded not in self._labels

    def _take(self, place: int, *keys: str) -> None:
        self._taken[place] = keys
        self._positions |= dict.fromkeys(keys, place)

    def header(self, doubled: tuple[str, ...]) -> Header:
        """What was matched."""
        left = [(place, self._cells[place]) for place, folded in self._free() if folded not in IGNORED]
        means = ((header, looks_like_means(header)) for _, header in left)
        mapped = [
            (self._cells[place], tuple(FRENCH[key] for key in sorted(keys)))
            for place, keys in sorted(self._taken.items())
            if keys and (self._own.get(self._folded[place]),) != keys
        ]
        return Header(
            MappingProxyType(dict(sorted(self._positions.items(), key=lambda each: each[1]))),
            len(self._cells),
            max((place + 1 for place, cell in enumerate(self._cells) if cell), default=0),
            describe(left, self._positions),
            doubled,
            tuple(self._folded[-2:]) == tuple(map(fold, RESULT_HEADERS)),
            tuple(mapped),
            tuple((header, key) for header, key in means if key),
            self._any_number,
        )
