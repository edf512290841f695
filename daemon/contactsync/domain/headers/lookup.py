"""Finds a header in the table of known programs, also with a prefix or suffix (protocol 2). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from contactsync.domain.columns import ENGLISH, FRENCH
from contactsync.domain.headers.names import MAX_FOLDED_CHARACTERS, fold
from contactsync.domain.headers.table import IDENTIFIERS, KNOWN, PREFIXES, SUFFIXES


class Rank(NamedTuple):
    """The place of a meaning in the table's order; the lowest wins. `around` is 0 without prefix and suffix."""

    around: int
    entry: int


def meanings(folded: str) -> tuple[tuple[str, Rank], ...]:
    """What a folded header may mean by the table: (column key or ANY_NUMBER, rank). Never `reference`."""
    return _meanings(folded) if len(folded) <= MAX_FOLDED_CHARACTERS else ()


@lru_cache(maxsize=1024)
def _meanings(folded: str) -> tuple[tuple[str, Rank], ...]:
    found = [(key, Rank(0, entry)) for key, entry in _entries().get(folded, ())]
    for around, bare in _bare(folded):
        if key := _unadorned().get(bare):
            found.append((key, Rank(around, -1)))
        found += [(key, Rank(around, entry)) for key, entry in _entries().get(bare, ())]
    return tuple(found)


def is_identifier(folded: str) -> bool:
    """Whether a folded header is what other programs call their own identifier."""
    return folded in _identifiers()


def _bare(folded: str) -> Iterator[tuple[int, str]]:
    """The header without each prefix or suffix that it has, with the place of that in the table."""
    for place, prefix in enumerate(_prefixes(), start=1):
        if folded.startswith(prefix):
            yield place, folded.removeprefix(prefix)
    for place, suffix in enumerate(_suffixes(), start=1):
        # `Rue (bureau) 2`
        number = folded[-1:] if folded[-1:].isdigit() else ""
        if folded.removesuffix(number).endswith(suffix):
            yield place, folded.removesuffix(number).removesuffix(suffix) + number


@cache
def _entries() -> dict[str, list[tuple[str, int]]]:
    entries: dict[str, list[tuple[str, int]]] = {}
    for key, headers in KNOWN.items():
        for place, header in enumerate(headers):
            entries.setdefault(fold(header), []).append((key, place))
    return entries


@cache
def _unadorned() -> dict[str, str]:
    """The protocol's own names that may have a prefix or suffix: `Home City`, but no `Job Title`, no `Person - ID`."""
    keys = [key for key in FRENCH if key != "reference" and not key.startswith("field_")]
    names = {fold(name[key]): key for name in (FRENCH, ENGLISH) for key in keys}
    del names[fold(ENGLISH["civility"])]
    return names


@cache
def _prefixes() -> tuple[str, ...]:
    return tuple(map(fold, PREFIXES))


@cache
def _suffixes() -> tuple[str, ...]:
    return tuple(map(fold, SUFFIXES))


@cache
def _identifiers() -> frozenset[str]:
    return frozenset(map(fold, IDENTIFIERS))
