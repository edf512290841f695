"""The model: accounts as plain Python, changed one row after the other from top to bottom.

`readings.md` lists how it reads the protocol where that leaves a choice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .accounts import Account, ContactList
from .names import list_name, name_text, original_name
from .reading import Warnings, read_sheet
from .references import is_destroyed, normal_reference
from .refusal import Refused
from .rows import Contact, Original, Sorted, require_columns, sort_out
from .values import COLUMNS, MEANS, MEDIUM_MEANS, MODES, AccountRules, medium_of


@dataclass
class Expected:
    """The outcome of a deposit.

    `reason` is the code of a refusal, as far as the protocol determines it; `why` explains it to a
    human. `warnings` maps codes to lines. Neither is part of what random deposits are judged on.
    """

    state: str = "ok"
    reason: str = ""
    why: str = ""
    rows_read: int = 0
    rows_applied: int = 0
    rows_rejected: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    list_name: str | None = None
    mode: int | None = None
    separator: str = ""
    rejected_lines: list[int] = field(default_factory=list)
    rejected_for: dict[int, tuple[str | None, str]] = field(default_factory=dict)
    warnings: Warnings = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return self.state == "ko"


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
        _opt_out(self.accounts[account], medium, address, at)

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
        file = (account, action, file_name, content)
        if action.startswith("optin") and file in self._applied:
            return Expected(state="ko", reason="repeated_file", why="it was applied before")
        text = name_text(file_name)
        mode = _mode(text, markers) if action == "import" else None
        original = owner.originals.get(original_name(text) or "")
        try:
            sheet = read_sheet(content, owner.rules)
            require_columns(sheet, action, owner.rules, mode)
            rows = sort_out(sheet, action, owner.rules, original)
        except Refused as error:
            return Expected(state="ko", reason=error.code, why=str(error))
        good, bad = rows.good, rows.bad
        expected = Expected(rows_read=len(good) + len(bad), rows_applied=len(good), rows_rejected=len(bad))
        expected.rejected_lines = sorted(each.line for each in bad)
        expected.rejected_for = {each.line: (each.column, each.code) for each in bad}
        expected.warnings = rows.warnings
        expected.separator = sheet.separator
        if bad and claimed_name:
            owner.originals[name_text(claimed_name)] = _original(rows)
        self._applied.add(file)
        if action == "import":
            expected.list_name, expected.mode = list_name(text)[0], mode
            self._import(owner, rows, expected)
        elif action == "delete":
            _delete(owner, good, expected)
        elif action.startswith("optout"):
            for address in _addresses(good, medium_of(action)):
                new = _opt_out(owner, medium_of(action), address, self._now if at is None else at)
                expected.inserted += new
                expected.unchanged += not new
        else:
            _opt_in(owner, medium_of(action), good, expected, self._now if at is None else at)
        return expected

    def _import(self, owner: Account, rows: Sorted, expected: Expected) -> None:
        clear = owner.rules.blank_cells == "clear"
        before: dict[int, Contact | None] = {}
        for _, row in rows.good:
            matched = _matching(owner, row)
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
        _enlist(owner, rows, set(before), expected)


def _mode(file_name: str, markers: set[str]) -> int:
    chosen = [mode for marker, mode in MODES.items() if marker in markers]
    if list_name(file_name)[1]:
        return 2
    return chosen[0] if len(chosen) == 1 else 1


def _enlist(owner: Account, rows: Sorted, members: set[int], expected: Expected) -> None:
    """Puts the file's contacts in its list, and removes the others in mode 3."""
    target = next((x for x in reversed(owner.lists) if x.name == expected.list_name), None)
    if target is None or expected.mode == 1:
        target = ContactList(expected.list_name or "")
        owner.lists.append(target)
    leaving = target.members - members if expected.mode == 3 else set()
    if owner.rules.dedup == "reference":
        kept = {normal_reference(each.row.get("reference", "")) for each in rows.bad}
        leaving = {m for m in leaving if owner.contacts[m]["reference"] not in kept}
    references = [str(row.get("reference") or "") for _, row in rows.good]
    references += [each.row.get("reference", "") for each in rows.bad]
    destroyed = any(is_destroyed(reference) for reference in references)
    if leaving and destroyed:
        expected.warnings["nobody_removed"] = []
    if not destroyed:
        target.members -= leaving
        expected.removed = len(leaving)
    target.members |= members


def _original(rows: Sorted) -> Original:
    """What a corrected rejected file of this deposit is compared with."""
    references = {line: (str(row.get("reference") or ""), False) for line, row in rows.good}
    for each in rows.bad:
        # A ragged row names no column; its Référence may be what is wrong with it.
        was_the_error = each.column in (None, "reference")
        references[each.line] = normal_reference(each.row.get("reference", "")), was_the_error
    return Original(references)


def _delete(owner: Account, good: list[tuple[int, Contact]], expected: Expected) -> None:
    removed: list[Contact] = []
    for line, row in good:
        matched = _matching(owner, row)
        if matched is not None:
            removed.append(owner.contacts.pop(matched))
            expected.removed += 1
            for each in owner.lists:
                each.members.discard(matched)
        elif not any(_same(owner, contact, row) for contact in removed):
            expected.warnings.setdefault("met_nobody", []).append(line)


def _opt_out(owner: Account, medium: str, address: str, at: float) -> bool:
    """Deactivates an address; True if it was active."""
    since = owner.opt_outs.get((medium, address))
    owner.opt_outs[medium, address] = at if since is None else max(at, since)
    if since is None:
        owner.events.append((medium, address, "optout"))
    return since is None


def _opt_in(
    owner: Account, medium: str, good: list[tuple[int, Contact]], expected: Expected, at: float
) -> None:
    """Reactivates the addresses whose opt-out is not younger than the deposit."""
    for address in _addresses(good, medium):
        since = owner.opt_outs.get((medium, address))
        if since is None:
            expected.unchanged += 1
        elif since > at:
            expected.unchanged += 1
            lines = [line for line, row in good if row[MEDIUM_MEANS[medium]] == address]
            expected.warnings.setdefault("later_opt_out", []).extend(lines)
        else:
            expected.removed += 1
            del owner.opt_outs[medium, address]
            owner.events.append((medium, address, "optin"))


def _addresses(good: list[tuple[int, Contact]], medium: str) -> list[str]:
    """The distinct addresses of the rows, in order."""
    return list(dict.fromkeys(str(row[MEDIUM_MEANS[medium]]) for _, row in good))


def _same(owner: Account, contact: Contact, row: Contact) -> bool:
    criterion = MEANS if owner.rules.dedup == "triplet" else ("reference",)
    return all(contact[column] == row.get(column) for column in criterion)


def _matching(owner: Account, row: Contact) -> int | None:
    """The contact that a row matches by the account's criterion, or None."""
    if owner.rules.dedup == "none":
        return None
    return next((key for key, contact in owner.contacts.items() if _same(owner, contact, row)), None)
