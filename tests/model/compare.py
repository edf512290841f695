"""The program's outcome of a deposit against the model's, by SQL and result files only."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from .encoding import BOM
from .names import name_text
from .refusal import Refused
from .tokens import tokenize
from .values import COLUMNS, MEDIUM_MEANS, trim

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg

    from .accounts import Account
    from .drive import Settled
    from .expected import Expected
    from .generate import Step

COUNTS = ("rows_read", "rows_applied", "rows_rejected", "inserted", "updated", "unchanged", "removed")
EFFECTS = ("rows_applied", "inserted", "updated", "unchanged", "removed")
# The protocol determines when these warnings appear; the others may be more or less detailed.
JUDGED_WARNINGS = frozenset({"footer", "mixed_encoding", "later_opt_out"})
ACTS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\U000e0000-\U000e007f]"
)
BELONGS = "account_id = (select account_id from contactsync.account where name = %s)"


def differences(
    connection: psycopg.Connection, account: Account, step: Step, expected: Expected, answer: Settled
) -> list[str]:
    """Everything that differs from the model, each as one line; empty if they agree."""
    wrong = _ledger(connection, step, expected, answer)
    wrong += _unequal("settled file is the uploaded one", answer.path.read_bytes() == step.content, True)
    wrong += _database(connection, account)
    if step.markers and step.action == "import":
        there = answer.folder.parent
        if missing := [marker for marker in step.markers if not (there / marker).exists()]:
            wrong.append(f"markers gone: {missing}")
    return wrong + _results(step, expected, answer)


def _ledger(connection: psycopg.Connection, step: Step, expected: Expected, answer: Settled) -> list[str]:
    """The ledger's newest row, and the folder, against the expected outcome."""
    wrong = []
    row = connection.execute(
        f"select action, name, name_bytes, dry_run, state, reason, {', '.join(COUNTS)}"
        f" from contactsync.deposit where {BELONGS} order by deposit_id desc limit 1",
        (step.account.name,),
    ).fetchone()
    if row is None:
        return ["the ledger has no row"]
    action, name, name_bytes, dry_run, state, reason, *numbers = row
    counts = dict(zip(COUNTS, numbers, strict=True))
    wrong += _unequal("folder", answer.state, expected.state)
    wrong += _unequal("ledger's state", state, expected.state)
    wrong += _unequal("ledger's action", action, step.action)
    wrong += _unequal("ledger's name_bytes", bytes(name_bytes), step.name)
    wrong += _unequal("ledger's name", name, name_text(step.name))
    wrong += _unequal("ledger's dry_run", dry_run, expected.dry_run)
    wrong += _unequal("ledger has a reason", bool(reason), expected.refused)
    if expected.refused:
        wrong += _unequal("effects", [counts[c] or 0 for c in EFFECTS], [0] * len(EFFECTS))
    else:
        wrong += _unequal("counts", counts, {c: getattr(expected, c) for c in COUNTS})
    if wrong:
        wrong.append(f"the program's reason: {reason}; the model's: {expected.why or None}")
    return wrong


def _database(connection: psycopg.Connection, account: Account) -> list[str]:
    """All that the account owns in SQL against all that it owns in the model."""
    name = account.rules.name

    def select(what: str) -> list[tuple[Any, ...]]:
        return connection.execute(what.replace("$mine", BELONGS), (name,)).fetchall()

    fields = ", ".join(COLUMNS)
    contacts = {
        row[0]: row[1:] for row in select(f"select contact_id, {fields} from contactsync.contact where $mine")
    }
    wrong = _multisets("contacts", contacts.values(), account.rows())

    members: dict[int, list[tuple[Any, ...]]] = {}
    for list_id, contact_id in select("select list_id, contact_id from contactsync.list_member where $mine"):
        members.setdefault(list_id, []).append(contacts.get(contact_id, ("no such contact", contact_id)))
    lists = select("select list_id, name from contactsync.contact_list where $mine order by list_id")
    wrong += _unequal("lists by age", [row[1] for row in lists], [each.name for each in account.lists])
    for (list_id, list_name), each in zip(lists, account.lists, strict=False):
        wrong += _multisets(f"members of {list_name!r}", members.get(list_id, []), account.rows(each.members))

    outs = select("select medium, address from contactsync.opt_out where $mine")
    wrong += _multisets("opt-outs", outs, account.opt_outs)
    events = select("select medium, address, kind from contactsync.consent_event where $mine")
    wrong += _multisets("consent events", events, account.events)

    flags = "contact_id, email_active, sms_active, voice_active, voicemail_active"
    seen = [
        (*(contacts.get(row[0], ())), *row[1:])
        for row in select(f"select {flags} from contactsync.contact_status where $mine")
    ]
    active = [
        (*contact, *(_active(dict(zip(COLUMNS, contact, strict=True)), m, account) for m in MEDIUM_MEANS))
        for contact in account.rows()
    ]
    return wrong + _multisets("contact_status", seen, active)


