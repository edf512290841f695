"""What an applied file did, in the account's language: the headline of its answer (protocol 4, 7). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contactsync.domain.columns import FRENCH, MEANS
from contactsync.domain.deposit import Counts, Mode
from contactsync.domain.messages import words
from contactsync.domain.messages.dropped_clauses import COUNTED, DROPPED, SEVERAL, WHOLE_COLUMN
from contactsync.domain.messages.outcome_clauses import CLAUSES
from contactsync.domain.messages.sentence import Context, render, sentence
from contactsync.domain.messages.verdicts import VERDICTS

MOST_OF_A_MEDIUM = 0.5
"""Over this share of dropped values, they are the news and come first."""

WHOLE_OF_A_COLUMN = 0.9
"""From this share on, the format of the column is the likely cause."""


@dataclass(frozen=True, slots=True)
class Remarks:
    """What the headline reports besides the counts.

    `dropped` has the dropped values by column key, `given` how many values the accepted rows had in that column, valid
    or not. `met_nobody` are rows of a delete that match no contact, `stay_opted_out` addresses of an opt-in with a
    later opt-out, `rejects_left_out` rejected rows for which the rejected file had no room.
    """

    dropped: Mapping[str, int] = field(default_factory=dict)
    given: Mapping[str, int] = field(default_factory=dict)
    met_nobody: int = 0
    stay_opted_out: int = 0
    rejects_left_out: int = 0


def outcome(context: Context, counts: Counts, remarks: Remarks) -> str:
    """One to six sentences: what the file did, the rejected rows with their remedy, the dropped values.

    The dropped values come first where they are more than half of those of a means of contact.
    """
    happened = [*_effect(context, counts, remarks), *_rejected(context, counts, remarks)]
    dropped = _dropped(context, remarks)
    first = any(_share(remarks, key) > MOST_OF_A_MEDIUM for key in MEANS)
    return " ".join([*dropped, *happened] if first else [*happened, *dropped])


def would_be(context: Context, counts: Counts) -> str:
    """What a file would do that was only checked; its warnings name the values that would be dropped."""
    code = "check_but_rows" if counts.rows_rejected else "check_passed"
    verdict = sentence(VERDICTS, code, context, {"count": counts.rows_rejected})
    return f"{verdict}."


def _effect(context: Context, counts: Counts, remarks: Remarks) -> list[str]:
    action = context.claimed.action
    if action.kind == "import":
        return [_joined(context, _import(context, counts))]
    if action.kind == "delete":
        clauses = [_clause(context, "deleted", counts.removed)]
        return [_joined(context, [*clauses, *_some(context, "met_nobody", remarks.met_nobody)])]
    changed, unchanged = counts.inserted, counts.unchanged
    if action.kind == "optin":
        changed, unchanged = counts.removed, counts.unchanged - remarks.stay_opted_out
    clauses = [
        _clause(context, action.name, changed),
        *_some(context, f"{action.kind}_already", unchanged),
    ]
    return [_joined(context, clauses), *_some(context, "stays_opted_out", remarks.stay_opted_out)]


def _import(context: Context, counts: Counts) -> list[str]:
    contacts = counts.inserted + counts.updated + counts.unchanged
    mode = context.claimed.mode
    return [
        *_some(context, "list_created" if mode == Mode.CREATE else "list_filled", contacts),
        *([_clause(context, "left_list", counts.removed)] if mode == Mode.SYNC else ()),
        _clause(context, "new", counts.inserted),
        *_some(context, "updated", counts.updated),
        *_some(context, "up_to_date", counts.unchanged),
    ]


def _rejected(context: Context, counts: Counts, remarks: Remarks) -> list[str]:
    rejected = counts.rows_rejected
    if not rejected:
        return []
    details = {"count": rejected, "read": counts.rows_read}
    clauses = [sentence(CLAUSES, "rejected", context, details)]
    if remarks.rejects_left_out:
        left_out = {"count": remarks.rejects_left_out, "kept": rejected - remarks.rejects_left_out}
        clauses.append(sentence(CLAUSES, "rejected_incomplete", context, left_out))
    else:
        clauses.append(_clause(context, "rejected_remedy", rejected))
    if context.claimed.mode == Mode.SYNC and context.account.dedup == "reference":
        clauses.append(_clause(context, "rejected_stay", rejected))
    return clauses


def _dropped(context: Context, remarks: Remarks) -> list[str]:
    dropped = {key: remarks.dropped[key] for key in DROPPED if remarks.dropped.get(key)}
    if not dropped:
        return []
    if len(dropped) == 1:
        ((key, count),) = dropped.items()
        clauses = [sentence(DROPPED, key, context, {"count": count})]
    else:
        listed = [sentence(COUNTED, key, context, {"count": count}) for key, count in dropped.items()]
        details: dict[str, Any] = {"count": sum(dropped.values()), "columns": ", ".join(listed)}
        clauses = [render(SEVERAL, context, details)]
    whole = [key for key in dropped if _share(remarks, key) >= WHOLE_OF_A_COLUMN]
    return [*clauses, *(render(WHOLE_COLUMN, context, {"column": FRENCH[key]}) for key in whole)]


def _share(remarks: Remarks, key: str) -> float:
    """The share of a column's values that was dropped; 0 where the number of values is not known."""
    given = remarks.given.get(key, 0)
    return remarks.dropped.get(key, 0) / given if given else 0.0


def _clause(context: Context, code: str, count: int) -> str:
    return sentence(CLAUSES, code, context, {"count": count})


def _some(context: Context, code: str, count: int) -> list[str]:
    """The clause, or nothing for a count of 0."""
    return [_clause(context, code, count)] if count > 0 else []


def _joined(context: Context, clauses: list[str]) -> str:
    """The clauses as one sentence."""
    whole = f"{words.semicolon(context.language)} ".join(clauses)
    return f"{whole[0].upper()}{whole[1:]}."
