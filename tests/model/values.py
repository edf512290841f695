"""The columns, actions and settings that the protocol names, and the white space that it trims."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

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
SEPARATORS = (";", ",", "|", "\t")
REFERENCE_LIMIT = 255

# The characters with Unicode's property White_Space. Python's str.strip() also removes U+001C to U+001F.
WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)

Value = str | date | None


@dataclass(frozen=True)
class AccountRules:
    """One account's settings, as `contactsync account add` takes them.

    `labels` maps 1..15 to the account's name for that field. `header_names` maps a header of the
    account's own files to the protocol's name (`--header Portable=Mobile`).
    """

    name: str
    dedup: str = "reference"
    separator: str = ";"
    blank_cells: str = "keep"
    region: str = "FR"
    encoding: str = "auto"
    phone_check: str = "possible"
    syntax_errors: str = "refuse"
    labels: Mapping[int, str] = field(default_factory=dict)
    headers: str = "known"
    header_names: Mapping[str, str] = field(default_factory=dict)
    date_order: str = "dmy"
    max_removals: int | None = None
    max_removal_percent: float | None = None


def medium_of(action: str) -> str:
    """The medium of an opt-out or opt-in: `SMS` for `optoutSMS`."""
    return action.removeprefix("optout").removeprefix("optin")


def invisible(char: str) -> bool:
    """Whether the character only formats text (Unicode category Cf), such as a BOM or a soft hyphen."""
    return unicodedata.category(char) == "Cf"


def trim(text: str) -> str:
    """The text without Unicode white space and format characters around it."""
    start, end = 0, len(text)
    while start < end and (text[start] in WHITE or invisible(text[start])):
        start += 1
    while end > start and (text[end - 1] in WHITE or invisible(text[end - 1])):
        end -= 1
    return text[start:end]
