"""Cells for random deposits: a small world of people, so that rows match contacts of earlier deposits."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .values import MEANS, AccountRules

if TYPE_CHECKING:
    from random import Random

REFERENCES = ("R1", "r1", "R2", "007", "7", "A 10", "é1", "NA", "C-3", "D\\N", "R9", "0012")
EMAILS = (
    "helene.lefevre@example-mail.fr",
    "yann@example-mail.fr",
    "o'neil+news@mail.example-mail.co.uk",
    "a@b.fr",
    "zoé@exämple-mail.fr",
    "CHLOE@Example-Mail.FR",
    "x_1@example-mail.fr",
    "straße@example-mail.de",
)
BAD_EMAILS = (
    "nope",
    "a@b",
    "a@@b.fr",
    "x y@z.fr",
    "@b.fr",
    "a@localhost",
    "Yann <a@b.fr>",
    "a..b@b.fr",
    "mailto:a@b.fr",
    "a@b.fr.",
    "a@truc.test",
    f"{'l' * 65}@b.fr",
    f"a@{'d' * 60}.{'e' * 60}.{'f' * 60}.{'g' * 60}.{'h' * 30}.fr",
    "a@exa_mple.fr",
    "a@b.fr; c@d.fr",
    "-",
)
NUMBERS = ("299415263", "298441032", "612345678", "756001122", "188776655", "768123456")
# Not valid in France, but in a territory that shares its numbering plan.
TERRITORY_NUMBERS = ("690123456", "692123456", "694123456", "696123456")
BAD_PHONES = (
    "12",
    "abc",
    "3.36E+10",
    "3,36E+10",
    "n/a",
    "0",
    "+",
    "9" * 20,
    "0299",
    "06 12 34 56",
    "n" * 260,
)
DATES = ("1980-02-29", "1999-12-31", "2001-01-02", "0099-10-10")
BAD_DATES = (
    "31/02/2000",
    "2000/01/02",
    "1/2/99",
    "hier",
    "29/02/1900",
    "00/01/2000",
    "1/1/0000",
    # Only possible with the month first.
    "12/31/1999",
)
TEXTS = (
    "Yann",
    "LE GOFF",
    "NA",
    "null",
    "0035",
    "\\N",
    "\\.",
    "a\\tb\\",
    "12, rue du Port",
    "x;y",
    "p|q",
    "t\tu",
    'dit "le Grand"',
    '"quoted"',
    '12" vinyl',
    '"',
    "two\nlines",
    "two\r\nlines",
    "two\rlines",
    "%s {0}",
    "=1+1",
    "O'Neil",
    "{a,b}",
    "Hélène",
    "MÜLLER",
    "n\xa0b",
    "l’été à 5 € œuvre…",
    "Žižek",
    "c1\x81\x9d",
    "Łódź",
    "東京 😀",
    "e\u0301",
    "a\u2028b\x0bc",
)
PADDING = (" ", "  ", "\t", "\xa0", "\u3000", "\x0b")


def carries(text: str, charset: str) -> bool:
    """Whether a file of this charset (ascii, latin, utf-8, utf-8-sig) can hold the text."""
    if charset == "ascii":
        return text.isascii()
    return charset != "latin" or _latin(text) is not None


def to_bytes(text: str, charset: str) -> bytes:
    """The file's bytes; `latin` is Windows-1252, and ISO-8859-1 where that has no character."""
    if charset == "latin":
        return _latin(text) or b""
    return text.encode(charset)


def _latin(text: str) -> bytes | None:
    out = bytearray()
    for char in text:
        try:
            out += char.encode("cp1252")
        except UnicodeEncodeError:
            if char not in "\x81\x8d\x8f\x90\x9d":
                return None
            out.append(ord(char))
    return bytes(out)


@dataclass(frozen=True)
class Person:
    """Somebody's usual cells; means they do not have are empty. Numbers are French, without the 0."""

    reference: str
    email: str
    phone: str
    mobile: str


def world(rng: Random) -> list[Person]:
    """Ten people with a few references, addresses and numbers among them."""
    people = []
    numbers = NUMBERS + TERRITORY_NUMBERS[:2]
    for n in range(10):
        has = rng.choice(((1, 1, 1), (1, 1, 0), (1, 0, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1)))
        people.append(
            Person(
                REFERENCES[n],
                rng.choice(EMAILS) if has[0] else "",
                rng.choice(numbers) if has[1] else "",
                rng.choice(numbers) if has[2] else "",
            )
        )
    return people


def cell(rng: Random, person: Person, column: str, charset: str, rules: AccountRules) -> str:
    """One cell of somebody's row, as a human or a machine might write it, within the charset."""
    keys = (*MEANS, "reference")
    if column in keys:
        text = _means(rng, person, column, rules)
    else:
        text = _other(rng, person, column, month_first=rules.syntax_errors != "skip")
    if 0 < len(text) < 1000 and rng.random() < 0.06:
        text = rng.choice(PADDING) + text + rng.choice(PADDING)
    if not text and rng.random() < 0.1:
        text = rng.choice(PADDING)
    return text if carries(text, charset) else ""


def _means(rng: Random, person: Person, column: str, rules: AccountRules) -> str:
    chance = rng.random()
    if column == "reference":
        if chance < 0.05:
            return rng.choice(("", "", "R" * 255, "é" * 255, "R" * 256))
        return person.reference if chance < 0.93 else rng.choice(REFERENCES)
    if chance < 0.03:
        return ""
    if column == "email":
        if chance < 0.08:
            return rng.choice(BAD_EMAILS)
        text = rng.choice(EMAILS) if chance < 0.16 else person.email
        return rng.choice((text, text, text, text.upper(), text.title()))
    numbers = NUMBERS + TERRITORY_NUMBERS
    number = rng.choice(numbers) if chance < 0.16 else person.phone if column == "phone" else person.mobile
    at_home = rules.region in ("FR", "RE", "GP") or rng.random() < 0.1
    text = _dialled(rng, number, national=at_home) if number else ""
    if chance < 0.08:
        text = rng.choice(BAD_PHONES)
    return text


def _dialled(rng: Random, number: str, *, national: bool) -> str:
    pairs = [number[:1], *(number[i : i + 2] for i in range(1, 9, 2))]
    if not national:
        return rng.choice(
            (f"+33{number}", "+33 (0)" + "-".join(pairs), f"+33{number} x5", f"tel:+33{number}")
        )
    return rng.choice(
        (
            f"0{number}",
            f"0033{number}",
            "0" + ".".join(pairs),
            "0" + " ".join(pairs),
            "33" + " ".join(pairs),
            f"0{number} ext. 12",
            f"0{number}/0{number}",
            f"+33{number}",
        )
    )


def _other(rng: Random, person: Person, column: str, *, month_first: bool) -> str:
    if rng.random() < 0.2:
        return ""
    usual = zlib.crc32(repr((person, column)).encode())
    number = usual if rng.random() < 0.75 else rng.randrange(1000)
    if column != "birth_date":
        if rng.random() < 0.0004:
            return "z" * 32_768
        return TEXTS[number % len(TEXTS)]
    if rng.random() < 0.15:
        return rng.choice(BAD_DATES if month_first else BAD_DATES[:-1])
    year, month, day = DATES[number % len(DATES)].split("-")
    separator = rng.choice("/-.")
    if rng.random() < 0.5:
        return rng.choice((f"{year}-{month}-{day}", f"{year}-{int(month)}-{int(day)}"))
    if rng.random() < 0.5:
        day, month = str(int(day)), str(int(month))
    return separator.join((day, month, year))
