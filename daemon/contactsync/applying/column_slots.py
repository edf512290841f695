"""The parts of statements that depend on which columns a file has. Pure.

Each function returns SQL text by the name of its placeholder in `sql/applying/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import LiteralString, cast

from psycopg import sql

from contactsync.domain.columns import KEPT_BITS

SLOTS_KEPT = 256
"""How many sets of columns are remembered: an account's files have the same columns every day."""


@lru_cache(SLOTS_KEPT)
def update_slots(columns: tuple[str, ...], *, clear: bool) -> Mapping[str, sql.SQL]:
    """For `update` and `match`: how a contact takes a row's columns, when that changes it, and these columns by name.

    `clear` is the account's `blank_cells = clear`: a blank cell then empties the column.
    """
    new = {}
    for column in columns:
        name = sql.Identifier(column)
        if not clear:
            new[column] = sql.SQL("coalesce(s.{0}, c.{0})").format(name)
        elif column in KEPT_BITS:
            new[column] = sql.SQL("CASE WHEN (s.kept & {1}) <> 0 THEN c.{0} ELSE s.{0} END").format(
                name, sql.Literal(KEPT_BITS[column])
            )
        else:
            new[column] = sql.SQL("s.{}").format(name)
    differs: list[sql.Composable] = [
        sql.SQL("c.{} IS DISTINCT FROM {}").format(sql.Identifier(c), v) for c, v in new.items()
    ]
    return _rendered(
        assigned=sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(c), v) for c, v in new.items()),
        image=sql.SQL(", ").join(sql.SQL("{}, c.{}").format(sql.Literal(c), sql.Identifier(c)) for c in new),
        differs=sql.SQL(" OR ").join(differs or [sql.SQL("false")]),
    )


@lru_cache(SLOTS_KEPT)
def insert_slots(columns: tuple[str, ...]) -> Mapping[str, sql.SQL]:
    """For `insert`: the columns of a new contact, and their values in the staged row."""
    return _rendered(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        staged=sql.SQL(", ").join(sql.SQL("s.{}").format(sql.Identifier(c)) for c in columns),
    )


@lru_cache(SLOTS_KEPT)
def fold_slots(columns: tuple[str, ...], *, clear: bool) -> Mapping[str, sql.SQL]:
    """For `fold`: the last row that sets a column decides; a blank cell sets it only under `clear`."""
    folded: list[sql.Composable] = [sql.SQL("bit_and(kept) AS kept")]
    for column in columns:
        name = sql.Identifier(column)
        deciding: sql.Composable = sql.SQL("")
        if not clear:
            deciding = sql.SQL(" FILTER (WHERE {} IS NOT NULL)").format(name)
        elif column in KEPT_BITS:
            deciding = sql.SQL(" FILTER (WHERE (kept & {}) = 0)").format(sql.Literal(KEPT_BITS[column]))
        folded.append(sql.SQL("(array_agg({0} ORDER BY line DESC){1})[1] AS {0}").format(name, deciding))
    return _rendered(
        folded=sql.SQL(", ").join(folded),
        assigned=sql.SQL(", ").join(
            sql.SQL("{0} = f.{0}").format(sql.Identifier(c)) for c in ("kept", *columns)
        ),
    )


def _rendered(**slots: sql.Composable) -> Mapping[str, sql.SQL]:
    """The slots as plain text: composing them takes longer than a small file's merge."""
    return {
        key: sql.SQL(cast("LiteralString", slot.as_string()))  # type: ignore[redundant-cast]  # as in statements.get
        for key, slot in slots.items()
    }
