"""Which column each header of a file means (protocol 2)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from .refusal import Refused
from .synonyms import (
    ANY_NUMBER,
    CIVILITIES,
    MEANS_WORDS,
    PREFIXES,
    SUFFIXES,
    SYNONYMS,
    TITLES,
)
from .values import COLUMNS, ENGLISH, FRENCH, MEANS, WHITE, AccountRules, invisible

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Headers:
    """The column of each position (None for nameless and unknown ones), and what the answer reports.

    `mapped` holds the names that the account's mapping or the table of known programs recognised.
    `untaken_means` holds unknown names that look like a means of contact.
    """

    columns: list[str | None]
    mapped: list[str]
    unknown: list[str]
    untaken_means: list[str]


@cache
def header_key(name: str) -> str:
    """What is left of a header when case, accents, spaces, `- _ . * :` and format characters do not count."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return "".join(c for c in bare if c not in WHITE and c not in "-_.*:" and not invisible(c)).casefold()


def match_headers(names: list[str], rows: Sequence[list[str]], rules: AccountRules) -> Headers:
    """The meaning of a file's trimmed headers; `rows` are its trimmed cells. Raises `Refused`.

    A row with one cell of several shows nothing.
    """
    rows = [row for row in rows if len(row) > 1 or len(names) == 1]
    keys = [header_key(name) for name in names]
    columns = _by_protocol(keys, rules)
    _by_account(keys, columns, rules)
    if rules.headers == "known":
        _by_values(keys, rows, columns)
        filled = [any(n < len(row) and row[n] for row in rows) for n in range(len(keys))]
        _by_table(keys, columns, filled)
    if not any(columns):
        raise Refused("no_known_column")
    own = protocol_names(rules)
    taken = [(name, key, column) for name, key, column in zip(names, keys, columns, strict=True) if name]
    unknown = [(name, key) for name, key, column in taken if not column]
    return Headers(
        columns,
        mapped=[name for name, key, column in taken if column and own.get(key) != column],
        unknown=[name for name, _ in unknown],
        untaken_means=[name for name, key in unknown if _looks_like_means(key)],
    )


def protocol_names(rules: AccountRules) -> dict[str, str]:
    """The protocol's own names and the account's labels, reduced by `header_key`, with their columns."""
    known = {header_key(name): column for name, column in zip(FRENCH, COLUMNS, strict=True)}
    known |= {header_key(name): column for name, column in zip(ENGLISH, COLUMNS, strict=True)}
    known |= {header_key(label): f"field_{n}" for n, label in rules.labels.items()}
    return known


def _by_protocol(keys: list[str], rules: AccountRules) -> list[str | None]:
    known = protocol_names(rules)
    judged = {header_key(title) for title in TITLES} if rules.headers == "known" else set()
    columns = [None if key in judged else known.get(key) for key in keys]
    found = [column for column in columns if column]
    if len(found) != len(set(found)):
        raise Refused("duplicate_column")
    return columns


def _by_account(keys: list[str], columns: list[str | None], rules: AccountRules) -> None:
    """Takes the headers that the account maps, unless the file has the protocol's own name."""
    known = protocol_names(rules)
    for header, name in rules.header_names.items():
        column = known[header_key(name)]
        free = [n for n, key in enumerate(keys) if key == header_key(header) and columns[n] is None]
        if free and column not in columns:
            columns[free[0]] = column


def _by_values(keys: list[str], rows: Sequence[list[str]], columns: list[str | None]) -> None:
    """Takes `Title` or `Titre` as Civilité if at least half of its values are civilities."""
    judged = {header_key(title) for title in TITLES}
    for n, key in enumerate(keys):
        if key not in judged or columns[n] is not None or "civility" in columns:
            continue
        values = [row[n] for row in rows if n < len(row) and row[n]]
        if 2 * sum(_is_civility(value) for value in values) >= len(values):
            columns[n] = "civility"


def _is_civility(value: str) -> bool:
    return value.replace(".", "").strip().casefold() in CIVILITIES


def _by_table(keys: list[str], columns: list[str | None], filled: list[bool]) -> None:
    """Takes headers of known programs for the columns that are still free; numbers of any type last.

    Of several headers for a means, a filled one comes before a blank one. A blank header for fixed lines
    gives way to a filled one for any number, if there is a column for mobiles.
    """
    ranked = sorted(
        (column in MEANS and not filled[n], rank, n, column)
        for n, key in enumerate(keys)
        if columns[n] is None
        for column, rank in _table_ranks(key)
        if column != ANY_NUMBER
    )
    for blank, _, n, column in sorted(ranked, key=lambda each: each[3] == "phone"):
        gives_way = (
            column == "phone" and blank and "mobile" in columns and _has_filled_number(keys, columns, filled)
        )
        if columns[n] is None and column not in columns and not gives_way:
            columns[n] = column
    numbers = sorted(
        (not filled[n], rank, n)
        for n, key in enumerate(keys)
        if columns[n] is None
        for column, rank in _table_ranks(key)
        if column == ANY_NUMBER
    )
    if numbers:
        free = [column for column in ("mobile", "phone") if column not in columns]
        if free:
            # With one column free, the header is that column; a number of another type is not lost.
            columns[numbers[0][2]] = ANY_NUMBER if len(free) == 2 else free[0]


def _has_filled_number(keys: list[str], columns: list[str | None], filled: list[bool]) -> bool:
    return any(
        filled[n] and columns[n] is None and any(column == ANY_NUMBER for column, _ in _table_ranks(key))
        for n, key in enumerate(keys)
    )


@cache
def _table_ranks(key: str) -> list[tuple[str, tuple[int, int, int]]]:
    """The columns for which the table has this key, each with its rank; a lower rank wins."""
    found: list[tuple[str, tuple[int, int, int]]] = []
    bare = [(key, 0, 0)]
    for n, prefix in enumerate(PREFIXES):
        if key.startswith(header_key(prefix)):
            bare.append((key.removeprefix(header_key(prefix)), 1, n))
    for n, suffix in enumerate(SUFFIXES):
        if key.endswith(header_key(suffix)):
            bare.append((key.removesuffix(header_key(suffix)), 1, n))
        elif header_key(suffix) in key:
            # `Rue (bureau) 2`
            bare.append((key.replace(header_key(suffix), "", 1), 1, n))
    own = protocol_names(AccountRules(""))
    for text, around, order in bare:
        for column, entries in SYNONYMS.items():
            for rank, entry in enumerate(entries, 1):
                if text and header_key(entry) == text:
                    found.append((column, (around, rank, order)))
        # A protocol name counts only with a prefix or suffix here, and never as Référence.
        if around and own.get(text, "reference") != "reference" and text != header_key("Title"):
            found.append((own[text], (around, 0, order)))
    return found


def _looks_like_means(key: str) -> bool:
    return key.startswith("tel") or any(word in key for word in MEANS_WORDS)
