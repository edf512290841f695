"""A deposit's rows in the database: staged batch by batch, then merged in one short stretch under the account's lock.

All of it is one transaction, so a file is applied whole or not at all (protocol 5.2, 5.3). Staging tables are the
session's own and are emptied by the commit or rollback; until `merge` begins, nothing that others wait for is held.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, LiteralString, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from psycopg import sql

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.columns import KEPT_BITS, KEYS
from contactsync.domain.deposit import Action, Claimed, Counts, Mode
from contactsync.domain.errors import Retryable

ANALYZE_ROWS = 1_000
"""From here on the planner is told what was staged; below, its guess is good enough and the telling costs more."""

LOOK_UP_ROWS = 500_000
"""So many keys are gathered in an array and looked up one by one; more might not fit (an array holds 1 GB)."""

LOOK_UP_SHARE = 4
"""Keys are looked up where there is this many times as much to find them in; else all of it is read, once."""

FEW_ROWS = 100
"""So few keys are looked up in any case: even searched for each row of a table they cost little."""

SLOTS_KEPT = 256
"""Sets of columns whose parts of statements are remembered: an account's files have the same ones day by day."""

_STAGED = "SELECT identity FROM staged_contact"
_KEYS = "SELECT key FROM staged_key"
_TARGETS = "SELECT contact_id FROM target"
_DIFFERING = "SELECT contact_id FROM target WHERE differs"

_CSV = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")


@dataclass(frozen=True, slots=True)
class Effects:
    """What applying a file has changed (protocol 7, counts), and the list that an import filled."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    list_id: int | None = None
    list_name: str | None = None

    def counts(self, rows_read: int, rows_rejected: int) -> Counts:
        """The deposit's counts, with what reading its rows has told."""
        applied = rows_read - rows_rejected
        changes = (self.inserted, self.updated, self.unchanged, self.removed)
        return Counts(rows_read, applied, rows_rejected, *changes)


