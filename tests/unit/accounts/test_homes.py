"""Whose home is whose: what others wrote into the table of accounts, and links on the disk."""

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
    """An account with that id; the rest does not matter here."""
    labels = (None,) * 15
    return Account(
        *(number, name, home, None, None, ";", "none", labels, "FR", "UTC", "auto"),  # type: ignore[arg-type]  # its columns
        blank_cells="keep",
        phone_check="possible",
        syntax_errors="refuse",
        language="fr",
        revision=1,
    )


def test_folders_of_ones_own_are_fine() -> None:
    """Below the root by name, or elsewhere; one name may begin like another."""
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
    """Whoever wrote it into the table: nothing is looked for where the daemon happens to stand."""
    assert "absolute path" in refused([account(1, "acme", home)], ROOT)["acme"]


@pytest.mark.parametrize("name", ["..", "a/b", "/etc", "../x", "."])
def test_a_name_is_one_folder(name: str) -> None:
    """The table refuses such names; were its rule dropped, they lead nowhere all the same."""
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
def test_nobody_gets_the_home_of_another(home: str) -> None:
    """Nor a folder within or around it; who has it by name keeps it, were the other one older."""
    for number in (1, 3):
        told = refused([account(2, "acme"), account(number, "thief", home)], ROOT)
        assert told.keys() == {"thief"}
        assert "acme" in told["thief"]


def test_of_two_who_name_one_home_the_older_keeps_it() -> None:
    """Deterministically, however they are listed."""
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
def test_links_are_followed(tmp_path: Path, how: Callable[[Path], str]) -> None:
    """A home that is a link to another's, or lies below one, is another's."""
    root = tmp_path / "ftp"
    (root / "acme" / "contacts").mkdir(parents=True)
    assert refused([account(1, "acme"), account(2, "thief", how(root))], root).keys() == {"thief"}


def test_a_link_in_the_place_of_a_default_home(tmp_path: Path) -> None:
    """The newer of two that lead to one folder is left alone; a link to a folder of one's own is fine (protocol 1)."""
    (tmp_path / "acme").mkdir()
    os.symlink("acme", tmp_path / "thief")
    (tmp_path / "disk2").mkdir()
    os.symlink("disk2", tmp_path / "moved")
    accounts = [account(1, "acme"), account(2, "thief"), account(3, "moved")]
    assert refused(accounts, tmp_path).keys() == {"thief"}


def test_a_link_that_turns_in_circles(tmp_path: Path) -> None:
    """Harms nobody: no error."""
    os.symlink("loop", tmp_path / "loop")
    assert refused([account(1, "acme"), account(2, "loop")], tmp_path) == {}
