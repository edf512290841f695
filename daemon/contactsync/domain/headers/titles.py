"""Whether the values of a column `Title` are civilities or jobs (protocol 2). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from contactsync.domain.headers.names import fold

CIVILITIES = frozenset(map(fold, (
    "M", "MM", "Mme", "Mmes", "Mlle", "Mlles", "Monsieur", "Madame", "Mademoiselle", "Messieurs", "Mesdames", "Me",
    "Maître", "Dr", "Docteur", "Pr", "Prof", "Professeur", "M. et Mme", "M. Mme", "M/Mme", "Mme/M", "M. ou Mme",
    "Mr", "Mrs", "Ms", "Miss", "Mx", "Sir", "Doctor", "Professor", "Mr and Mrs", "Mr & Mrs",
    "Herr", "Frau", "Fräulein", "Herr Dr", "Frau Dr",
    "Sr", "Sra", "Srta", "Señor", "Señora", "Señorita", "D", "Dña", "Don", "Doña", "Dra",
    "Sig", "Sig.ra", "Sig.na", "Signor", "Signore", "Signora", "Signorina", "Dott", "Dott.ssa", "Avv", "Ing",
    "Dhr", "Mevr", "Mw", "De heer", "Heer", "Mevrouw",
)))  # fmt: skip


def are_civilities(values: Sequence[str]) -> bool:
    """Whether at least half of these values, none of them blank, are civilities; True if there is none."""
    return 2 * sum(fold(value) in CIVILITIES for value in values) >= len(values)
