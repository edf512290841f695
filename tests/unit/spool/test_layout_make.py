"""`init` works in the folder that it opened, whatever somebody puts into its place meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contactsync.domain.errors import HomeChanged
from contactsync.spool import layout_make
from contactsync.spool.home_pins import HomePins


def test_what_was_made_is_what_is_pinned(tmp_path: Path) -> None:
    """A home that is swapped while its folders are made is left alone afterwards."""
    home, pins = tmp_path / "ftp/acme", HomePins(tmp_path / "ftp", tmp_path / "data")
    (tmp_path / "data").mkdir()

    def swap(home: Path, fd: int, /, *, replaced: bool) -> None:
        pins.admit(home, fd, replaced=True)
        home.rename(tmp_path / "made")
        home.mkdir()

    layout_make.make(home, tmp_path / "ftp", None, admit=swap)
    pins.record([home])
    assert os.listdir(home) == []
    assert "contacts" in os.listdir(tmp_path / "made")
    for each in (pins, HomePins(tmp_path / "ftp", tmp_path / "data")):
        with pytest.raises(HomeChanged):
            each.open(home)


def test_a_home_that_is_not_admitted_stays_as_it_is(tmp_path: Path) -> None:
    """It was replaced after the command had looked at it."""
    home, pins = tmp_path / "ftp/acme", HomePins(tmp_path / "ftp", tmp_path / "data")
    home.mkdir(parents=True)
    pins.examine([home])
    home.rename(tmp_path / "before")
    home.mkdir(mode=0o700)
    with pytest.raises(HomeChanged):
        layout_make.make(home, tmp_path / "ftp", None, admit=pins.admit)
    assert (os.listdir(home), home.stat().st_mode & 0o777) == ([], 0o700)


def test_a_home_that_was_removed_is_made_anew(tmp_path: Path) -> None:
    """A missing home is no replaced one: nobody has put anything there."""
    home, pins = tmp_path / "ftp/acme", HomePins(tmp_path / "ftp", tmp_path / "data")
    home.mkdir(parents=True)
    pins.examine([home])
    home.rename(tmp_path / "before")
    layout_make.make(home, tmp_path / "ftp", None, admit=pins.admit)
    os.close(pins.open(home))
