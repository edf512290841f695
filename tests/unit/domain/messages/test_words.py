"""Numbers, lines, names, separators and dates in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.messages import words
from contactsync.domain.messages.words import NBSP

languages = st.sampled_from(["fr", "en"])


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [(0, "0", "0"), (999, "999", "999"), (3000, "3_000", "3,000"), (1_200_000, "1_200_000", "1,200,000")],
)
def test_numbers(value: int, french: str, english: str) -> None:
    """Thousands are apart from four digits on."""
    assert words.number(value, "fr") == french.replace("_", NBSP)
    assert words.number(value, "en") == english


@given(st.integers(0, 10**9), languages)
def test_a_number_reads_back(value: int, language: Any) -> None:
    """Whatever is between its digits, in groups of three."""
    text = words.number(value, language)
    assert int(re.sub(r"\D", "", text)) == value
    assert re.fullmatch(r"\d{1,3}(\D\d{3})*", text)


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [(12.5, "12,5", "12.5"), (80.0, "80", "80"), (1234.56, f"1{NBSP}234,6", "1,234.6")],
)
def test_decimals(value: float, french: str, english: str) -> None:
    """One at most; French has a comma."""
    assert (words.decimal(value, "fr"), words.decimal(value, "en")) == (french, english)


@pytest.mark.parametrize(
    ("numbers", "more", "french", "english"),
    [
        ([12], 0, "ligne 12", "line 12"),
        ([12, 12], 0, "ligne 12", "line 12"),
        ([15, 12], 0, "lignes 12 et 15", "lines 12 and 15"),
        ([12, 15, 18], 0, "lignes 12, 15 et 18", "lines 12, 15 and 18"),
        ([12, 15, 18, 20], 0, "lignes 12, 15, 18 et 1 autre", "lines 12, 15, 18 and 1 more"),
        ([12, 15, 18], 97, "lignes 12, 15, 18 et 97 autres", "lines 12, 15, 18 and 97 more"),
        ([1200], 1, f"lignes 1{NBSP}200 et 1 autre", "lines 1,200 and 1 more"),
    ],
)
def test_lines(numbers: list[int], more: int, french: str, english: str) -> None:
    """Three of them at most, in order; the others are counted."""
    assert words.lines(numbers, "fr", more) == french
    assert words.lines(numbers, "en", more) == english


@given(st.lists(st.integers(1, 10**6), min_size=1), st.integers(0, 10**6), languages)
def test_no_line_is_lost(numbers: list[int], more: int, language: Any) -> None:
    """Those that are named and those that are counted are all of them."""
    text = words.lines(numbers, language, more)
    found = [int(re.sub(r"\D", "", each)) for each in re.findall(r"\d(?:[\d\u00a0]|,(?=\d))*", text)]
    total = len(set(numbers)) + more
    counted = found.pop() if total > min(3, len(set(numbers))) else 0
    assert found == sorted(set(numbers))[:3]
    assert len(found) + counted == total
    assert text.startswith("lign" if language == "fr" else "line")


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "« a »"), (2, "« a » et « b »"), (3, "« a », « b » et 1 autre")]
)
def test_names(count: int, expected: str) -> None:
    """In the quotes of the language; those past the limit are counted."""
    found = words.names(["a", "b", "c", "d"][:count], "fr", 2)
    assert found == expected.replace("« ", f"«{NBSP}").replace(" »", f"{NBSP}»")


def test_a_long_name_is_shortened_visibly() -> None:
    """A header may be anything."""
    assert words.quoted("x" * 41, "en") == f'"{"x" * 40}..."'
    assert words.quoted("x" * 40, "en") == f'"{"x" * 40}"'


@pytest.mark.parametrize(
    ("when", "french", "english"),
    [
        (datetime(2026, 3, 3, 13, 5, tzinfo=UTC), "3 mars 2026 à 14_h_05", "3 March 2026 at 14:05"),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), "1er août 2026 à 0_h_00", "1 August 2026 at 00:00"),
    ],
)
def test_moments_are_in_the_accounts_time_zone(when: datetime, french: str, english: str) -> None:
    """No ISO form, no stamp."""
    assert words.moment(when, "Europe/Paris", "fr") == french.replace("_", NBSP)
    assert words.moment(when, "Europe/Paris", "en") == english


def test_mapped_headers() -> None:
    """A column for any number is chosen by the number."""
    pairs = [("Portable", ["Mobile"]), ("Phone", ["Mobile", "Téléphone Fixe"])]
    assert words.mapped(pairs, "en") == (
        '"Portable" as Mobile and "Phone" as Mobile or Téléphone Fixe, depending on the number'
    )
    assert words.mapped([("a", ["Nom"])] * 12, "fr").endswith("et 2 autres")


@pytest.mark.parametrize("separator", words.SEPARATORS)
def test_a_separator_is_called_by_name(separator: str) -> None:
    """A TAB cannot be seen in a sentence."""
    for form in ("plural", "the", "a"):
        for language in ("fr", "en"):
            assert separator not in words.separator(separator, form, language).replace(" ", "")


@given(st.text("ab 0123:;!?»«%Moh", max_size=30))
def test_spacing_changes_spaces_only(text: str) -> None:
    """And does nothing to its own result."""
    spaced = words.spaced(text)
    assert spaced.replace(NBSP, " ") == text
    assert words.spaced(spaced) == spaced
    assert re.findall(r" [:;!?»%]|« ", spaced) == []
