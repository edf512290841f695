"""What spreadsheets and other programs do to a table of contacts, for random deposits."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .people import carries
from .values import SEPARATORS

if TYPE_CHECKING:
    from random import Random

    from .values import AccountRules

# Headers of other programs with one meaning only; `synonyms.py` is the model's own table.
FOREIGN = {
    "email": ("Mail", "Courriel", "Adresse e-mail", "E-mail Address", "E-Mail-Adresse", "billing_email"),
    "mobile": ("Portable", "GSM", "Mobile Phone", "Téléphone portable", "Mobiltelefon"),
    "phone": ("Home Phone", "Tél fixe", "Business Phone"),
    "last_name": ("Nom de famille", "Nachname", "Apellidos"),
    "first_name": ("Vorname", "Given Name", "Voornaam"),
    "postal_code": ("CP", "PLZ", "Zip", "Mailing Zip"),
    "city": ("Localité", "Ort", "Home City", "Ville (bureau)"),
    "company": ("Raison sociale", "Firma", "Company Name"),
    "birth_date": ("Birthday", "Date naissance", "Geburtsdatum"),
    "country": ("Land", "Pays (bureau)"),
}
LOOKS_LIKE_MEANS = {"mobile": "Portable", "email": "Courriel"}
FORMATTING = ("\u200b", "\ufeff", "\u200e", "\u202a", "\xad")
SPACES = ("\u202f", "\u2009", "\xa0", "\u2007")
GUARDED = ("=1+1", "+33 is France", "-5", "@home")
ODD_NUMBERS = (
    "06 12 34 56 7", "0612345678;0698765432", "612345678.0", "33612345678.0", "3,36123E+10", "0000000000",
    "06" + " " * 40 + "12345678", "612?345?678", "0612345678 ou 0698765432",
)  # fmt: skip
DESTROYED = ("1,23457E+15", "1.2E+05", "#N/A", "#REF!", "#VALEUR!")
MIDNIGHTS = (" 00:00", " 00:00:00", "T00:00:00Z", "T00:00:00.000Z")
CIVILITIES = ("M.", "Mme", "Mlle", "Mr", "Mrs", "Ms", "Miss", "Dr", "Prof.", "Herr", "Frau", "Sra.")
JOBS = ("Acheteuse", "Directeur", "CEO", "Sales manager")
FOOTERS = ("Rapport contacts", "Total : 12", "Copyright (c) 2000-2024")


def foreign_headers(
    rng: Random, rules: AccountRules, columns: list[str], names: list[str], charset: str
) -> None:
    """Gives some columns headers of other programs, or of the account's own mapping, in place."""
    mapped = {name: header for header, name in rules.header_names.items()}
    for n, column in enumerate(columns):
        if column == "mobile" and "Mobile" in mapped and rng.random() < 0.4:
            names[n] = mapped["Mobile"]
        elif rules.headers == "known" and column in FOREIGN and rng.random() < 0.5:
            name = rng.choice(FOREIGN[column])
            names[n] = name if carries(name, charset) else names[n]


def judged_title(rng: Random, table: list[list[str]], columns: list[str]) -> None:
    """Turns Civilité into `Title` or `Titre`, with civilities, jobs or both as values, in place."""
    at = columns.index("civility")
    table[0][at] = rng.choice(("Title", "Titre"))
    share = rng.choice((0.0, 0.5, 0.5, 1.0))
    for row in table[1:]:
        row[at] = rng.choice(CIVILITIES if rng.random() < share else JOBS)
        if row is not table[1] and rng.random() < 0.2:
            row[at] = ""


def any_number(rng: Random, table: list[list[str]], columns: list[str]) -> None:
    """Turns the one column of numbers into `Phone`, which does not name their type, in place."""
    at = columns.index("mobile" if "mobile" in columns else "phone")
    table[0][at] = rng.choice(("Phone", "Phone Number"))