@dataclass(slots=True)
class Stage:
    """The staging tables of a session while one deposit is in them."""

    conn: Connection
    action: Action
    rows: int = 0
    keys: int = 0
    may_repeat: bool = False
    """Whether two rows may be of one contact: known of a single batch, to be asked of the database beyond that."""

    def add(self, columns: Mapping[str, pa.Array | pa.ChunkedArray], lines: npt.NDArray[np.int32]) -> None:
        """Copy the accepted rows of a batch.

        `columns` has one value per row: for an import the file's columns, `identity` and `kept`; for the other
        actions `key` alone. `lines` has the physical line on which each row begins.
        """
        if self.action.kind == "import":
            identity = columns["identity"]
            self.may_repeat = self.rows > 0 or pc.count_distinct(identity).as_py() < len(identity)
            self._copy("staged_contact", {"line": pa.array(lines), **columns})
            self.rows += len(lines)
        else:
            self.add_keys(columns["key"])

    def add_keys(self, keys: pa.Array | pa.ChunkedArray) -> None:
        """Copy addresses, identities, or references to spare."""
        if len(keys):
            self._copy("staged_key", {"key": keys})
            self.keys += len(keys)

    def _copy(self, table: str, columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> None:
        block = io.BytesIO()
        pyarrow.csv.write_csv(pa.table(dict(columns)), block, _CSV)
        names_ = sql.SQL(", ").join(map(sql.Identifier, columns))
        copy = sql.SQL("COPY pg_temp.{} ({}) FROM STDIN WITH (FORMAT csv)").format(
            sql.Identifier(table), names_
        )
        with self.conn.cursor() as cursor, cursor.copy(copy) as sink:
            sink.write(block.getbuffer())

    def analyze(self) -> None:
        """Tell the planner how much there is, where it is worth it."""
        _analyze(self.conn, "staged_contact", "line", self.rows)
        _analyze(self.conn, "staged_key", "key", self.keys)


@dataclass(frozen=True, slots=True)
class Merge:
    """Everything that merging needs to know of a deposit."""

    conn: Connection
    account: Account
    claimed: Claimed
    deposit_id: int
    columns: tuple[str, ...]
    now: datetime

    def lock(self) -> bool:
        """Wait for the account and hold it; False where another daemon has finished the deposit.

        Raises Retryable where the account's settings changed since the file was validated.
        """
        row = self._run("applying/lock", deposit_id=self.deposit_id).fetchone()
        if row is None or row["revision"] != self.account.revision:
            raise Retryable("the account's settings changed meanwhile")
        return bool(row["state"] == "on")

    def apply(self, stage: Stage) -> Effects:
        """Merge what was staged; the transaction is the caller's to commit."""
        action = self.claimed.action
        if action.kind == "import":
            return self._import(stage)
        if action.kind == "delete":
            return self._delete(stage)
        return self._consent(action, stage)

    def fold(self, stage: Stage) -> None:
        """Make rows of one contact one row, as if applied from top to bottom. Needs no lock."""
        if self.claimed.action.kind == "import" and self.account.dedup != "none" and stage.may_repeat:
            doubled = self._run("applying/has_duplicates").fetchone()
            if doubled and doubled["doubled"]:
                clear = self.account.blank_cells == "clear"
                self._run("applying/fold", **_fold_slots(self.columns, clear=clear))
                stage.rows -= self._run("applying/unfold").rowcount

    def _import(self, stage: Stage) -> Effects:
        list_id, list_name, is_new = self._list()
        clear = self.account.blank_cells == "clear"
        columns = tuple(c for c in self.columns if c != "reference" or self.account.dedup != "reference")
        slots = _update_slots(columns, clear=clear)
        matched = among = 0
        if self.account.dedup != "none":
            among = self._guess("applying/estimate_contacts", stage.rows)
            looked_up = _looked_up("c.identity", _STAGED, rows=stage.rows, among=among)
            matched = self._run("applying/match", differs=slots["differs"], looked_up=looked_up).rowcount
        removed = 0
        if self.claimed.mode is Mode.SYNC:  # before any are added: who is new is on no list yet
            removed = self._run("applying/remove_others", list_id=list_id).rowcount
        updated = 0
        if matched:
            _analyze(self.conn, "target", "line", matched)
            if columns:
                looked_up = _looked_up("c.contact_id", _DIFFERING, rows=matched, among=among)
                updated = self._run(
                    "applying/update", assigned=slots["assigned"], looked_up=looked_up
                ).rowcount
            self._run("applying/fill_list" if is_new else "applying/add_members", list_id=list_id)
        inserted = 0
        if matched < stage.rows:
            inserted = self._run("applying/insert", list_id=list_id, **_insert_slots(self.columns)).rowcount
        return Effects(inserted, updated, matched - updated, removed, list_id, list_name)

    def _list(self) -> tuple[int, str, bool]:
        """The list to fill and its name; the last tells that it was made: asked for, or none of that name."""
        name = names.list_name(names.as_text(self.claimed.name))
        if names.is_rejected_file(names.as_text(self.claimed.name)):
            original = self._run(
                "ledger/list_of_original",
                claimed_name=names.claimed_original(names.as_text(self.claimed.name)),
            ).fetchone()
            if original:
                name = original["list_name"] or names.list_name(original["name"])
        if self.claimed.mode is not Mode.CREATE:
            newest = self._run("applying/newest_list", name=name).fetchone()
            if newest:
                return newest["list_id"], name, False
        created = self._run("applying/create_list", name=name).fetchone()
        assert created is not None
        return created["list_id"], name, True

    def _consent(self, action: Action, stage: Stage) -> Effects:
        distinct = self._run("applying/distinct_keys").fetchone()
        assert distinct is not None
        statement = "applying/opt_out" if action.kind == "optout" else "applying/opt_in"
        slots = {}
        if action.kind == "optin":
            among = self._guess("applying/estimate_opt_outs", stage.keys, medium=action.medium)
            slots["looked_up"] = _looked_up("address", _KEYS, rows=stage.keys, among=among)
        changed = self._run(statement, medium=action.medium, deposit_id=self.deposit_id, **slots).rowcount
        unchanged = distinct["keys"] - changed
        if action.kind == "optout":
            return Effects(inserted=changed, unchanged=unchanged)
        return Effects(removed=changed, unchanged=unchanged)

    def _delete(self, stage: Stage) -> Effects:
        among = self._guess("applying/estimate_contacts", stage.keys)
        looked_up = _looked_up("c.identity", _KEYS, rows=stage.keys, among=among)
        matched = self._run("applying/match_keys", looked_up=looked_up).rowcount
        _analyze(self.conn, "target", "contact_id", matched)
        members = self._guess("applying/estimate_members", matched)
        looked_up = _looked_up("contact_id", _TARGETS, rows=matched, among=members)
        self._run("applying/delete_members", looked_up=looked_up)
        looked_up = _looked_up("contact_id", _TARGETS, rows=matched, among=among)
        return Effects(removed=self._run("applying/delete_contacts", looked_up=looked_up).rowcount)

    def _guess(self, name: str, rows: int, **given: Any) -> int:
        """How many rows the planner believes there are to find `rows` keys in; 0 where that makes no difference."""
        if not FEW_ROWS < rows <= LOOK_UP_ROWS:
            return 0
        (plan,) = self._run(name, **given).fetchone().values()
        return int(plan[0]["Plan"]["Plan Rows"])

    def _run(self, name: str, /, **given: Any) -> Any:
        slots = {key: value for key, value in given.items() if isinstance(value, sql.Composable)}
        values = {key: value for key, value in given.items() if key not in slots}
        statement = statements.get(name)
        return self.conn.execute(
            statement.format(**slots) if slots else statement,
            {"account_id": self.account.account_id, "now": self.now, **values},
        )


def _analyze(conn: Connection, table: str, column: str, rows: int) -> None:
    """Tell the planner how many rows a staging table has. One column is enough for that; all 31 take a second's half."""
    if rows >= ANALYZE_ROWS:
        statement = sql.SQL("ANALYZE pg_temp.{} ({})")
        conn.execute(statement.format(sql.Identifier(table), sql.Identifier(column)))


def _looked_up(column: str, keys: str, *, rows: int, among: int) -> sql.SQL:
    """A condition that says nothing new, but has an index looked into once for each of the `rows` staged `keys`.

    Only where the planner believes the table to be much larger (`among`). Else it may not use the index, as it thinks
    there is next to nothing to read, and would search all the keys for each row: hours, where its numbers lag behind a
    big import. Without the condition both sides are read once and hashed, whatever it believes.
    """
    few = rows <= FEW_ROWS or (rows <= LOOK_UP_ROWS and among > LOOK_UP_SHARE * rows)
    return sql.SQL(cast("LiteralString", f"{column} = ANY (ARRAY({keys}))" if few else "true"))  # type: ignore[redundant-cast]  # as in statements.get


def _kept(table: str, column: str) -> sql.Composable:
    """Whether a staged row's invalid cell leaves the column as it is."""
    return sql.SQL("({}.kept & {}) <> 0").format(sql.Identifier(table), sql.Literal(KEPT_BITS[column]))


@lru_cache(SLOTS_KEPT)
def _update_slots(columns: tuple[str, ...], *, clear: bool) -> Mapping[str, sql.SQL]:
    """How a contact takes a row's columns, and when that changes it."""
    new = {}
    for column in columns:
        name = sql.Identifier(column)
        if not clear:
            new[column] = sql.SQL("coalesce(s.{0}, c.{0})").format(name)
        elif column in KEPT_BITS:
            new[column] = sql.SQL("CASE WHEN {1} THEN c.{0} ELSE s.{0} END").format(name, _kept("s", column))
        else:
            new[column] = sql.SQL("s.{}").format(name)
    differs: list[sql.Composable] = [
        sql.SQL("c.{} IS DISTINCT FROM {}").format(sql.Identifier(c), v) for c, v in new.items()
    ]
    return _rendered(
        assigned=sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(c), v) for c, v in new.items()),
        differs=sql.SQL(" OR ").join(differs or [sql.SQL("false")]),
    )


