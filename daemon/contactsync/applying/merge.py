"""Merges a deposit's staged rows into the tables, in one short stretch under the account's lock.

Staging and merging are one transaction, so a file is applied whole or not at all (protocol 5.2, 5.3). Nothing
that others wait for is held until `Merge.lock`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import sql

from contactsync.applying import column_slots, look_up
from contactsync.applying.effects import Effects, Located
from contactsync.applying.removal_guard import RemovalGuard
from contactsync.applying.staging import Stage, analyze
from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import Action, Claimed, Mode
from contactsync.domain.errors import MAX_LISTED_ERRORS, Retryable


@dataclass(frozen=True, slots=True)
class Merge:
    """Everything that merging needs to know about a deposit.

    `columns` are the file's, in the protocol's order. `keep_members` makes mode 3 remove nobody from the list. `guard`
    limits what a file may remove.
    """

    conn: Connection
    account: Account
    claimed: Claimed
    deposit_id: int
    columns: tuple[str, ...]
    now: datetime
    keep_members: bool = False
    guard: RemovalGuard = field(default_factory=RemovalGuard)
    # Whether to keep what the deposit changes as it was (`undo`).
    undoable: bool = False

    def lock(self) -> bool:
        """Wait for the account's lock and hold it; False if another daemon has finished the deposit.

        Raises Retryable if the account's settings changed since the file was validated.
        """
        row = self._run("applying/lock").fetchone()
        if row is None or row["revision"] != self.account.revision:
            raise Retryable("the account's settings changed meanwhile")
        return bool(row["state"] == "on")

    def apply(self, stage: Stage) -> Effects:
        """Merge the staged rows; the caller commits the transaction.

        Raises FileRefused if the file would remove more contacts than the guard allows.
        """
        action = self.claimed.action
        if action.kind == "import":
            return self._import(stage)
        if action.kind == "delete":
            return self._delete(stage)
        return self._consent(action, stage)

    def fold(self, stage: Stage) -> None:
        """Make the rows of one contact one row, as if applied from top to bottom. Needs no lock."""
        if self.claimed.action.kind == "import" and self.account.dedup != "none" and stage.may_repeat:
            doubled = self._run("applying/has_duplicates").fetchone()
            if doubled and doubled["doubled"]:
                self._run("applying/fold", **column_slots.fold_slots(self.columns, clear=self._clear))
                stage.rows -= self._run("applying/unfold").rowcount

    @property
    def _clear(self) -> bool:
        """Whether a blank cell empties its column."""
        return self.account.blank_cells == "clear"

    def _import(self, stage: Stage) -> Effects:
        list_id, list_name, is_new, last_contact_id = self._list()
        columns = tuple(c for c in self.columns if c != "reference" or self.account.dedup != "reference")
        slots = column_slots.update_slots(columns, clear=self._clear)
        matched = among = 0
        if self.account.dedup != "none":
            among = self._estimate("applying/estimate_contacts", stage.rows)
            looked_up = look_up.condition("c.identity", look_up.STAGED, rows=stage.rows, among=among)
            matched = self._run("applying/match", differs=slots["differs"], looked_up=looked_up).rowcount
        removed = 0
        # Before any contact is added: a new one is on no list yet.
        if self.claimed.mode is Mode.SYNC and not self.keep_members:
            if self.guard.limits and not is_new:
                self.guard.require_few(
                    **self._run("applying/count_others", list_id=list_id).fetchone(), list=list_name
                )
            removed = self._run("applying/remove_others", list_id=list_id).fetchone()["removed"]
        updated = 0
        undo = {"first": last_contact_id or 0, "list_is_new": is_new}
        if matched:
            found = self._run("applying/matched").fetchone()
            differing = found.pop("differing")
            undo |= found
            analyze(self.conn, "target", "line", matched)
            if differing:
                # There are at least as many contacts as were found.
                looked_up = look_up.condition(
                    "c.contact_id", look_up.DIFFERING, rows=differing, among=max(among, matched)
                )
                assigned, image = slots["assigned"], slots["image"]
                updated = self._run(
                    "applying/update", assigned=assigned, image=image, looked_up=looked_up
                ).rowcount
            self._run("applying/fill_list" if is_new else "applying/add_members", list_id=list_id)
        inserted = 0
        if matched < stage.rows:
            slots = column_slots.insert_slots(self.columns)
            inserted = self._run("applying/insert", list_id=list_id, **slots).rowcount
        return Effects(
            inserted, updated, matched - updated, removed, list_id, list_name, undo=self._undo(**undo)
        )

    def _undo(self, **known: Any) -> Mapping[str, Any] | None:
        """What the ledger has to know so that the deposit can be undone."""
        return {"dedup": self.account.dedup, **known} if self.undoable else None

    def _list(self) -> tuple[int, str, bool, int | None]:
        """The id and name of the list to fill, whether it is new (asked for, or none had that name), and the id of the newest contact ever."""
        file_name = names.as_text(self.claimed.name)
        name = names.list_name(file_name)
        if names.is_rejected_file(file_name):
            original = self._run("ledger/original", claimed_name=names.claimed_original(file_name)).fetchone()
            if original:
                name = original["list_name"] or names.list_name(original["name"])
        if self.claimed.mode is not Mode.CREATE:
            newest = self._run("applying/newest_list", name=name).fetchone()
            if newest:
                return newest["list_id"], name, False, newest["last_contact_id"]
        created = self._run("applying/create_list", name=name).fetchone()
        assert created is not None
        return created["list_id"], name, True, created["last_contact_id"]

    def _consent(self, action: Action, stage: Stage) -> Effects:
        distinct = self._run("applying/distinct_keys").fetchone()
        date = self._run("applying/consent_date").fetchone()
        assert distinct is not None
        assert date is not None
        what = {"medium": action.medium, "asked_at": date["asked_at"]}
        if action.kind == "optout":
            changed = self._run("applying/opt_out", **what).rowcount
            return Effects(inserted=changed, unchanged=distinct["keys"] - changed)
        among = self._estimate("applying/estimate_opt_outs", stage.keys, medium=action.medium)
        looked_up = look_up.condition("address", look_up.KEYS, rows=stage.keys, among=among)
        matched = self._run("applying/lock_opt_outs", looked_up=looked_up, **what).rowcount
        analyze(self.conn, "target", "key", matched)
        later = self._run("applying/later_opt_outs", listed=MAX_LISTED_ERRORS).fetchone()
        looked_up = look_up.condition("address", look_up.REMOVABLE, rows=matched, among=among)
        removed = self._run("applying/opt_in", looked_up=looked_up, **what).rowcount
        warnings = {"later_opt_out": Located(later["addresses"], tuple(later["lines"]))}
        return Effects(
            removed=removed, unchanged=distinct["keys"] - removed, warnings=warnings, undo=self._undo()
        )

    def _delete(self, stage: Stage) -> Effects:
        among = self._estimate("applying/estimate_contacts", stage.keys)
        looked_up = look_up.condition("c.identity", look_up.KEYS, rows=stage.keys, among=among)
        matched = self._run("applying/match_keys", looked_up=looked_up).rowcount
        if self.guard.limits:
            self.guard.require_few(matched, **self._run("applying/count_contacts").fetchone())
        analyze(self.conn, "target", "contact_id", matched)
        members = self._estimate("applying/estimate_members", matched)
        looked_up = look_up.condition("contact_id", look_up.TARGETS, rows=matched, among=members)
        self._run("applying/delete_members", looked_up=looked_up)
        looked_up = look_up.condition("contact_id", look_up.TARGETS, rows=matched, among=among)
        nobody = self._run("applying/met_nobody", listed=MAX_LISTED_ERRORS).fetchone()
        removed = self._run("applying/delete_contacts", looked_up=looked_up).fetchone()["removed"]
        warnings = {"met_nobody": Located(nobody["rows"], tuple(nobody["lines"]))}
        return Effects(removed=removed, warnings=warnings, undo=self._undo(missed=nobody["rows"]))

    def _estimate(self, name: str, rows: int, **given: Any) -> int:
        """The planner's estimate of the rows to find `rows` keys in; 0 where it makes no difference."""
        if not look_up.needs_estimate(rows):
            return 0
        (plan,) = self._run(name, **given).fetchone().values()
        return int(plan[0]["Plan"]["Plan Rows"])

    def _run(self, name: str, /, **given: Any) -> Any:
        """Run a statement: composed values fill its slots, the others are its parameters."""
        slots = {key: value for key, value in given.items() if isinstance(value, sql.Composable)}
        values = {key: value for key, value in given.items() if key not in slots}
        statement = statements.get(name)
        return self.conn.execute(
            statement.format(**slots) if slots else statement,
            {
                "account_id": self.account.account_id,
                "deposit_id": self.deposit_id,
                "now": self.now,
                "undoable": self.undoable,
                **values,
            },
        )
