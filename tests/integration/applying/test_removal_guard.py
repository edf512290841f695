"""The most contacts that one file may remove, counted before anything is removed (protocol 4)."""

from __future__ import annotations

from typing import Any

import pytest

from contactsync.applying.removal_guard import RemovalGuard
from contactsync.domain.errors import FileRefused
from tests.integration.conftest import Site

TEN = "Référence;Email\n" + "".join(f"R{n};p{n}@example.com\n" for n in range(10))


def first(count: int) -> str:
    """The header and so many rows of TEN."""
    return "".join(TEN.splitlines(keepends=True)[: count + 1])


def references(count: int) -> str:
    return "Référence\n" + "".join(f"R{n}\n" for n in range(count))


@pytest.fixture
def ten(site: Site) -> Site:
    """An account with a list of ten contacts, which the next imports replace."""
    site.set(dedup="reference", language="en")
    site.apply(TEN)
    site.marker(".syncExistingList")
    return site


@pytest.mark.parametrize(
    ("limits", "kept", "reason"),
    [
        ({"max_removals": 3}, 7, None),
        ({"max_removals": 3}, 6, "too_many_removals"),
        ({"max_removals": 0}, 10, None),
        ({"max_removals": 0}, 9, "too_many_removals"),
        ({"max_removal_percent": 50}, 5, None),
        ({"max_removal_percent": 50}, 4, "too_many_removals"),
        ({"max_removal_percent": 100}, 1, None),
        ({"max_removals": 9, "max_removal_percent": 10}, 8, "too_many_removals"),
        ({}, 1, None),
    ],
)
def test_mode_3(ten: Site, limits: dict[str, Any], kept: int, reason: str | None) -> None:
    """Each limit holds; a file that would remove more changes nothing."""
    ten.set(**{"max_removals": None, **limits})
    row = ten.apply(first(kept))
    assert (row["state"], row["reason"]) == ("ko" if reason else "ok", reason)
    assert len(ten.members("list")[-1]) == (10 if reason else kept)


@pytest.mark.parametrize(
    ("limits", "deleted", "reason"),
    [
        ({"max_removals": 3}, 3, None),
        ({"max_removals": 3}, 4, "too_many_removals"),
        ({"max_removal_percent": 20}, 2, None),
        ({"max_removal_percent": 20}, 3, "too_many_removals"),
    ],
)
def test_delete(ten: Site, limits: dict[str, Any], deleted: int, reason: str | None) -> None:
    """Contacts that match count, not rows: repeated rows and those that match nobody do not."""
    ten.set(**limits)
    row = ten.apply(references(deleted) + "R0\nNOBODY\n", "gone.csv", "delete")
    assert (row["state"], row["reason"]) == ("ko" if reason else "ok", reason)
    assert len(ten.contacts("email")) == (10 if reason else 10 - deleted)


def test_the_answer_has_both_numbers(ten: Site) -> None:
    """How many of how many and the limit, as a count or in percent, and how to confirm."""
    ten.set(max_removals=3)
    row = ten.apply(first(6))
    message = ten.result(row)["message"]
    assert message.startswith(
        'This file would remove 4 of 10 contacts from the list "list", but your account'
    )
    assert f'"{row["claimed_name"]}.confirm"' in message
    ten.set(max_removals=None, max_removal_percent=12.5)
    message = ten.result(ten.apply(references(3), "gone.csv", "delete"))["message"]
    assert "3 contacts of your account, which is 30%, but the account allows 12.5% at once" in message


def test_a_contact_that_a_rejected_row_keeps_is_not_counted(ten: Site) -> None:
    """Only what would be removed counts (protocol 4, mode 3)."""
    ten.set(max_removals=2)
    row = ten.apply(first(7) + "R7;no address\n")
    assert (row["state"], row["removed"]) == ("ok", 2)


def test_other_modes_and_a_new_list_remove_nobody(ten: Site) -> None:
    """An account that may remove nobody imports all the same."""
    ten.set(max_removals=0)
    assert ten.apply(first(1), "another.csv")["state"] == "ok"
    for marker in (".addToExistingList", None):
        ten.marker(marker)
        assert ten.apply(first(1))["state"] == "ok"


def test_a_share_is_never_shown_as_the_limit() -> None:
    """It is rounded up to one decimal."""
    with pytest.raises(FileRefused) as refused:
        RemovalGuard(percent=20).require_few(20_001, 100_000)
    assert refused.value.details["share"] == 20.1
