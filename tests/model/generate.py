"""Seeded random deposits over accounts of all settings: mostly good files, about a quarter broken."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from .breaking import WHOLE_FILE, break_bytes, break_cells, pack, turn_corner
from .people import Person, cell, to_bytes, world
from .values import ACTIONS, COLUMNS, ENGLISH, FRENCH, MEANS, MEDIUM_MEANS, MODES, AccountRules

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNTS = 8  # alive at the same time; their deposits may be in flight together
LIFE = 20  # deposits of an account before another takes its place
LABELS = {1: "Magasin", 3: "Code fidélité", 15: "N° carte"}
NAMELESS = ("", " ", "")
UNKNOWN = ("Commentaire", "Ligne", "Motif", "Score", "Champ 16", "E-mail", "Commentaire")
BASES = ("clients", "clients", "PROMO", "Liste été", "a b", "x;y", "clients.v2")


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

    With `corners`, some go where the protocol can be read in two ways (the starred readings in `model.py`).
    """
    rng = Random(seed)
    cohort = 0
    while True:
        accounts = [(_account(rng, f"g{cohort}-{n}", n), world(rng)) for n in range(ACCOUNTS)]
        for _ in range(LIFE):
            for rules, people in accounts:
                yield _step(rng, rules, people, corners=corners)
        cohort += 1


