"""Puts a sentence for the uploader together. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from contactsync.domain.account import Language

Sentences = Mapping[str, tuple[str, str]]
"""For each code its sentence in French and in English."""

SEPARATOR_NAMES = MappingProxyType(
    {
        ";": ("le point-virgule", "semicolons"),
        ",": ("la virgule", "commas"),
        "|": ("la barre verticale", "vertical bars"),
        "\t": ("la tabulation", "tabs"),
    }
)


def sentence(
    table: Sentences, code: str, language: Language, details: Mapping[str, Any] | None = None
) -> str:
    """The sentence of a code in the account's language, its blanks filled; separators are called by name."""
    place = ("fr", "en").index(language)
    filled = {
        key: SEPARATOR_NAMES[value][place]
        if key in ("found", "expected") and value in SEPARATOR_NAMES
        else value
        for key, value in (details or {}).items()
    }
    return table[code][place].format_map(filled)
