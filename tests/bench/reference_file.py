"""The reference files of the benches: 20 MB of 7 columns and 20 MB of all 31, seeded."""

from __future__ import annotations

import random
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 243_119
"""Of 7 columns in 20 MB."""
WIDE_ROWS = 47_000
"""Of 31 columns in 20 MB."""

HEADER = ("Référence", "Civilité", "Prénom", "Nom", "Email", "Téléphone Fixe", "Mobile")
WIDE_HEADER = (
    *HEADER,
    *(
        "Fax",
        "Adresse 1",
        "Adresse 2",
        "Code Postal",
        "Ville",
        "Etat",
        "Pays",
        "Date de Naissance",
        "Société",
    ),
    *(f"Champ {number}" for number in range(1, 16)),
)
_FIRST = ("Hélène", "Yann", "Chloé", "Pierre", "Marie-Françoise", "Zoé", "Jean-Baptiste", "Anaïs")
_LAST = ("LEFÈVRE", "LE GOFF", "MÜLLER", "DUPONT", "DE LA TOUR", "MARTIN", "BERNARD", "PETIT-JEAN")
_STREETS = ("rue de la République", "avenue Jean Jaurès", "place du Marché", "chemin des Écoliers")
_CITIES = ("Saint-Étienne", "Nîmes", "Paris", "Fontenay-sous-Bois", "Aix-en-Provence")
_FIELDS = (
    "client fidèle",
    "newsletter",
    "0",
    "magasin Lyon Part-Dieu",
    "",
    "2015-04-27",
    "NA",
    "carte n° 12",
)
_PHONES = ("02{:08d}", "02 {:08d}", "+332{:08d}")


@dataclass(frozen=True, slots=True)
class Shape:
    """The content of a file: the same seed and shape give the same bytes."""

    rows: int = ROWS
    wide: bool = False
    # The number of its first row: files overlap where their numbers do.
    first: int = 0
    # Each n-th row has another first name.
    changed_every: int = 0
    # Only these columns, if any are named.
    columns: tuple[str, ...] = ()
    seed: int = 1

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of the file."""
        return self.columns or (WIDE_HEADER if self.wide else HEADER)


def write(path: Path, shape: Shape) -> int:
    """Write the file in ISO-8859-1 and return its size in bytes."""
    return path.write_bytes(("\n".join(_lines(shape)) + "\n").encode("iso-8859-1"))


def write_zip(path: Path, csv: Path) -> None:
    """Put the file into a zip as the senders do."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(csv, "contacts.csv")


def _lines(shape: Shape) -> Iterator[str]:
    yield ";".join(shape.header)
    places = [WIDE_HEADER.index(column) for column in shape.columns]
    for number in range(shape.first, shape.first + shape.rows):
        cells = _row(number, shape)
        yield ";".join([cells[place] for place in places] if places else cells)


def _row(number: int, shape: Shape) -> list[str]:
    dice = random.Random(number * 1_000_003 + shape.seed)
    first = dice.choice(_FIRST)
    cells = [
        f"A{number:07d}",
        dice.choice(("Mme", "M.")),
        f"{first}-Lou" if shape.changed_every and number % shape.changed_every == 0 else first,
        dice.choice(_LAST),
        f"user{number}.{dice.randrange(10_000)}@example-mail.fr",
        dice.choice(_PHONES).format(dice.randrange(10**8)),
        f"06{dice.randrange(10**8):08d}",
    ]
    if shape.wide or len(shape.header) > len(HEADER):
        cells += [
            f"01{dice.randrange(10**8):08d}",
            f"{dice.randrange(1, 400)} {dice.choice(_STREETS)}",
            f"Bâtiment {dice.choice('ABCDEFGH')}, étage {dice.randrange(9)}",
            f"{dice.randrange(1000, 96000):05d}",
            dice.choice(_CITIES),
            "Île-de-France",
            "France",
            f"{dice.randrange(1, 29)}/{dice.randrange(1, 13)}/{dice.randrange(1930, 2010)}",
            "Société Générale d'Équipement" if dice.random() < 0.3 else "",
            *(dice.choice(_FIELDS) + f" {dice.randrange(10**6)}" for _ in range(15)),
        ]
    return cells
