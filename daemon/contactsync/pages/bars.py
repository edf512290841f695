"""The counts of an answer as bars: the rows of the file, and what they did (protocol 7, 10). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from contactsync.domain.messages import words
from contactsync.domain.messages.page_words import COUNTED_AS, LABELS
from contactsync.domain.messages.sentence import Context, sentence

Colour = Literal["good", "same", "attention", "bad"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One count: its name, the number in the account's format, the length in percent of the longest possible."""

    label: str
    number: str
    percent: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Group:
    """Bars of one length, under a caption."""

    caption: str
    bars: tuple[Bar, ...]


def groups(result: Mapping[str, Any], context: Context) -> list[Group]:
    """The counts of a deposit, as the content of its result.json has them; none if no row was read."""
    if not result["rows_read"]:
        return []
    # Of rows that have met nobody, no green bar must say that they were applied.
    met = context.claimed.action.kind not in ("delete", "optin") or result["removed"]
    is_applied = result["state"] == "ok" and not result["dry_run"] and met
    rows: list[tuple[str, int, Colour]] = [
        *_some("applied" if is_applied else "valid", result["rows_applied"], "good" if met else "same"),
        *_some("rejected", result["rows_rejected"], "bad"),
    ]
    found = [_group("rows", rows, context)]
    return found if result["state"] == "ko" else [*found, *_effects(result, context)]


def _effects(result: Mapping[str, Any], context: Context) -> list[Group]:
    action = context.claimed.action
    inserted, unchanged, removed = result["inserted"], result["unchanged"], result["removed"]
    if action.kind == "import":
        contacts: list[tuple[str, int, Colour]] = [
            ("new", inserted, "good"),
            ("updated", result["updated"], "good"),
            ("up_to_date", unchanged, "same"),
        ]
        whole = inserted + result["updated"] + unchanged + removed
        left = (
            [_group("list_before", [("left_list", removed, "attention")], context, whole)] if removed else []
        )
        return [_group("contacts", contacts, context), *left]
    if action.kind == "delete":
        whole = max(removed, result["rows_applied"])
        return [_group("account", [("deleted", removed, "attention")], context, whole)]
    caption = "addresses" if action.means == "email" else "numbers"
    if action.kind == "optout":
        kinds: list[tuple[str, int, Colour]] = [
            (f"{caption}_opted_out", inserted, "good"),
            (f"{caption}_already", unchanged, "same"),
        ]
    else:
        later = sum(each["count"] for each in result["warnings"] if each["code"] == "later_opt_out")
        kinds = [
            (f"{caption}_opted_in", removed, "good"),
            (f"{caption}_unchanged", unchanged - later, "same"),
            *_some(f"{caption}_later", later, "attention"),
        ]
    return [_group(caption, kinds, context)]


def _some(code: str, count: int, colour: Colour) -> list[tuple[str, int, Colour]]:
    """The count, or nothing for 0."""
    return [(code, count, colour)] if count else []


def _group(
    caption: str, kinds: list[tuple[str, int, Colour]], context: Context, whole: int | None = None
) -> Group:
    """Bars of which the longest possible has the length of `whole`: by default all counts together."""
    whole = max(sum(count for _, count, _ in kinds) if whole is None else whole, 1)
    bars = (
        Bar(
            sentence(COUNTED_AS, code, context),
            words.number(count, context.language),
            round(100 * count / whole, 2),
            colour,
        )
        for code, count, colour in kinds
    )
    return Group(sentence(LABELS, caption, context), tuple(bars))
