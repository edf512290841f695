"""What the page that answers a deposit shows, from the content of its result.json (protocol 7, 10). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contactsync.domain.account import Account, Language
from contactsync.domain.columns import FRENCH
from contactsync.domain.messages import words
from contactsync.domain.messages.notes import NOTES, UTF8
from contactsync.domain.messages.page_words import HEADINGS, LABELS, MODES, REMARKS
from contactsync.domain.messages.sentence import Context, render, sentence
from contactsync.domain.messages.verdicts import ONLY_A_CHECK
from contactsync.pages.bars import Group, groups
from contactsync.pages.steps import Step, steps
from contactsync.pages.verdict import Verdict, context_of, dropped, points, verdict

MANY_LINES = words.MAX_LINES_IN_A_SENTENCE
"""A warning names so many lines in its sentence; the page lists them below if there are more."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Rows with the same fault: what is wrong, in which column, how often, on which lines; each may be "".

    Or a warning, whose sentence counts and mostly has the lines.
    """

    text: str
    column: str = ""
    count: str = ""
    lines: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """All texts of the page, in the account's language, time zone and number format; `facts` are pairs of texts."""

    language: Language
    verdict: Verdict
    file: str
    message: str
    only_a_check: str
    done_heading: str
    bars: tuple[Group, ...]
    steps: tuple[Step, ...]
    errors_heading: str
    errors: tuple[Problem, ...]
    more_errors: str
    points: tuple[Problem, ...]
    dropped: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    headings: Mapping[str, str]
    labels: Mapping[str, str]


def answer(result: Mapping[str, Any], account: Account) -> Answer:
    """The page of a settled deposit. `result` is the content of its result.json: nothing in it acts on a terminal."""
    context = context_of(result, account)
    found = verdict(result, context)
    errors = _errors(result, context)
    warned = points(result)
    return Answer(
        language=context.language,
        verdict=found,
        file=result["file"],
        message=_message(result, context, found),
        only_a_check=render(ONLY_A_CHECK, context) if result["dry_run"] else "",
        done_heading=sentence(HEADINGS, _done(result), context),
        bars=tuple(groups(result, context)),
        steps=tuple(steps(result, context, found)),
        errors_heading=sentence(HEADINGS, "errors" if result["rows_rejected"] else "bad_lines", context),
        errors=errors,
        more_errors=_more_errors(result, context),
        points=tuple(_warned(each, context) for each in warned),
        dropped=_dropped(result, context),
        notes=_notes(result, context),
        facts=_facts(result, context),
        remarks=_remarks(context, has_lines=bool(errors) or any(each["lines"] for each in warned)),
        headings={code: sentence(HEADINGS, code, context) for code in HEADINGS},
        labels={code: sentence(LABELS, code, context) for code in LABELS},
    )


def _done(result: Mapping[str, Any]) -> str:
    if result["state"] == "ko":
        return "read"
    return "would_be_done" if result["dry_run"] else "done"


def _message(result: Mapping[str, Any], context: Context, found: Verdict) -> str:
    """The message without the sentences of a check that the page shows in places of their own."""
    message: str = result["message"]
    if result["dry_run"]:
        message = message.removeprefix(f"{found.text}.").removesuffix(render(ONLY_A_CHECK, context))
    return message.strip()


def _errors(result: Mapping[str, Any], context: Context) -> tuple[Problem, ...]:
    """The listed errors by their sentence and column, the most frequent first."""
    grouped: dict[tuple[str, str], list[int]] = {}
    for error in result["errors"]:
        grouped.setdefault((error["message"], error["column"] or ""), []).append(error["line"])
    ordered = sorted(grouped.items(), key=lambda each: (-len(each[1]), min(each[1])))
    return tuple(
        Problem(message, column, words.number(len(lines), context.language), _lines(lines, context))
        for (message, column), lines in ordered
    )


def _more_errors(result: Mapping[str, Any], context: Context) -> str:
    """That result.json, and so the page, lists only the first rejected rows."""
    others = result["rows_rejected"] - len({error["line"] for error in result["errors"]})
    if others <= 0 or not result["errors"]:
        return ""
    return sentence(REMARKS, "more_rejected", context, {"count": others})


def _warned(warning: Mapping[str, Any], context: Context) -> Problem:
    lines = warning["lines"] if len(warning["lines"]) > MANY_LINES else ()
    listed = _lines(lines, context, first=warning["count"] > len(lines)) if lines else ""
    return Problem(warning["message"], lines=listed)


def _lines(numbers: Iterable[int], context: Context, *, first: bool = False) -> str:
    """All lines, neighbours as a range; `first` says that there are more than these."""
    distinct = sorted(set(numbers))
    ranges: list[list[int]] = []
    for line in distinct:
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    language = context.language
    shown = [
        words.number(low, language)
        if low == high
        else f"{words.number(low, language)}\N{EN DASH}{words.number(high, language)}"
        for low, high in ranges
    ]
    code = "first_lines" if first else "line" if len(distinct) == 1 else "lines"
    return f"{sentence(REMARKS, code, context)} {', '.join(shown)}"


def _dropped(result: Mapping[str, Any], context: Context) -> tuple[tuple[str, str], ...]:
    either = sentence(LABELS, "either_phone", context)
    return tuple(
        (FRENCH.get(key, either), words.number(count, context.language))
        for key, count in dropped(result).items()
    )


def _notes(result: Mapping[str, Any], context: Context) -> tuple[str, ...]:
    notes = [warning["message"] for warning in result["warnings"] if warning["code"] in NOTES]
    if result["encoding"] == "utf-8" and result["state"] == "ok":
        notes.append(render(UTF8, context))
    return tuple(notes)


def _facts(result: Mapping[str, Any], context: Context) -> tuple[tuple[str, str], ...]:
    zone, language = context.account.time_zone, context.language
    folder = f"contacts/{result['action']}"
    facts = {
        "file": result["file"],
        "folder": f"{folder}/",
        "now_in": f"{folder}/{result['state']}/{result['claimed_name']}",
        "deposited": words.moment(datetime.fromisoformat(result["deposited_at"]), zone, language),
        "finished": words.moment(datetime.fromisoformat(result["finished_at"]), zone, language),
        "list": result["list"],
        "mode": sentence(MODES, f"mode_{result['mode']}", context) if result["mode"] else None,
        "deposit": str(result["deposit_id"]),
    }
    if result["reason"] == "a_folder":
        # It is still where it was uploaded.
        del facts["now_in"]
    return tuple((sentence(LABELS, code, context), shown) for code, shown in facts.items() if shown)


def _remarks(context: Context, *, has_lines: bool) -> tuple[str, ...]:
    codes = ("line_numbers", "support", "no_values") if has_lines else ("support", "no_values")
    shown = [sentence(REMARKS, code, context) for code in codes]
    return (*shown, sentence(REMARKS, "time_zone", context, {"name": context.account.time_zone}))
