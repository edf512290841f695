"""The model: accounts as plain Python, changed one row after the other from top to bottom.

Where the protocol leaves a choice, this model reads it so (the generator keeps away from the ones marked *, unless
asked for `corners`):

 1. Leading blank lines, and leading rows of blank cells, are nothing: the header is the first record that
    is not blank. Line numbers still count them. *
 2. A BOM under the pin `iso-8859-1` is three ordinary characters (the first header is then unknown); under
    the pin `utf-8` it is dropped. The Windows-1252 reading of 0x80-0x9F holds under the pin too. *
 3. "Header's last named column" counts unknown names; a row is short when it has no field at all for that
    column.
 4. A row whose cells are all blank is nothing, however many fields it has (up to 256), too short ones
    included.
 5. `skip` forgives rows with too many or too few fields and nothing else. They count in rows_read,
    rows_rejected and rejected lines; a file with only ragged and invalid rows is refused.
 6. "Référence stands in a rejected row" (mode 3): ragged rows too, by the cell in the Référence column if
    they have it.
 7. "Spaces around a quoted field" are any Unicode white space but the separator and line ends. *
 8. White space is Unicode's White_Space property: U+001C..U+001F are not. *
 9. The cell limit counts characters between separators (or quotes, undoubled) before trimming; 256 columns
    counts any record's fields, blank ones past the end too; the line limit counts bytes of a physical line.
    *
10. Scientific notation is an invalid phone (the library's own answer), not a reason to refuse the file by
    itself.
11. `possible` is libphonenumber's `is_possible_number`: numbers that are possible only locally pass.
12. A birth date that is no date never overwrites, not even under `clear` (as the invalid means).
13. `.rejected.csv` in any case; the original is what stands before it, without the stamp of its claim, and
    the list is that original's own. `x.rejected.csv` (no stamp, no inner `.csv`) goes to `x`. The list is
    created if missing.
14. Exactly one leading stamp is taken from any other name. * (two stamps)
15. List names, as references, are equal to the letter; nothing is trimmed in them.
16. Import counts are net: a contact changed and changed back by one file is `unchanged`; one made by it is
    `inserted`.
17. Optout/optin/delete count distinct addresses/contacts; a row that meets nobody is applied.
18. delete under `reference` takes a Référence of over 255 characters as valid (it meets nobody). *
19. An address that is opted out (in) again leaves no consent event and keeps its row.
20. Markers stay where they are after a deposit used them.
21. A phone like `3.36901234E10`, without the plus, is what libphonenumber makes of it (digits run
    together). Never generated. Nor are `.rejected.csv.zip`, claimed names that were shortened and come
    back, `.csv` after a stamp.
22. A deposit's own `Ligne` and `Motif` may be kept or replaced in its rejected.csv. In a ragged row of it,
    they are the last two fields.
23. A triplet row with an invalid means meets the contact that has that means blank, also on import.
24. `<stamp>_x` with rejected rows and a deposit named `x.rejected.csv` of the same second want one file name
    (`x.result.json` likewise): the later one takes the next free second. The harness checks only that no
    settled deposit's bytes are lost and that each has its own result files.
25. What a refused deposit's rows_read and rows_rejected say is not compared; its effects must be 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .reading import Refused, read_sheet
from .rows import Contact, Row, require_columns, sort_out
from .values import COLUMNS, MEANS, MEDIUM_MEANS, MODES, AccountRules, Value, list_name, name_text

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Expected:
    """What a deposit should come to. `why` explains a refusal to a human and is not part of the contract."""

    state: str = "ok"
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
    rejected_lines: list[int] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        return self.state == "ko"


@dataclass
class ContactList:
    """A list and the surrogates of its members."""

    name: str
    members: set[int] = field(default_factory=set)


@dataclass
class Account:
    """All that one account owns. Lists stand in order of creation."""

    rules: AccountRules
    contacts: dict[int, Contact] = field(default_factory=dict)
    lists: list[ContactList] = field(default_factory=list)
    opt_outs: set[tuple[str, str]] = field(default_factory=set)
    events: list[tuple[str, str, str]] = field(default_factory=list)

    def rows(self, members: Iterable[int] | None = None) -> list[tuple[Value, ...]]:
        """The 31 columns of these contacts (all by default), sorted so that two multisets compare."""
        chosen = self.contacts if members is None else members
        return sorted((tuple(self.contacts[m][c] for c in COLUMNS) for m in chosen), key=repr)


class Model:
    """The accounts, and `deposit`, which applies one file or leaves everything as it was."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self._next_contact = 0

    def add_account(self, rules: AccountRules) -> Account:
        return self.accounts.setdefault(rules.name, Account(rules))

    def deposit(
        self, account: str, action: str, file_name: bytes, content: bytes, markers: set[str]
    ) -> Expected:
        """The file's outcome; its effects stay in the model."""
        owner = self.accounts[account]
        try:
            sheet = read_sheet(content, owner.rules)
            require_columns(sheet, action, owner.rules)
            good, bad = sort_out(sheet, action, owner.rules)
        except Refused as error:
            return Expected(state="ko", why=str(error))
        expected = Expected(rows_read=len(good) + len(bad), rows_applied=len(good), rows_rejected=len(bad))
        expected.rejected_lines = sorted(line for line, _ in bad)
        if action == "import":
            text = name_text(file_name)
            self._import(owner, good, bad, file_name=text, markers=markers, expected=expected)
        elif action == "delete":
            self._delete(owner, good, expected)
        elif action.startswith("optout"):
            self._optout(owner, action.removeprefix("optout"), good, expected)
        else:
            self._optin(owner, action.removeprefix("optin"), good, expected)
        return expected

    def _import(
        self,
        owner: Account,
        good: list[tuple[int, Contact]],
        bad: list[tuple[int, Row]],
        *,
        file_name: str,
        markers: set[str],
        expected: Expected,
    ) -> None:
        clear = owner.rules.blank_cells == "clear"
        before: dict[int, Contact | None] = {}
        for _, row in good:
            met = _meets(owner, row)
            if met is None:
                self._next_contact += 1
                met = self._next_contact
                before[met] = None
                owner.contacts[met] = {column: row.get(column) for column in COLUMNS}
                continue
            before.setdefault(met, dict(owner.contacts[met]))
            for column, value in row.items():
                if value is not None or clear:
                    owner.contacts[met][column] = value
        for met, old in before.items():
            if old is None:
                expected.inserted += 1
            elif old == owner.contacts[met]:
                expected.unchanged += 1
            else:
                expected.updated += 1

        expected.list_name, completes = list_name(file_name)
        chosen = [mode for marker, mode in MODES.items() if marker in markers]
        expected.mode = 2 if completes else chosen[0] if len(chosen) == 1 else 1
        target = next((x for x in reversed(owner.lists) if x.name == expected.list_name), None)
        if target is None or expected.mode == 1:
            target = ContactList(expected.list_name)
            owner.lists.append(target)
        if expected.mode == 3:
            kept = {row.get("reference") for _, row in bad} if owner.rules.dedup == "reference" else set()
            leaving = {
                m for m in target.members if m not in before and owner.contacts[m]["reference"] not in kept
            }
            target.members -= leaving
            expected.removed = len(leaving)
        target.members |= set(before)

    @staticmethod
    def _delete(owner: Account, good: list[tuple[int, Contact]], expected: Expected) -> None:
        for _, row in good:
            met = _meets(owner, row)
            if met is not None:
                del owner.contacts[met]
                expected.removed += 1
                for each in owner.lists:
                    each.members.discard(met)

    @staticmethod
    def _optout(owner: Account, medium: str, good: list[tuple[int, Contact]], expected: Expected) -> None:
        for address in _addresses(good, medium):
            if (medium, address) in owner.opt_outs:
                expected.unchanged += 1
            else:
                expected.inserted += 1
                owner.opt_outs.add((medium, address))
                owner.events.append((medium, address, "optout"))

    @staticmethod
    def _optin(owner: Account, medium: str, good: list[tuple[int, Contact]], expected: Expected) -> None:
        for address in _addresses(good, medium):
            if (medium, address) in owner.opt_outs:
                expected.removed += 1
                owner.opt_outs.remove((medium, address))
                owner.events.append((medium, address, "optin"))
            else:
                expected.unchanged += 1


def _addresses(good: list[tuple[int, Contact]], medium: str) -> list[str]:
    """The distinct addresses of the rows, in order."""
    return list(dict.fromkeys(str(row[MEDIUM_MEANS[medium]]) for _, row in good))


def _meets(owner: Account, row: Contact) -> int | None:
    """The contact a row meets by the account's criterion, or None."""
    if owner.rules.dedup == "none":
        return None
    criterion = MEANS if owner.rules.dedup == "triplet" else ("reference",)
    for surrogate, contact in owner.contacts.items():
        if all(contact[column] == row.get(column) for column in criterion):
            return surrogate
    return None
