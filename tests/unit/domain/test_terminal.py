"""No character that a terminal acts on reaches an uploader or an operator."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.terminal import harmless, harmless_content

BIDIRECTIONAL = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def acts(character: str) -> bool:
    """A control, a line or paragraph separator, or one that changes the direction of what follows (UAX 9)."""
    kind = unicodedata.category(character)
    return kind in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(character) in BIDIRECTIONAL


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.characters(categories=["Cc", "Cf", "Zl", "Zp"])))
def test_nothing_that_acts_is_left(text: str) -> None:
    """Every other character stays, and what is escaped can be read."""
    shown = harmless(text)
    assert not any(map(acts, shown))
    assert [c for c in shown if not c.isascii()] == [c for c in text if not c.isascii() and harmless(c) == c]


def test_every_character_that_acts_is_escaped() -> None:
    """All of Unicode."""
    missed = [c for c in map(chr, range(0x110000)) if acts(c) and harmless(c) == c]
    assert missed == []


@pytest.mark.parametrize(
    "text", ["Données d'été.csv", "« a »", "\u00a0", "a\\b", "لینک\u200cها", "👩\u200d🔧"]
)
def test_ordinary_text_stays(text: str) -> None:
    """Accents, non-breaking spaces, backslashes, and the joiners that scripts and emoji need."""
    assert harmless(text) == text


def test_what_is_inside_is_escaped_too() -> None:
    """Mappings and lists at any depth; other values stay."""
    value = {"a": ["\x9b1m", {"b": "\u202ex", "n": 1, "none": None}]}
    assert harmless_content(value) == {"a": ["\\x9b1m", {"b": "\\u202ex", "n": 1, "none": None}]}
