"""CSV files for deposits."""

from __future__ import annotations

HEADER = "Référence;Nom;Email;Mobile\n"


def people(count: int, first: int = 1) -> bytes:
    """A CSV of good rows: references R<n>, an e-mail and a mobile each."""
    rows = (f"R{n};Nom{n};p{n}@example.com;06{n:08d}\n" for n in range(first, first + count))
    return (HEADER + "".join(rows)).encode("latin-1")


def table(header: str, *rows: str) -> bytes:
    """A CSV in ISO-8859-1."""
    return "".join(f"{line}\n" for line in (header, *rows)).encode("latin-1")
