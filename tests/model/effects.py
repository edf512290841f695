"""What a file changes in one account, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .accounts import Account, ContactList
from .references import is_destroyed, normal_reference
from .refusal import Refused
from .rows import Contact, Original, Sorted
from .values import MEANS, MEDIUM_MEANS, AccountRules

if TYPE_CHECKING:
    from .expected import Expected


def enlist(owner: Account, rows: Sorted, members: set[int], expected: Expected) -> None:
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
        require_few(owner.rules, len(leaving), len(target.members))
        target.members -= leaving
        expected.removed = len(leaving)
    target.members |= members


def require_few(rules: AccountRules, removed: int, total: int) -> None:
    """Refuse a file that removes more than the account allows."""
    too_many = rules.max_removals is not None and removed > rules.max_removals
    share = rules.max_removal_percent
    if too_many or (share is not None and removed * 100 > share * total):
        raise Refused("too_many_removals", f"{removed} of {total}")


def original_of(rows: Sorted) -> Original:
    """What a corrected rejected file of this deposit is compared with."""
    references = {line: (str(row.get("reference") or ""), False) for line, row in rows.good}
    for each in rows.bad:
        # A ragged row names no column; its Référence may be what is wrong with it.
        was_the_error = each.column in (None, "reference")
        references[each.line] = normal_reference(each.row.get("reference", "")), was_the_error
    return Original(references)


def delete(owner: Account, good: list[tuple[int, Contact]], expected: Expected) -> None:
    removed: list[Contact] = []
    for line, row in good:
        matched = matching(owner, row)
        if matched is not None:
            removed.append(owner.contacts.pop(matched))
            expected.removed += 1
            for each in owner.lists:
                each.members.discard(matched)
        elif not any(same(owner, contact, row) for contact in removed):
            expected.warnings.setdefault("met_nobody", []).append(line)


def opt_out(owner: Account, medium: str, address: str, at: float) -> bool:
    """Deactivates an address; True if it was active."""
    since = owner.opt_outs.get((medium, address))
    owner.opt_outs[medium, address] = at if since is None else max(at, since)
    if since is None:
        owner.events.append((medium, address, "optout"))
    return since is None


def opt_in(
    owner: Account, medium: str, good: list[tuple[int, Contact]], expected: Expected, at: float
) -> None:
    """Reactivates the addresses whose opt-out is not younger than the deposit."""
    for address in addresses(good, medium):
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


def addresses(good: list[tuple[int, Contact]], medium: str) -> list[str]:
    """The distinct addresses of the rows, in order."""
    return list(dict.fromkeys(str(row[MEDIUM_MEANS[medium]]) for _, row in good))


def same(owner: Account, contact: Contact, row: Contact) -> bool:
    criterion = MEANS if owner.rules.dedup == "triplet" else ("reference",)
    return all(contact[column] == row.get(column) for column in criterion)


def matching(owner: Account, row: Contact) -> int | None:
    """The contact that a row matches by the account's criterion, or None."""
    if owner.rules.dedup == "none":
        return None
    return next((key for key, contact in owner.contacts.items() if same(owner, contact, row)), None)
