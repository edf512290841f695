"""What became of a deposit, in one line and one colour (protocol 10). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS, RELEASABLE, Claimed, Mode
from contactsync.domain.messages.notes import NOTES
from contactsync.domain.messages.sentence import Context, sentence
from contactsync.domain.messages.verdicts import VERDICTS

Tone = Literal["good", "attention", "waiting", "bad"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is a key of VERDICTS, `text` its sentence without a full stop."""

    code: str
    tone: Tone
    text: str


def context_of(result: Mapping[str, Any], account: Account) -> Context:
    """What the sentences about a settled deposit depend on; `result` is the content of its result.json."""
    mode = result["mode"]
    claimed = Claimed(
        action=ACTIONS[result["action"]],
        name=result["file"].encode(),
        claimed_name=result["claimed_name"].encode(),
        deposited_at=datetime.fromisoformat(result["deposited_at"]),
        size_bytes=0,
        sha256=None,
        refusal=None,
        mode=Mode(mode) if mode else None,
    )
    return Context(account, claimed, result["deposit_id"])


def verdict(result: Mapping[str, Any], context: Context) -> Verdict:
    """The verdict on a settled deposit; `result` is the content of its result.json."""
    code, tone, count = _code(result, context)
    return Verdict(code, tone, sentence(VERDICTS, code, context, {"count": count}))


def points(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The warnings that ask the reader to check something; the others are notes."""
    return [warning for warning in result["warnings"] if warning["code"] not in NOTES]


def dropped(result: Mapping[str, Any]) -> Mapping[str, int]:
    """How many values of each column were not stored; results of before 0.2.0 do not say so."""
    found: Mapping[str, int] = result.get("dropped", {})
    return found


def is_needed(result: Mapping[str, Any], context: Context) -> bool:
    """Whether someone needs to act, or has asked: refused, held, rejected rows, points to check, a check, nobody matched."""
    return bool(result["dry_run"]) or _code(result, context)[1] != "good"


def _code(result: Mapping[str, Any], context: Context) -> tuple[str, Tone, int]:
    """The key of the sentence, its colour, and the count that it needs."""
    rejected = result["rows_rejected"]
    if result["state"] == "ko":
        return _refusal(result["reason"], is_check=result["dry_run"])
    if result["dry_run"]:
        return ("check_but_rows", "attention", rejected) if rejected else ("check_passed", "good", 1)
    return _but(result, context) or (_without_fault(result, context), "good", 1)


def _but(result: Mapping[str, Any], context: Context) -> tuple[str, Tone, int] | None:
    """What the reader of an applied file has to know, the gravest first; None if there is nothing."""
    found = (
        (_met_nobody(result, context), 1),
        ("applied_but_rows", result["rows_rejected"]),
        ("applied_but_values", sum(dropped(result).values())),
        ("applied_to_check", len(points(result))),
    )
    return next(((code, "attention", count) for code, count in found if code and count), None)


def _without_fault(result: Mapping[str, Any], context: Context) -> str:
    if names.is_confirmation(context.claimed.name):
        return "confirmed"
    already = context.claimed.action.kind == "optout" and not result["inserted"] and result["unchanged"]
    return "all_opted_out" if already else "applied"


def _refusal(reason: str, *, is_check: bool) -> tuple[str, Tone, int]:
    if is_check:
        return "check_refused", "bad", 1
    if reason in RELEASABLE:
        return "held", "waiting", 1
    return ("refused_no_valid_row" if reason == "no_valid_row" else "refused"), "bad", 1


def _met_nobody(result: Mapping[str, Any], context: Context) -> str | None:
    """The verdict on a file that found nobody: its reader must not believe that something has changed."""
    if result["removed"] or names.is_confirmation(context.claimed.name):
        return None
    if context.claimed.action.kind == "delete":
        return "nobody_deleted"
    later = any(warning["code"] == "later_opt_out" for warning in result["warnings"])
    return "nobody_opted_in" if context.claimed.action.kind == "optin" and not later else None
