"""What a cell, a header and a file name mean (protocol 2 and 3). Pure functions over one value each."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import phonenumbers
from email_validator import EmailNotValidError, validate_email

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS: tuple[str, ...] = (
    "civility", "first_name", "last_name", "email", "phone", "mobile", "fax", "address_1", "address_2",
    "postal_code", "city", "state", "country", "birth_date", "company", "reference",
    *(f"field_{n}" for n in range(1, 16)),
)  # fmt: skip
FRENCH: tuple[str, ...] = (
    "Civilité", "Prénom", "Nom", "Email", "Téléphone Fixe", "Mobile", "Fax", "Adresse 1", "Adresse 2",
    "Code postal", "Ville", "Etat", "Pays", "Date de naissance", "Société", "Référence",
    *(f"Champ {n}" for n in range(1, 16)),
)  # fmt: skip
ENGLISH: tuple[str, ...] = (
    "Title", "First name", "Last name", "Email", "Fixed telephone", "Mobile", "Fax", "Address 1", "Address 2",
    "Postal code", "City", "State", "Country", "Date of birth", "Company", "Reference",
    *(f"Field {n}" for n in range(1, 16)),
)  # fmt: skip
MEANS = ("email", "phone", "mobile")
MEDIUM_MEANS = {"EMAIL": "email", "SMS": "mobile", "VOICE": "phone", "VOICEMAIL": "mobile"}
ACTIONS: tuple[str, ...] = (
    "import", *(f"optout{m}" for m in MEDIUM_MEANS), *(f"optin{m}" for m in MEDIUM_MEANS), "delete",
)  # fmt: skip
MODES = {".createNewList": 1, ".addToExistingList": 2, ".syncExistingList": 3}
REFERENCE_LIMIT = 255

# The characters with Unicode's property White_Space; Python's str.strip() also takes U+001C to U+001F.
WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)

Value = str | date | None


@dataclass(frozen=True)
class AccountRules:
    """One account's settings, as `contactsync account add` takes them. `labels` maps 1..15 to a name."""

    name: str
    dedup: str = "reference"
    separator: str = ";"
    blank_cells: str = "keep"
    region: str = "FR"
    encoding: str = "auto"
    phone_check: str = "possible"
    syntax_errors: str = "refuse"
    labels: Mapping[int, str] = field(default_factory=dict)


def trim(text: str) -> str:
    """The text without Unicode white space around it."""
    return text.strip(WHITE)


def header_key(name: str) -> str:
    """What is left of a header when case, accents and white space do not count."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return "".join(c for c in bare if c not in WHITE).casefold()


def known_headers(rules: AccountRules) -> dict[str, str]:
    """Every header the account may write, reduced by `header_key`, with the column it means."""
    known = {header_key(name): column for name, column in zip(FRENCH, COLUMNS, strict=True)}
    known |= {header_key(name): column for name, column in zip(ENGLISH, COLUMNS, strict=True)}
    known |= {header_key(label): f"field_{n}" for n, label in rules.labels.items()}
    return known


def read_email(text: str) -> str | None:
    """The address as it is stored, or None where it is not valid."""
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


def read_phone(text: str, rules: AccountRules) -> str | None:
    """The number in E.164, or None where it is not a number by the account's strictness."""
    try:
        number = phonenumbers.parse(text, rules.region)
    except phonenumbers.NumberParseException:
        return None
    check = phonenumbers.is_valid_number if rules.phone_check == "valid" else phonenumbers.is_possible_number
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if check(number) else None


def read_date(text: str) -> date | None:
    """The date, or None: D/M/YYYY, D-M-YYYY, D.M.YYYY or YYYY-M-D, nothing else."""
    if found := re.fullmatch(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})", text):
        day, month, year = found[1], found[3], found[4]
    elif found := re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", text):
        year, month, day = found[1], found[2], found[3]
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def name_text(name: bytes) -> str:
    """A file name as text: UTF-8, else Windows-1252 (a byte that has no character there as in ISO-8859-1)."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return windows_1252(name)


def windows_1252(content: bytes) -> str:
    """ISO-8859-1 with 0x80 to 0x9F read as Windows-1252 where that has a character."""
    out = []
    for byte in content:
        try:
            out.append(bytes([byte]).decode("cp1252"))
        except UnicodeDecodeError:
            out.append(chr(byte))
    return "".join(out)


def list_name(file_name: str) -> tuple[str, bool]:
    """The list an import goes to, and whether the file is a corrected `.rejected.csv` of an earlier one."""
    suffix = ".rejected.csv"
    if file_name.lower().endswith(suffix) and len(file_name) > len(suffix):
        claimed = file_name[: -len(suffix)]
        original = re.sub(r"\A[0-9]{10}_", "", claimed, count=1)
        return list_name(original or claimed)[0], True
    bare = re.sub(r"\A[0-9]{10}_", "", file_name, count=1)
    for extension in (".csv.zip", ".csv", ".zip"):
        if bare.lower().endswith(extension):
            bare = bare[: -len(extension)]
            break
    return bare or file_name, False
