"""What the patterns of libphonenumber's metadata match."""

from __future__ import annotations

import re
from itertools import product

import pytest

from contactsync.reading.values.digit_patterns import language, starts


@pytest.mark.parametrize("pattern", ["[^0]", r"1+", "(?:1", "1)", r"(1)", r"(?!0)\d"])
def test_a_metadata_pattern_of_an_unknown_form_is_refused(pattern: str) -> None:
    """A pattern of an unknown form raises ValueError, so the library reads the numbers."""
    with pytest.raises(ValueError):  # noqa: PT011 - the text is what is left of the pattern, maybe nothing
        language(pattern)


@pytest.mark.parametrize(
    ("pattern", "widths", "firsts"),
    [
        (r"[1-9]\d{8}", {9}, "123456789"),
        (r"8\d{2,4}|[67](?:0|12)?", {1, 2, 3, 4, 5}, "678"),
        (r"0?(?:1\d|[2-3]){2}", {2, 3, 4, 5}, "0123"),
    ],
)
def test_what_a_metadata_pattern_matches(pattern: str, widths: set[int], firsts: str) -> None:
    """The lengths and first digits of the numbers that a pattern matches."""
    found = language(pattern)
    assert set(found.widths) == widths
    assert set(found.firsts) == set(firsts)


@pytest.mark.parametrize("pattern", [r"0?(?:1\d|[2-3]){2}", r"8\d{2,3}|[67](?:0|12)?", "(?:|1)2"])
def test_the_starts_of_the_numbers_of_a_length(pattern: str) -> None:
    """As found by trying every number."""
    for length in range(1, 5):
        texts = map("".join, product("0123456789", repeat=length))
        expected = {text[:2] for text in texts if re.fullmatch(pattern, text)}
        assert starts(pattern, 2, length) == expected
