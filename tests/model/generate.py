"""Seeded random deposits over accounts of all settings: mostly good files, about a quarter broken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from . import spreadsheets
from .breaking import WHOLE_FILE, break_bytes, break_cells, pack, pack_as_other_tools, turn_corner
from .people import Person, to_bytes, world
from .tables import Draft, charset_of, columns_of, table
from .values import ACTIONS, MODES, SEPARATORS, AccountRules
from .writing import lines, written

if TYPE_CHECKING:
    from collections.abc import Iterator

# Accounts at the same time; their deposits may be in flight together.
ACCOUNTS = 8
# Deposits of an account before another takes its place.
LIFE = 20
LABELS = {1: "Magasin", 3: "Code fidélité", 15: "N° carte"}
BASES = ("clients", "clients", "PROMO", "Liste été", "a b", "x;y", "clients.v2")


REPEATED = 0.06
"""The share of deposits that an account has sent before."""


@dataclass(frozen=True)
class Step:
    """One deposit. With `marker_in_in`, its one marker comes through `import/in/`. `story` is for humans."""

    account: AccountRules
    action: str
    name: bytes
    content: bytes
    markers: frozenset[str]
    marker_in_in: bool
    story: str


def deposits(seed: int, *, corners: bool = False) -> Iterator[Step]:
    """Random deposits without end; each round of `ACCOUNTS` deposits has one for each account.

    With `corners`, some have content that the protocol leaves open (the starred entries of `readings.md`).
    """
    rng = Random(seed)
    cohort = 0
    while True:
        names = [f"g{cohort}-{n}" for n in range(ACCOUNTS)]
        accounts = [(_account(rng, name, n), world(rng)) for n, name in enumerate(names)]
        earlier: dict[str, list[Step]] = {name: [] for name in names}
        for _ in range(LIFE):
            for rules, people in accounts:
                step = _step(rng, rules, people, corners=corners)
                steps = earlier[rules.name]
                if steps and rng.random() < REPEATED:
                    # The same file again, as a nightly mirror sends it.
                    step = replace(rng.choice(steps), story="the same file again")
                steps.append(step)
                yield step
        cohort += 1


def _account(rng: Random, name: str, number: int) -> AccountRules:
    rules = AccountRules(
        name=name,
        dedup=("reference", "triplet", "reference", "triplet", "reference", "none", "reference", "triplet")[
            number
        ],
        separator=rng.choice(";;;;,|\t"),
        blank_cells=rng.choice(("keep", "clear")),
        region=rng.choice(("FR", "FR", "FR", "US", "GB", "BE")),
        encoding=rng.choice(("auto", "auto", "iso-8859-1", "utf-8")),
        phone_check=rng.choice(("possible", "valid")),
        syntax_errors=rng.choice(("refuse", "refuse", "skip")),
        labels={n: label for n, label in LABELS.items() if rng.random() < 0.5},
    )
    return replace(
        rules,
        separator=rng.choice((rules.separator, "auto")),
        region=rng.choice((rules.region, "FR", "RE", "GP")),
        headers=rng.choice(("known", "known", "protocol")),
        header_names=rng.choice(({}, {"Gsm client": "Mobile"})),
        date_order=rng.choice(("dmy", "dmy", "mdy")),
        max_removals=rng.choice((None, None, 0, 1, 5)),
        max_removal_percent=rng.choice((None, None, 0.0, 50.0, 100.0)),
    )


def _step(rng: Random, rules: AccountRules, people: list[Person], *, corners: bool) -> Step:
    action = "import" if rng.random() < 0.55 else rng.choice(ACTIONS[1:])
    if action == "delete" and rules.dedup == "none" and rng.random() < 0.7:
        action = "import"
    if rng.random() < 0.05:
        action = "delete" if rules.dedup != "none" else "import"
    charset = charset_of(rng, rules)
    columns = columns_of(rng, rules, action)
    separator = rng.choice(SEPARATORS) if rules.separator == "auto" else rules.separator
    if len(columns) == 1:
        # A header line without a separator decides nothing.
        separator = ";" if rules.separator == "auto" else separator
    draft = Draft(rules, action, columns, charset, separator, [charset])
    grid = table(rng, draft, people)
    if action == "delete" and not corners and "reference" in columns:
        at = columns.index("reference")
        grid[1:] = [[*row[:at], row[at][:255], *row[at + 1 :]] for row in grid[1:]]
    content = _content(rng, draft, grid, corners=corners)
    name = _file_name(rng)
    if corners and rng.random() < 0.2:
        kind, name, content = turn_corner(rng, name, content)
        draft.story.append(kind)
    markers, through = _markers(rng) if action == "import" else (frozenset(), False)
    return Step(rules, action, name, content, markers, through, ", ".join(draft.story))


def _content(rng: Random, draft: Draft, cells: list[list[str]], *, corners: bool) -> bytes:
    """The deposit's bytes: the table written, and then broken, zipped or left as it is."""
    rules, story, separator = draft.rules, draft.story, draft.separator
    broken = rng.random() < 0.21
    grid = [[written(rng, text, separator) for text in row] for row in cells]
    whole = False
    if broken and rng.random() < 0.55:
        story.append(break_cells(rng, grid, separator, len(draft.columns)))
        broken = False
    elif rules.syntax_errors == "skip" and rng.random() < 0.3:
        story.append(break_cells(rng, grid, separator, len(draft.columns), ragged=True))
    else:
        whole = not corners
    around = spreadsheets.Around()
    if whole and rng.random() < 0.35:
        around = spreadsheets.around(rng, rules.separator, separator, grid, cells[0])
        story += around.story
    text = around.before + lines(rng, grid, cells[0], separator) + around.after
    content = to_bytes(text, draft.charset)
    if whole and draft.charset == "utf-8" and rules.encoding == "auto" and rng.random() < 0.5:
        story.append("mixed")
        content = spreadsheets.mixed_encoding(rng, content)
    if broken:
        kind = rng.choice(WHOLE_FILE)
        if kind == "invalid under BOM" and rules.encoding == "iso-8859-1":
            kind = "NUL"
        story.append(kind)
        return break_bytes(rng, content, kind)
    if rng.random() < 0.2:
        kind = "zip"
        if rng.random() < 0.6:
            kind, content = pack_as_other_tools(rng, content)
        else:
            content = pack(rng, content)
        story.append(kind)
    return content


