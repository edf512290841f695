"""Which folder each home is: recorded at first sight, and no other is opened until an operator allows it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.errors import ConfigurationError, FoldersMissing, HomeChanged
from contactsync.reports.folder import ReportFolder
from contactsync.runtime import directories
from contactsync.spool.home_pins import HomePins
from contactsync.spool.pins import Pin
from contactsync.spool.spool import Spool


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the two folders that the daemon opens."""
    return make(tmp_path / "ftp/acme")


def make(home: Path) -> Path:
    for name in ("contacts", "reporting"):
        (home / name).mkdir(parents=True)
    return home


def pins(tmp_path: Path) -> HomePins:
    """The pins as a new process reads them."""
    return HomePins(tmp_path / "ftp", tmp_path / "data")


def allow(home: Path, found: HomePins) -> None:
    """What `init --accept-home` does with a home that exists."""
    with directories.opened(home) as fd:
        found.admit(home, fd, replaced=True)
    found.record([home])


def opened(home: Path, found: HomePins) -> None:
    """Open the home for deposits and for reports."""
    with Spool(home, found, max_bytes=1000, ignored=lambda _name: False):
        pass
    with ReportFolder(home, found):
        pass


def refused(home: Path, found: HomePins) -> bool:
    """Whether the home is opened neither for deposits nor for reports."""
    with pytest.raises(HomeChanged), Spool(home, found, max_bytes=1000, ignored=lambda _name: False):
        pass
    with pytest.raises(HomeChanged), ReportFolder(home, found):
        pass
    return True


def test_a_home_is_pinned_at_first_sight(tmp_path: Path, home: Path) -> None:
    """By this process and by later ones."""
    found = pins(tmp_path)
    assert found.examine([home]) == {}
    opened(home, found)
    opened(home, pins(tmp_path))
    home.rename(home.parent / "before")
    make(home)
    for each in (found, pins(tmp_path)):
        assert refused(home, each)
        (error,) = each.examine([home]).values()
        assert error.fix("acme") == "contactsync init acme --accept-home"
    shutil.rmtree(home)
    (home.parent / "before").rename(home)
    assert found.examine([home]) == {}
    opened(home, found)


@pytest.mark.parametrize("pinned", [False, True])
def test_a_link_is_never_followed(tmp_path: Path, home: Path, *, pinned: bool) -> None:
    """Not even to the folder that the home was, and not at first sight either."""
    found = pins(tmp_path)
    if pinned:
        found.examine([home])
    home.rename(home.parent / "before")
    home.symlink_to("before")
    assert refused(home, found)
    (error,) = found.examine([home]).values()
    assert error.fix("acme") == "contactsync account set acme --home …"


@pytest.mark.parametrize("at", ["ftp/group", "elsewhere"])
def test_a_link_above_the_home_is_not_followed_either(tmp_path: Path, at: str) -> None:
    """Below the FTP root, and anywhere on the way to a home of an account's own."""
    make(tmp_path / "real/acme")
    (tmp_path / "ftp").mkdir()
    (tmp_path / at).symlink_to(tmp_path / "real")
    assert refused(tmp_path / at / "acme", pins(tmp_path))


def test_the_ftp_root_may_be_a_link(tmp_path: Path) -> None:
    """Operators make it."""
    make(tmp_path / "disk/acme")
    (tmp_path / "ftp").symlink_to(tmp_path / "disk")
    found = pins(tmp_path)
    assert found.examine([tmp_path / "ftp/acme"]) == {}
    opened(tmp_path / "ftp/acme", found)


def test_an_operator_allows_another_folder(tmp_path: Path, home: Path) -> None:
    """A running daemon notices, and does not write its own memory over the permission."""
    daemon = pins(tmp_path)
    other = make(tmp_path / "ftp/other")
    daemon.examine([home])
    home.rename(home.parent / "before")
    make(home)
    assert daemon.examine([home])
    allow(home, pins(tmp_path))
    daemon.examine([home, other])
    assert daemon.examine([home, other]) == {}
    opened(home, daemon)
    opened(home, pins(tmp_path))
    allow(home, pins(tmp_path))
    assert daemon.refresh()
    assert not daemon.refresh()