def _account(rng: Random, name: str, number: int) -> AccountRules:
    return AccountRules(
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


def _step(rng: Random, rules: AccountRules, people: list[Person], *, corners: bool) -> Step:
    action = "import" if rng.random() < 0.55 else rng.choice(ACTIONS[1:])
    if action == "delete" and rules.dedup == "none" and rng.random() < 0.7:
        action = "import"
    if rng.random() < 0.05:
        action = "delete" if rules.dedup != "none" else "import"
    charset = _charset(rng, rules)
    story = [charset]
    columns = _columns(rng, rules, action)
    table = [_header(rng, rules, columns, charset)]
    known = len(columns)
    table += [
        _row(rng, rules, _somebody(rng, people, columns), columns, charset)
        for _ in range(rng.choice((1, 2, 3, 3, 4, 5, 6, 8, 25)))
    ]
    if action == "delete" and not corners and "reference" in columns:
        at = columns.index("reference")
        table[1:] = [[*row[:at], row[at][:255], *row[at + 1 :]] for row in table[1:]]
    broken = rng.random() < 0.21
    grid = [[_written(rng, text, rules.separator) for text in row] for row in table]
    if broken and rng.random() < 0.55:
        story.append(break_cells(rng, grid, rules, known))
        broken = False
    elif rules.syntax_errors == "skip" and rng.random() < 0.3:
        story.append(break_cells(rng, grid, rules, known, ragged=True))
    text = _lines(rng, grid, table[0], rules.separator)
    content = to_bytes(text, charset)
    if broken:
        kind = rng.choice(WHOLE_FILE)
        if kind == "invalid under BOM" and rules.encoding == "iso-8859-1":
            kind = "NUL"
        story.append(kind)
        content = break_bytes(rng, content, kind)
    elif rng.random() < 0.2:
        story.append("zip")
        content = pack(rng, content)
    name = _file_name(rng)
    if corners and rng.random() < 0.2:
        kind, name, content = turn_corner(rng, name, content)
        story.append(kind)
    markers, through = _markers(rng) if action == "import" else (frozenset(), False)
    return Step(rules, action, name, content, markers, through, ", ".join(story))


def _somebody(rng: Random, people: list[Person], columns: list[str]) -> Person:
    """Mostly somebody who has a means among the columns."""
    for _ in range(4):
        person = rng.choice(people)
        if any(getattr(person, means) for means in MEANS if means in columns):
            break
    return person


def _row(rng: Random, rules: AccountRules, person: Person, columns: list[str], charset: str) -> list[str]:
    return [cell(rng, person, c, charset, rules.region) if c in COLUMNS else _junk(rng, c) for c in columns]


def _charset(rng: Random, rules: AccountRules) -> str:
    if rng.random() < 0.05:
        return rng.choice(("latin", "utf-8"))  # may contradict the account's pin
    if rules.encoding == "utf-8":
        return rng.choice(("utf-8", "utf-8", "utf-8-sig", "ascii"))
    if rules.encoding == "iso-8859-1":
        return rng.choice(("latin", "latin", "ascii"))
    return rng.choice(("latin", "latin", "utf-8", "utf-8-sig", "ascii"))


def _columns(rng: Random, rules: AccountRules, action: str) -> list[str]:
    """Columns in random order: known ones by name, unknown ones as `?name`, nameless ones empty."""
    if action in ("import", "delete"):
        needed = {c for c in MEANS if rng.random() < 0.6} or {rng.choice(MEANS)}
        if rules.dedup == "reference":
            needed.add("reference")
        if action == "delete" and rules.dedup == "reference" and rng.random() < 0.5:
            needed = {"reference"}
    else:
        needed = {MEDIUM_MEANS[action.removeprefix("optout").removeprefix("optin")]}
    share = rng.choice((0.0, 0.1, 0.3, 1.0))
    columns = sorted(needed | {c for c in COLUMNS if rng.random() < share})
    columns += [f"?{name}" for name in rng.sample(UNKNOWN, rng.choice((0, 0, 0, 1, 2)))]
    if rng.random() < 0.06:
        columns.append("")
    rng.shuffle(columns)
    return columns + [""] * rng.choice((0, 0, 0, 1, 2))


def _junk(rng: Random, column: str) -> str:
    return rng.choice(("", "", "x", "7") if column else ("", "", "", "stray"))


def _header(rng: Random, rules: AccountRules, columns: list[str], charset: str) -> list[str]:
    plain = str.maketrans("éÉ", "eE") if charset == "ascii" or rng.random() < 0.1 else {}
    english = rng.random() < 0.2
    names = []
    for column in columns:
        if column not in COLUMNS:
            names.append(column[1:] if column else rng.choice(NAMELESS))
            continue
        index = COLUMNS.index(column)
        name = (ENGLISH if english and rng.random() < 0.9 else FRENCH)[index]
        label = rules.labels.get(int(column.removeprefix("field_"))) if column.startswith("field_") else None
        if label and rng.random() < 0.7 and (charset != "ascii" or "°" not in label):
            name = label
        name = name.translate(plain)
        if rng.random() < 0.15:
            name = rng.choice((name.upper(), name.lower(), name.replace(" ", ""), name.replace(" ", "  ")))
        if rng.random() < 0.1:
            name = rng.choice((f" {name}", f"{name} ", f"{name}  "))
        names.append(name)
    return names


def _written(rng: Random, text: str, separator: str) -> str:
    """The field as it stands in the file: quoted where it must be, and sometimes where it need not."""
    must = separator in text or "\n" in text or "\r" in text or text.lstrip().startswith('"')
    if not must and rng.random() < 0.85:
        return text
    quoted = '"' + text.replace('"', '""') + '"'
    if rng.random() < 0.12:
        quoted = rng.choice((f" {quoted}", f"{quoted} ", f"  {quoted}  "))
    return quoted


def _lines(rng: Random, grid: list[list[str]], names: list[str], separator: str) -> str:
    """The grid as text, with the liberties a good file may take."""
    last_named = max((i for i, name in enumerate(names) if name.strip()), default=0)
    ends = rng.choice((("\n",), ("\n",), ("\n",), ("\r\n",), ("\r\n",), ("\r",), ("\n", "\r\n", "\r")))
    out = []
    for number, row in enumerate(grid):
        fields = list(row)
        if number and rng.random() < 0.08:
            fields += [rng.choice(("", " ", '""'))] * rng.randint(1, 3)
        elif number and len(fields) == len(names) and rng.random() < 0.3:
            fields = fields[: last_named + 1]
        out.append(separator.join(fields) + rng.choice(ends))
        if rng.random() < 0.05:
            out.append(rng.choice(("", "  ", separator * 2, f'"" {separator} ""')) + rng.choice(ends))
    text = "".join(out)
    return text.rstrip("\r\n") if rng.random() < 0.15 else text


def _markers(rng: Random) -> tuple[frozenset[str], bool]:
    count = rng.choices((0, 1, 2, 3), (25, 65, 7, 3))[0]
    markers = frozenset(rng.sample(sorted(MODES), count))
    return markers, count == 1 and rng.random() < 0.3


def _file_name(rng: Random) -> bytes:
    """Names of few lists, often met again; some of them odd."""
    if rng.random() < 0.07:
        return rng.choice(ODD_NAMES)
    base = rng.choice(BASES)
    if rng.random() < 0.1:
        base = f"1447797847_{base}"
    end = rng.choice((".csv", ".csv", ".csv", ".CSV", ".zip", ".csv.zip", ".Csv.ZIP", "", ".txt"))
    if rng.random() < 0.12:
        end = rng.choice((".csv", "")) + ".rejected.csv"
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
