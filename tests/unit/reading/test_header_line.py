"""Finding the header line, and the separator that it decides."""

from __future__ import annotations

from collections.abc import Iterator

from contactsync.domain.headers.names import HeaderRules
from contactsync.reading.header_line import MAX_SEARCHED_BYTES, open_lines

CHUNK = b" \n" * 32_768
RULES = HeaderRules()


def test_blank_lines_without_end_are_not_read_through() -> None:
    """A small zip may inflate to hundreds of megabytes of them, which would all be held in memory."""
    taken: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(4096):
            taken.append(number)
            yield CHUNK

    opening = open_lines(chunks(), "auto", RULES)
    assert len(taken) * len(CHUNK) <= MAX_SEARCHED_BYTES + 2 * len(CHUNK)
    assert next(opening.chunks).startswith(CHUNK)


def test_a_header_line_below_many_blank_lines() -> None:
    """It still decides the separator."""
    header = "Référence,Email\n".encode()
    assert open_lines([CHUNK * 4, header], "auto", RULES).separator == ","