def written_cell(rng: Random, text: str, column: str, rules: AccountRules, charset: str) -> str:
    """The cell as a spreadsheet may leave it: guarded, reformatted, or with its digits lost."""
    bare = text.strip()
    if not bare or len(bare) > 1000 or rng.random() < 0.85:
        return text
    changes = []
    if not set(bare) & set('"\r\n'):
        changes += [f'="{bare}"', rng.choice(FORMATTING) + text + rng.choice(FORMATTING)]
    if column in ("phone", "mobile"):
        changes += [f"'{bare}", text.replace(" ", rng.choice(SPACES)), rng.choice(ODD_NUMBERS)]
    elif column == "email":
        changes += [f"'{bare}", "x;y@b.fr", "a@b.fr ; c@d.fr"]
    elif column == "reference":
        changes += [f"'{bare}", unicodedata.normalize("NFD", text)]
        if rules.dedup == "reference":
            changes.append(rng.choice(DESTROYED))
    elif column == "postal_code":
        changes += [f"'{bare}", "'01000"]
    elif column == "birth_date":
        changes.append(bare + rng.choice(MIDNIGHTS[: 4 if bare[:4].isdecimal() else 2]))
    elif column != "fax":
        changes.append(f"'{rng.choice(GUARDED)}")
    changed = rng.choice(changes) if changes else text
    return changed if carries(changed, charset) else text


def in_order(rules: AccountRules, text: str) -> str:
    """A date in an account's own order: slashed dates begin with the month under `mdy`."""
    parts = text.strip().replace("-", "/").replace(".", "/").split("/")
    if rules.date_order != "mdy" or len(parts) != 3 or len(parts[0]) == 4:
        return text
    return "/".join((parts[1], parts[0], parts[2]))


@dataclass(frozen=True)
class Around:
    """Text before and after the table's lines, and what it is."""

    before: str = ""
    after: str = ""
    story: list[str] = field(default_factory=list)


def around(rng: Random, setting: str, separator: str, grid: list[list[str]], names: list[str]) -> Around:
    """What a program writes around the table; it may also add blank columns to the grid, in place.

    `setting` is the account's separator, or `auto`.
    """
    before, after, story = "", "", []
    if rng.random() < 0.4:
        other = rng.random() < 0.1 and setting != "auto"
        named = rng.choice([each for each in SEPARATORS if each != separator]) if other else separator
        before = rng.choice((f"sep={named}", f'"sep={named}"')) + rng.choice(("\n", "\r\n"))
        story.append("sep line")
    if rng.random() < 0.3 and sum(bool(name.strip()) for name in names) > 1:
        # A one-column file has rows with one cell; only a file with more columns can have a footer.
        after = "\n\n" + "".join(f"{rng.choice(FOOTERS)}\n" for _ in range(rng.randint(1, 3)))
        story.append("footer")
    if rng.random() < 0.3:
        after += "\x1a"
        story.append("DOS end of file")
    if rng.random() < 0.2:
        blank_columns(grid)
        story.append("blank columns")
    return Around(before, after, story)


def blank_columns(grid: list[list[str]]) -> None:
    """Adds 300 blank columns at the right, in place."""
    for row in grid:
        row.extend([""] * 300)


def untaken(rng: Random, columns: list[str]) -> str | None:
    """A header that looks like a means of contact, beside the protocol's own name for that means."""
    present = [name for means, name in LOOKS_LIKE_MEANS.items() if means in columns]
    return rng.choice(present) if present else None


def mixed_encoding(rng: Random, content: bytes) -> bytes:
    """UTF-8 of Latin-1 characters in which some characters are single bytes."""
    text = content.decode("utf-8")
    # A single byte before another one could form a character with it.
    at = [
        n
        for n, char in enumerate(text)
        if "\xa0" <= char <= "\xff" and char not in "\xc2\xc3" and text[n + 1 : n + 2].isascii()
    ]
    stray = set(rng.sample(at, rng.randint(0, len(at))))
    return b"".join(char.encode("latin-1") if n in stray else char.encode() for n, char in enumerate(text))
