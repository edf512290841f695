"""What the patterns of libphonenumber's metadata match."""

from __future__ import annotations

import pytest

from contactsync.reading.values.digit_patterns import language


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
