"""The 31 columns of a contact and their names (protocol 2). Pure."""

from __future__ import annotations

from collections.abc import Container
from types import MappingProxyType

FIELDS = 15

_NAMED = (
    # key             French header         English header
    ("civility", "Civilité", "Title"),
    ("first_name", "Prénom", "First name"),
    ("last_name", "Nom", "Last name"),
    ("email", "Email", "Email"),
    ("phone", "Téléphone Fixe", "Fixed telephone"),
    ("mobile", "Mobile", "Mobile"),
    ("fax", "Fax", "Fax"),
    ("address_1", "Adresse 1", "Address 1"),
    ("address_2", "Adresse 2", "Address 2"),
    ("postal_code", "Code postal", "Postal code"),
    ("city", "Ville", "City"),
    ("state", "Etat", "State"),
    ("country", "Pays", "Country"),
    ("birth_date", "Date de naissance", "Date of birth"),
    ("company", "Société", "Company"),
    ("reference", "Référence", "Reference"),
)
_NUMBERED = tuple((f"field_{n}", f"Champ {n}", f"Field {n}") for n in range(1, FIELDS + 1))

FRENCH = MappingProxyType({key: french for key, french, _ in _NAMED + _NUMBERED})
"""Column key → French header, in the order of the protocol."""

ENGLISH = MappingProxyType({key: english for key, _, english in _NAMED + _NUMBERED})
"""Column key → English header, in the same order."""

KEYS = tuple(FRENCH)
MEANS = ("email", "phone", "mobile")

KEPT_BITS = MappingProxyType({"email": 1, "phone": 2, "mobile": 4, "birth_date": 8})
"""Bits of `kept`: the cell was invalid and is dropped, so the contact keeps its value."""

RESULT_HEADERS = ("Ligne", "Motif")
"""The two columns added to a rejected file (protocol 7). They are silently ignored when it comes back."""


def in_order(keys: Container[str]) -> tuple[str, ...]:
    """These columns in the order of the protocol."""
    return tuple(key for key in KEYS if key in keys)
