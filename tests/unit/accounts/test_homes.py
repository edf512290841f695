"""Homes that clash, because of SQL writes to the table of accounts or because of links."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contactsync.accounts.homes import refused
from contactsync.domain.account import Account

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path("/srv/ftp")


def account(number: int, name: str, home: str | None = None) -> Account:
    """An account with this id, name and home; the other columns do not matter here."""
    labels = (None,) * 15
    return Account(
        *(number, name, home, None, None, ";", "none", labels, "FR", "UTC", "auto"),  # type: ignore[arg-type]  # its columns
        blank_cells="keep",
        phone_check="possible",
        syntax_errors="refuse",
        language="fr",
        revision=1,
    )


def test_separate_homes_are_accepted() -> None:
    """In the root by name, or elsewhere. One name may be a prefix of another."""
    accounts = [
        account(1, "acme"),
        account(2, "acme2"),
        account(3, "far", "/home/far/ftp"),
        account(4, "a", "/srv/x"),
    ]
    assert refused(accounts, ROOT) == {}


@pytest.mark.parametrize(
    "home", ["../../etc", "..", ".", "etc", "/", "//", "/srv/../etc", "/srv/ftp/other/.."]
)
def test_a_home_is_an_absolute_path(home: str) -> None:
    """A relative path in the table is never resolved against the daemon's working directory."""
    assert "absolute path" in refused([account(1, "acme", home)], ROOT)["acme"]


@pytest.mark.parametrize("name", ["..", "a/b", "/etc", "../x", "."])
def test_a_name_is_one_folder(name: str) -> None:
    """The table refuses such names; even without its constraint they are refused here."""
    assert "ftp_root" in refused([account(1, name)], ROOT)[name]


@pytest.mark.parametrize(
    "home",
    [
        "/srv/ftp/acme",
        "/srv/ftp/acme/",
        "/srv/ftp/./acme",
        "/srv/ftp/acme/contacts/import/in",
        "/srv/ftp",
        "/srv",
    ],
)
def test_no_account_gets_the_home_of_another(home: str) -> None:
    """Nor a folder inside or around it. The account with that name keeps it, even if the other is older."""
    for number in (1, 3):
        reasons = refused([account(2, "acme"), account(number, "thief", home)], ROOT)
        assert reasons.keys() == {"thief"}
        assert "acme" in reasons["thief"]


def test_of_two_accounts_with_one_home_the_older_keeps_it() -> None:
    """The result does not depend on their order."""
    accounts = [account(7, "new", "/data/x"), account(5, "old", "/data/x")]
    assert refused(accounts, ROOT).keys() == refused(accounts[::-1], ROOT).keys() == {"new"}


def by_link(root: Path) -> str:
    (root / "alias").symlink_to(root / "acme")
    return str(root / "alias")


def by_folder_link(root: Path) -> str:
    (root.parent / "elsewhere").symlink_to(root)
    return str(root.parent / "elsewhere" / "acme")


def by_link_within(root: Path) -> str:
    (root / "alias").symlink_to(root / "acme" / "contacts")
    return str(root / "alias")


@pytest.mark.parametrize("how", [by_link, by_folder_link, by_link_within])
def test_links_are_resolved(tmp_path: Path, how: Callable[[Path], str]) -> None:
    """A home that is a link to another's, or is below such a link, clashes with it."""
    root = tmp_path / "ftp"
    (root / "acme" / "contacts").mkdir(parents=True)
    assert refused([account(1, "acme"), account(2, "thief", how(root))], root).keys() == {"thief"}


def test_a_link_in_the_place_of_a_default_home(tmp_path: Path) -> None:
    """If two homes lead to one folder, the newer account is refused; a link to a separate folder clashes with none."""
    (tmp_path / "acme").mkdir()
    os.symlink("acme", tmp_path / "thief")
    (tmp_path / "disk2").mkdir()
    os.symlink("disk2", tmp_path / "moved")
    accounts = [account(1, "acme"), account(2, "thief"), account(3, "moved")]
    assert refused(accounts, tmp_path).keys() == {"thief"}


def test_a_link_takes_nothing_from_the_account_that_it_leads_to(tmp_path: Path) -> None:
    """Also if the account with the link is older, and the other has a home of its own: a tenant can make links."""
    root = tmp_path / "ftp"
    (tmp_path / "own").mkdir()
    root.mkdir()
    (root / "thief").symlink_to(tmp_path / "own")
    accounts = [account(1, "thief"), account(2, "victim", str(tmp_path / "own"))]
    assert refused(accounts, root).keys() == {"thief"}


def test_a_circular_link(tmp_path: Path) -> None:
    """It causes no error, and does not affect other accounts."""
    os.symlink("loop", tmp_path / "loop")
    assert refused([account(1, "acme"), account(2, "loop")], tmp_path) == {}
