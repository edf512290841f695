"""The reference file of DESIGN.md, "Speed": 243,119 rows of 7 columns in 20 MB, the same bytes for every run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 243_119
HEADER = "Référence;Civilité;Prénom;Nom;Email;Téléphone Fixe;Mobile"
_FIRST = ("Hélène", "Yann", "Chloé", "Pierre", "Marie-Françoise", "Zoé", "Jean-Baptiste", "Anaïs")
_LAST = ("LEFÈVRE", "LE GOFF", "MÜLLER", "DUPONT", "DE LA TOUR", "MARTIN", "BERNARD", "PETIT-JEAN")
_PHONES = ("02{:08d}", "02 {:08d}", "+332{:08d}")


def write(path: Path, *, rows: int = ROWS, seed: int = 1) -> int:
    """Write the file in ISO-8859-1 and return its size in bytes."""
    dice = random.Random(seed)
    lines = [HEADER]
    for number in range(rows):
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        email = f"user{number}.{dice.randrange(10_000)}@example-mail.fr"
        phone = dice.choice(_PHONES).format(dice.randrange(10**8))
        mobile = f"06{dice.randrange(10**8):08d}"
        lines.append(f"A{number:07d};{dice.choice(('Mme', 'M.'))};{first};{last};{email};{phone};{mobile}")
    return path.write_bytes(("\n".join(lines) + "\n").encode("iso-8859-1"))
