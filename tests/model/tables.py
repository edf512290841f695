"""The table of a random deposit: its columns, header and rows, not yet quoted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import spreadsheets
from .people import Person, cell
from .values import COLUMNS, MEANS, MEDIUM_MEANS, AccountRules, medium_of
from .writing import header

if TYPE_CHECKING:
    from random import Random

UNKNOWN = ("Commentaire", "Ligne", "Motif", "Score", "Champ 16", "Niveau", "Commentaire")


@dataclass(frozen=True)
class Draft:
    """What is settled about a deposit before its bytes; `separator` is the one of this file."""

    rules: AccountRules
    action: str
    columns: list[str]
    charset: str
    separator: str
    story: list[str]


def table(rng: Random, draft: Draft, people: list[Person]) -> list[list[str]]:
    """The header and the rows, not yet quoted."""
    columns = draft.columns
    grid = [header(rng, draft.rules, columns, draft.charset)]
    grid += [
        _row(rng, draft, _somebody(rng, people, columns))
        for _ in range(rng.choice((1, 2, 3, 3, 4, 5, 6, 8, 25)))
    ]
    _as_other_programs(rng, draft, grid)
    return grid


def _as_other_programs(rng: Random, draft: Draft, grid: list[list[str]]) -> None:
    """What other programs write in headers and in columns as a whole, in place."""
    rules, columns = draft.rules, draft.columns
    known = rules.headers == "known"
    untaken = spreadsheets.untaken(rng, columns) if rng.random() < 0.1 else None
    if untaken:
        draft.story.append("header not taken")
        for row in grid:
            row.insert(0, "x" if row is not grid[0] else untaken)
        columns.insert(0, f"?{untaken}")
        return
    if rng.random() < 0.5:
        spreadsheets.foreign_headers(rng, rules, columns, grid[0], draft.charset)
    # Ragged rows would leave open which values count.
    if known and "civility" in columns and rules.syntax_errors != "skip" and rng.random() < 0.6:
        draft.story.append("title")
        spreadsheets.judged_title(rng, grid, columns)
    one_number = len({"phone", "mobile"} & set(columns)) == 1
    contacts = draft.action in ("import", "delete") and rules.blank_cells == "keep" and rules.region != "US"
    if known and one_number and contacts and rng.random() < 0.4:
        draft.story.append("any number")
        spreadsheets.any_number(rng, grid, columns)


def _somebody(rng: Random, people: list[Person], columns: list[str]) -> Person:
    """Mostly somebody who has a means among the columns."""
    for _ in range(4):
        person = rng.choice(people)
        if any(getattr(person, means) for means in MEANS if means in columns):
            break
    return person


def _row(rng: Random, draft: Draft, person: Person) -> list[str]:
    row = []
    for column in draft.columns:
        if column not in COLUMNS:
            row.append(_junk(rng, column))
            continue
        text = cell(rng, person, column, draft.charset, draft.rules)
        if column == "birth_date":
            text = spreadsheets.in_order(draft.rules, text)
        text = spreadsheets.written_cell(rng, text, column, draft.rules, draft.charset)
        row.append(text)
    return row


def charset_of(rng: Random, rules: AccountRules) -> str:
    if rng.random() < 0.05:
        # This may contradict the account's pin.
        return rng.choice(("latin", "utf-8"))
    if rules.encoding == "utf-8":
        return rng.choice(("utf-8", "utf-8", "utf-8-sig", "ascii"))
    if rules.encoding == "iso-8859-1":
        return rng.choice(("latin", "latin", "ascii"))
    return rng.choice(("latin", "latin", "utf-8", "utf-8-sig", "ascii"))


def columns_of(rng: Random, rules: AccountRules, action: str) -> list[str]:
    """Columns in random order: known ones by name, unknown ones as `?name`, nameless ones empty."""
    if action in ("import", "delete"):
        needed = {c for c in MEANS if rng.random() < 0.6} or {rng.choice(MEANS)}
        if rules.dedup == "reference":
            needed.add("reference")
        if action == "delete" and rules.dedup == "reference" and rng.random() < 0.5:
            needed = {"reference"}
    else:
        needed = {MEDIUM_MEANS[medium_of(action)]}
    share = rng.choice((0.0, 0.1, 0.3, 1.0))
    columns = sorted(needed | {c for c in COLUMNS if rng.random() < share})
    columns += [f"?{name}" for name in rng.sample(UNKNOWN, rng.choice((0, 0, 0, 1, 2)))]
    if rng.random() < 0.06:
        columns.append("")
    rng.shuffle(columns)
    return columns + [""] * rng.choice((0, 0, 0, 1, 2))


def _junk(rng: Random, column: str) -> str:
    return rng.choice(("", "", "x", "7") if column else ("", "", "", "stray"))