def _markers(rng: Random) -> tuple[frozenset[str], bool]:
    count = rng.choices((0, 1, 2, 3), (25, 65, 7, 3))[0]
    markers = frozenset(rng.sample(sorted(MODES), count))
    return markers, count == 1 and rng.random() < 0.3


def _file_name(rng: Random) -> bytes:
    """Names of few lists, so that most occur again; some are odd."""
    if rng.random() < 0.07:
        return rng.choice(ODD_NAMES)
    base = rng.choice(BASES)
    if rng.random() < 0.1:
        base = f"1447797847_{base}"
    end = rng.choice((".csv", ".csv", ".csv", ".CSV", ".zip", ".csv.zip", ".Csv.ZIP", "", ".txt"))
    if rng.random() < 0.1:
        end = f".check{end}"
    if rng.random() < 0.12:
        copy = rng.choice(("", " - Copie", " (1)"))
        end = rng.choice((".csv", "", ".check.csv")) + f".rejected{copy}.csv"
    return f"{base}{end}".encode()


ODD_NAMES: tuple[bytes, ...] = (
    "été.csv".encode("latin-1"),
    b"a\x80b.csv",
    b"new\nline.csv",
    b"esc\x1b[31m.csv",
    b" espace .csv",
    "😀.csv".encode(),
    "e\u0301.csv".encode(),
    b"clients.csv.csv",
    b"1447797847_.csv",
    b"1447797847_clients.csv.rejected.csv",
    b"1447797847_1447000000_clients.csv.rejected.csv",
    b"144779784_clients.csv",
    b"%s{0}'\"$(x).csv",
    b"n" * 235 + b".csv",
    b"n" * 246 + b".csv",
    "é".encode() * 120 + b".csv",
)
