"""A person's addresses and numbers in any text."""

from __future__ import annotations

import pytest

from contactsync.reading.mentions import Mentions

PERSON = Mentions({"ann.b@example.com"}, {"+33612345678"}, {"REF-77", "R1"})


@pytest.mark.parametrize(
    "line",
    [
        "ann.b@example.com",
        "x;Ann.B@Example.COM;y",
        "see <ann.b@example.com>.",
        "call 06 12 34 56 78 now",
        "+33612345678",
        "0033 6.12.34.56.78",
        "+33 (0)6-12-34-56-78",
        "612345678",
        "06\u00a012\u00a034\u00a056\u00a078",
        "a;REF-77;b",
        'a,"REF-77"',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_person_is_named(line: str, encoding: str) -> None:
    """Whatever the spelling and the encoding."""
    assert PERSON.is_in(line.encode(encoding))


@pytest.mark.parametrize(
    "line",
    [
        "joann.b@example.com",
        "ann.b@example.com.fr",
        "ann.b@example.co",
        "0612345679",
        "106123456789",
        "R1",
        "REF-777",
        "",
    ],
)
def test_somebody_else_is_named(line: str) -> None:
    """A part of a longer address or number is another one, and a short reference is a number of anything."""
    assert not PERSON.is_in(line.encode())


def test_nobody_is_named_by_nothing() -> None:
    assert not Mentions((), ()).is_in(b"ann.b@example.com")
    assert Mentions((), ()).offsets(b"ann.b@example.com").tolist() == []
