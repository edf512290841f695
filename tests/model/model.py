"""The model: accounts as plain Python, changed one row after the other from top to bottom.

`readings.md` lists how it reads the protocol where that leaves a choice.
"""

from __future__ import annotations

import copy
import re

from .accounts import Account
from .effects import addresses, delete, enlist, matching, opt_in, opt_out, original_of, require_few
from .expected import Expected
from .names import CHECK, is_check, list_name, name_text, original_name
from .reading import read_sheet
from .refusal import Refused
from .rows import Contact, Sorted, require_columns, sort_out
from .values import COLUMNS, MODES, AccountRules, medium_of


class Model:
    """The accounts, and `deposit`, which applies one file or leaves everything as it was."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self._next_contact = 0
        self._applied: set[tuple[str, str, bytes, bytes]] = set()
        self._now = 0.0

    def add_account(self, rules: AccountRules) -> Account:
        return self.accounts.setdefault(rules.name, Account(rules))

    def campaign_opt_out(self, account: str, medium: str, address: str, at: float) -> None:
        """An opt-out that the sending platform recorded; `at` is its time in seconds."""
        opt_out(self.accounts[account], medium, address, at)

    def deposit(
        self,
        account: str,
        action: str,
        file_name: bytes,
        content: bytes,
        markers: set[str],
        *,
        at: float | None = None,
        claimed_name: bytes | None = None,
    ) -> Expected:
        """The file's outcome; its effects stay in the model.

        `at` is the deposit date in seconds, by default later than every date so far. `claimed_name`
        lets a corrected rejected file find this deposit.
        """
        owner = self.accounts[account]
        self._now = max(self._now + 1, at or 0)
        text = name_text(file_name)
        check = is_check(text)
        file = (account, action, re.sub(CHECK.pattern.encode(), b"", file_name, flags=re.IGNORECASE), content)
        if action.startswith("optin") and file in self._applied:
            return Expected(state="ko", reason="repeated_file", why="it was applied before", dry_run=check)
        mode = _mode(text, markers) if action == "import" else None
        original = owner.originals.get(original_name(text) or "")
        try:
            sheet = read_sheet(content, owner.rules)
            require_columns(sheet, action, owner.rules, mode)
            rows = sort_out(sheet, action, owner.rules, original)
        except Refused as error:
            return Expected(state="ko", reason=error.code, why=str(error), dry_run=check)
        good, bad = rows.good, rows.bad
        expected = Expected(rows_read=len(good) + len(bad), rows_applied=len(good), rows_rejected=len(bad))
        expected.rejected_lines = sorted(each.line for each in bad)
        expected.rejected_for = {each.line: (each.column, each.code) for each in bad}
        expected.warnings = rows.warnings
        expected.separator, expected.dry_run = sheet.separator, check
        if action == "import":
            expected.list_name, expected.mode = list_name(text)[0], mode
        before = copy.deepcopy(owner)
        if bad and claimed_name:
            owner.originals[name_text(claimed_name)] = original_of(rows)
        try:
            self._take_effect(owner, action, rows, expected, self._now if at is None else at)
        except Refused as error:
            vars(owner).update(vars(before))
            return Expected(state="ko", reason=error.code, why=str(error), dry_run=check)
        if check:
            # A correction of its rejected file is compared with it.
            vars(owner).update(vars(before), originals=owner.originals)
        else:
            self._applied.add(file)
        return expected

    def _take_effect(self, owner: Account, action: str, rows: Sorted, expected: Expected, at: float) -> None:
        """What the rows change; raises Refused if they remove too many contacts."""
        if action == "import":
            self._import(owner, rows, expected)
        elif action == "delete":
            contacts = len(owner.contacts)
            delete(owner, rows.good, expected)
            require_few(owner.rules, expected.removed, contacts)
        elif action.startswith("optout"):
            for address in addresses(rows.good, medium_of(action)):
                new = opt_out(owner, medium_of(action), address, at)
                expected.inserted += new
                expected.unchanged += not new
        else:
            opt_in(owner, medium_of(action), rows.good, expected, at)

    def _import(self, owner: Account, rows: Sorted, expected: Expected) -> None:
        clear = owner.rules.blank_cells == "clear"
        before: dict[int, Contact | None] = {}
        for _, row in rows.good:
            matched = matching(owner, row)
            if matched is None:
                self._next_contact += 1
                matched = self._next_contact
                before[matched] = None
                owner.contacts[matched] = {column: row.get(column) for column in COLUMNS}
                continue
            before.setdefault(matched, dict(owner.contacts[matched]))
            for column, value in row.items():
                if value is not None or clear:
                    owner.contacts[matched][column] = value
        for matched, old in before.items():
            if old is None:
                expected.inserted += 1
            elif old == owner.contacts[matched]:
                expected.unchanged += 1
            else:
                expected.updated += 1
        enlist(owner, rows, set(before), expected)


def _mode(file_name: str, markers: set[str]) -> int:
    chosen = [mode for marker, mode in MODES.items() if marker in markers]
    if list_name(file_name)[1]:
        return 2
    return chosen[0] if len(chosen) == 1 else 1
