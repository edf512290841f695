"""The separators that an account may choose."""

from __future__ import annotations

from contactsync.domain.account import SEPARATORS
from contactsync.domain.messages.words import SEPARATORS as NAMED


def test_every_separator_has_a_name_for_uploaders() -> None:
    """Sentences name each separator that an account may have, and no other."""
    assert tuple(NAMED) == SEPARATORS