@lru_cache(SLOTS_KEPT)
def _insert_slots(columns: tuple[str, ...]) -> Mapping[str, sql.SQL]:
    return _rendered(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        staged=sql.SQL(", ").join(sql.SQL("s.{}").format(sql.Identifier(c)) for c in columns),
    )


@lru_cache(SLOTS_KEPT)
def _fold_slots(columns: tuple[str, ...], *, clear: bool) -> Mapping[str, sql.SQL]:
    """The last row that says something about a column decides: a blank one says something only under `clear`."""
    folded: list[sql.Composable] = [sql.SQL("bit_and(kept) AS kept")]
    for column in columns:
        name = sql.Identifier(column)
        says: sql.Composable = sql.SQL("")
        if not clear:
            says = sql.SQL(" FILTER (WHERE {} IS NOT NULL)").format(name)
        elif column in KEPT_BITS:
            says = sql.SQL(" FILTER (WHERE (kept & {}) = 0)").format(sql.Literal(KEPT_BITS[column]))
        folded.append(sql.SQL("(array_agg({0} ORDER BY line DESC){1})[1] AS {0}").format(name, says))
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


def stored_columns(positions: Mapping[str, int]) -> tuple[str, ...]:
    """The columns of a file in the protocol's order."""
    return tuple(key for key in KEYS if key in positions)