def test_the_home_of_another_account_is_never_a_first_sight(tmp_path: Path, home: Path) -> None:
    """A tenant that can write above both moved it into the place of its own; not even an operator allows that."""
    found = pins(tmp_path)
    found.examine([home])
    mine = tmp_path / "ftp/mine"
    home.rename(mine)
    for each in (found, pins(tmp_path)):
        assert refused(mine, each)
        (error,) = each.examine([home, mine]).values()
        assert str(home) in str(error)
        assert error.fix("mine") == "contactsync account set mine --home …"
        with pytest.raises(HomeChanged):
            allow(mine, each)
        each.keep([home, mine])
        assert refused(mine, each)
    mine.rename(home)
    assert found.examine([home, mine]) == {}
    opened(home, found)


def test_an_account_may_move_its_home(tmp_path: Path, home: Path) -> None:
    """The folder is at a new path, and the old path is no account's home any more."""
    found = pins(tmp_path)
    found.examine([home])
    new = tmp_path / "ftp/new"
    home.rename(new)
    assert found.examine([new]) == {}
    opened(new, found)


def test_a_missing_home_keeps_its_pin(tmp_path: Path, home: Path) -> None:
    """Its disk is not mounted: what is in its place meanwhile is not its home."""
    found = pins(tmp_path)
    found.examine([home])
    home.rename(home.parent / "before")
    assert found.examine([home]) == {}
    with pytest.raises(FileNotFoundError):
        found.open(home)
    with pytest.raises(FoldersMissing), ReportFolder(home, found):
        pass
    make(home)
    assert found.examine([home])


def test_the_home_of_no_account_is_forgotten(tmp_path: Path, home: Path) -> None:
    """A new account of the same name starts from the beginning."""
    found = pins(tmp_path)
    found.examine([home])
    home.rename(home.parent / "before")
    found.examine([])
    make(home)
    assert found.examine([home]) == {}


def test_the_first_to_open_a_home_pins_it(tmp_path: Path, home: Path) -> None:
    """A worker may work in a new home before the next check of all homes, which stores its pin."""
    found = pins(tmp_path)
    opened(home, found)
    home.rename(home.parent / "before")
    make(home)
    assert refused(home, found)
    assert found.examine([home])
    assert refused(home, pins(tmp_path))


def test_an_unreadable_record_is_a_problem(tmp_path: Path, home: Path) -> None:
    """A command refuses to work; the daemon pins in memory."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/homes.json").write_text("{")
    found = pins(tmp_path)
    with pytest.raises(ConfigurationError, match=r"homes\.json"):
        found.require_record()
    found.examine([home])
    assert found.problem is not None
    home.rename(home.parent / "before")
    make(home)
    assert refused(home, found)
    (tmp_path / "data/homes.json").unlink()
    pins(tmp_path).require_record()


def test_the_record_is_the_owners_of_data_dir(tmp_path: Path, home: Path) -> None:
    """Root's `init` writes it too, and makes no data_dir."""
    allow(home, pins(tmp_path))
    assert not (tmp_path / "data").exists()
    (tmp_path / "data").mkdir()
    if os.geteuid() == 0:
        os.chown(tmp_path / "data", 64_101, -1)
    allow(home, pins(tmp_path))
    record = tmp_path / "data/homes.json"
    assert record.stat().st_uid == (tmp_path / "data").stat().st_uid
    assert json.loads(record.read_text())[str(home)]["inode"] == home.stat().st_ino


numbers = st.integers(0, 3)
found_pins = st.builds(Pin, numbers, numbers, numbers, st.sampled_from(["", "a", "b"]))


@given(found_pins)
def test_a_folder_fits_itself(pin: Pin) -> None:
    """Also if its disk got another number, by a reboot or by a remount."""
    assert pin.fits(pin)
    assert pin.fits(replace(pin, device=pin.device + 1))
    if pin.boot:
        assert pin.fits(replace(pin, device=pin.device + 1, file_system=pin.file_system + 1, boot="c"))


@given(found_pins, found_pins)
def test_another_folder_does_not_fit(pin: Pin, other: Pin) -> None:
    """Another inode never does; the same inode on another disk only after a known reboot."""
    if pin.inode != other.inode:
        assert not pin.fits(other)
    same_boot = pin.boot == other.boot or not (pin.boot and other.boot)
    if pin.device != other.device and pin.file_system != other.file_system and same_boot:
        assert not pin.fits(other)