def _active(contact: dict[str, Any], medium: str, account: Account) -> bool:
    address = contact[MEDIUM_MEANS[medium]]
    return address is not None and (medium, address) not in account.opt_outs


def _results(step: Step, expected: Expected, answer: Settled) -> list[str]:
    """The result files next to the settled one."""
    try:
        result = json.loads(answer.beside(".result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return [f"result.json: {type(error).__name__}"]
    wrong = _unequal("result's state", result["state"], expected.state)
    wrong += _unequal("result's dry_run", result["dry_run"], expected.dry_run)
    wrong += _unequal("result has a reason", bool(result["reason"]), expected.refused)
    wrong += _unequal(
        "result's account and action", (result["account"], result["action"]), (step.account.name, step.action)
    )
    if expected.refused:
        return wrong
    wrong += _unequal(
        "result's counts", {c: result[c] for c in COUNTS}, {c: getattr(expected, c) for c in COUNTS}
    )
    wrong += _unequal("result's list", result["list"], _escaped(expected.list_name))
    lines = {error["line"] for error in result["errors"]}
    if len(result["errors"]) < 100:
        wrong += _unequal("result's lines of errors", sorted(lines), expected.rejected_lines)
    wrong += _unequal("result's warnings", _judged(result["warnings"]), _judged_codes(expected))
    rejected = answer.beside(".rejected.csv")
    if not expected.rejected_lines:
        return wrong + _unequal("rejected.csv is there", answer.is_new(".rejected.csv"), False)
    if not rejected.exists():
        return [*wrong, "rejected.csv is missing"]
    return wrong + _unequal(
        "rejected.csv's lines",
        _rejected_lines(rejected.read_bytes(), expected.separator),
        expected.rejected_lines,
    )


def _escaped(name: str | None) -> str | None:
    """A name as result.json has it: without what a terminal would act on (protocol 7)."""
    return name and ACTS.sub(lambda found: repr(found[0])[1:-1], name)


def _judged(warnings: Iterable[dict[str, Any]]) -> list[str]:
    return sorted({warning["code"] for warning in warnings} & JUDGED_WARNINGS)


def _judged_codes(expected: Expected) -> list[str]:
    return sorted(expected.warnings.keys() & JUDGED_WARNINGS)


def _rejected_lines(content: bytes, separator: str) -> list[int] | str:
    """The column `Ligne` of a rejected.csv, read as ISO-8859-1, which keeps the structure."""
    text = content.removeprefix(BOM).decode("latin-1")
    try:
        header, *rows = [r for r in tokenize(text, separator) if not r.blank]
        names = [trim(cell) for cell in header.cells]
        at = -2 if names[-2:] == ["Ligne", "Motif"] else names.index("Ligne")
        return sorted(int(row.cells[at]) for row in rows)
    except (Refused, ValueError, IndexError) as error:
        return f"unreadable: {error}"


def _unequal(what: str, program: object, model: object) -> list[str]:
    return [] if program == model else [f"{what}: program {program!r}, model {model!r}"]


def _multisets(what: str, program: Iterable[Sequence[Any]], model: Iterable[Sequence[Any]]) -> list[str]:
    ours, theirs = Counter(map(tuple, model)), Counter(map(tuple, program))
    extra, missing = list((theirs - ours).elements()), list((ours - theirs).elements())
    if not extra and not missing:
        return []
    return [f"{what}: only the program {extra[:5]!r}; only the model {missing[:5]!r}"]
