"""A deposit's rows in the staging tables, copied batch by batch (protocol 5.2).

Staging tables belong to the session. The commit or rollback empties them, and nobody waits for them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from psycopg import sql

from contactsync.database.connection import Connection
from contactsync.domain.deposit import Action

ANALYZE_ROWS = 1_000
"""From this number of rows on, tables are analyzed; below, the planner's guess is good enough and costs less."""

_CSV = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")


@dataclass(slots=True)
class Stage:
    """The staging tables of a session while they hold one deposit."""

    conn: Connection
    action: Action
    rows: int = 0
    keys: int = 0
    may_repeat: bool = False
    """Whether two rows may be of one contact. Certain for a single batch; beyond that the database decides."""

    def add(self, columns: Mapping[str, pa.Array | pa.ChunkedArray], lines: npt.NDArray[np.int32]) -> None:
        """Copy the accepted rows of a batch.

        `columns` has one value per row: for an import the file's columns, `identity` and `kept`; for the other
        actions only `key`. `lines` has the physical line on which each row begins.
        """
        if self.action.kind == "import":
            identity = columns["identity"]
            self.may_repeat = self.rows > 0 or pc.count_distinct(identity).as_py() < len(identity)
            self._copy("staged_contact", {"line": pa.array(lines), **columns})
            self.rows += len(lines)
        else:
            self._add_keys(columns["key"], pa.array(lines))

    def spare(self, references: pa.Array) -> None:
        """Copy references whose contacts stay in the list."""
        self._add_keys(references, pa.nulls(len(references), pa.int32()))

    def _add_keys(self, keys: pa.Array | pa.ChunkedArray, lines: pa.Array) -> None:
        """Copy addresses, identities, or references, with the lines of their rows."""
        if len(keys):
            self._copy("staged_key", {"key": keys, "line": lines})
            self.keys += len(keys)

    def _copy(self, table: str, columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> None:
        block = io.BytesIO()
        pyarrow.csv.write_csv(pa.table(dict(columns)), block, _CSV)
        column_names = sql.SQL(", ").join(map(sql.Identifier, columns))
        copy = sql.SQL("COPY pg_temp.{} ({}) FROM STDIN WITH (FORMAT csv)").format(
            sql.Identifier(table), column_names
        )
        with self.conn.cursor() as cursor, cursor.copy(copy) as sink:
            sink.write(block.getbuffer())

    def analyze(self) -> None:
        """Give the planner the size of both tables, if they are large enough for that."""
        analyze(self.conn, "staged_contact", "line", self.rows)
        analyze(self.conn, "staged_key", "key", self.keys)


def analyze(conn: Connection, table: str, column: str, rows: int) -> None:
    """Give the planner the size of a temporary table that has `rows` rows.

    One column is enough for that; analyzing all 31 takes half a second.
    """
    if rows >= ANALYZE_ROWS:
        statement = sql.SQL("ANALYZE pg_temp.{} ({})")
        conn.execute(statement.format(sql.Identifier(table), sql.Identifier(column)))
