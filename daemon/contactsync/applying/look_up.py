"""When a statement looks staged keys up in an index, and when it reads the whole table once. Pure.

The planner alone gets this wrong: its statistics lag behind a big import, and it knows nothing of a new
account.
"""

from __future__ import annotations

from typing import LiteralString, cast

from psycopg import sql

LOOK_UP_ROWS = 500_000
"""The most keys that are gathered in an array and looked up one by one; an array holds 1 GB."""

LOOK_UP_SHARE = 4
"""Keys are looked up only in a table with this many times as many rows; else it is read once."""

FEW_ROWS = 100
"""So few keys are always looked up: even searching them for each row of a table costs little."""

STAGED = "SELECT identity FROM staged_contact"
KEYS = "SELECT key FROM staged_key"
TARGETS = "SELECT contact_id FROM target"
DIFFERING = "SELECT contact_id FROM target WHERE differs"
REMOVABLE = "SELECT key FROM target WHERE NOT differs"


def needs_estimate(rows: int) -> bool:
    """Whether the size of the table decides how `rows` keys are looked up."""
    return FEW_ROWS < rows <= LOOK_UP_ROWS


def condition(column: str, keys: str, *, rows: int, among: int) -> sql.SQL:
    """A redundant condition that makes the planner look into an index once for each staged key.

    `keys` is one of the queries above and yields `rows` keys. `among` is the planner's estimate of the rows
    to find them in, and counts only if `needs_estimate(rows)`.

    Without a much larger table the condition is `true`. The planner then might not use the index, because it
    expects next to nothing to read, and would search all the keys for each row. That takes hours if its
    statistics lag behind a big import. Without the condition it reads both sides once and hashes them,
    whatever it expects.
    """
    few = rows <= FEW_ROWS or (needs_estimate(rows) and among > LOOK_UP_SHARE * rows)
    return sql.SQL(cast("LiteralString", f"{column} = ANY (ARRAY({keys}))" if few else "true"))  # type: ignore[redundant-cast]  # as in statements.get
