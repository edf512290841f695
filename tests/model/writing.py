"""From a table of cells to the text of a CSV file, with the liberties that a good file may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .values import COLUMNS, ENGLISH, FRENCH

if TYPE_CHECKING:
    from random import Random

    from .values import AccountRules

NAMELESS = ("", " ", "")


def header(rng: Random, rules: AccountRules, columns: list[str], charset: str) -> list[str]:
    """A name for each column, in French or English; unknown columns are `?name`, nameless ones empty."""
    plain = str.maketrans("éÉ", "eE") if charset == "ascii" or rng.random() < 0.1 else {}
    english = rng.random() < 0.2
    names = []
    for column in columns:
        if column not in COLUMNS:
            names.append(column[1:] if column else rng.choice(NAMELESS))
            continue
        # The values of `Title` decide what it means; `spreadsheets.judged_title` writes that header.
        in_english = english and rng.random() < 0.9 and column != "civility"
        name = (ENGLISH if in_english else FRENCH)[COLUMNS.index(column)]
        label = rules.labels.get(int(column.removeprefix("field_"))) if column.startswith("field_") else None
        if label and rng.random() < 0.7 and (charset != "ascii" or "°" not in label):
            name = label
        name = name.translate(plain)
        if rng.random() < 0.15:
            name = rng.choice((name.upper(), name.lower(), name.replace(" ", ""), name.replace(" ", "  ")))
        if rng.random() < 0.1:
            name = rng.choice((f"{name}*", f"{name} :", name.replace(" ", "_"), f"{name[:2]}-{name[2:]}"))
        if rng.random() < 0.1:
            name = rng.choice((f" {name}", f"{name} ", f"{name}  "))
        names.append(name)
    return names


def written(rng: Random, text: str, separator: str) -> str:
    """The field as the file has it: quoted where it must be, and sometimes where it need not."""
    must = separator in text or "\n" in text or "\r" in text or text.lstrip().startswith('"')
    if not must and rng.random() < 0.85:
        return text
    quoted = '"' + text.replace('"', '""') + '"'
    if rng.random() < 0.12:
        quoted = rng.choice((f" {quoted}", f"{quoted} ", f"  {quoted}  "))
    return quoted


def lines(rng: Random, grid: list[list[str]], names: list[str], separator: str) -> str:
    """The grid as text, with blank lines, blank surplus fields and all kinds of line ends."""
    last_named = max((i for i, name in enumerate(names) if name.strip()), default=0)
    ends = rng.choice((("\n",), ("\n",), ("\n",), ("\r\n",), ("\r\n",), ("\r",), ("\n", "\r\n", "\r")))
    # A short row after a blank line could be a footer.
    one_cell = last_named > 0 and any(len(row) == 1 for row in grid[1:])
    out = []
    for number, row in enumerate(grid):
        fields = list(row)
        if number and rng.random() < 0.08 and not (one_cell and len(row) == 1):
            fields += [rng.choice(("", " ", '""'))] * rng.randint(1, 3)
        elif number and len(fields) == len(names) and rng.random() < 0.3:
            fields = fields[: last_named + 1]
        out.append(separator.join(fields) + rng.choice(ends))
        if rng.random() < 0.05 and not one_cell:
            out.append(rng.choice(("", "  ", separator * 2, f'"" {separator} ""')) + rng.choice(ends))
    text = "".join(out)
    return text.rstrip("\r\n") if rng.random() < 0.15 else text
