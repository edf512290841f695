"""The `in/` folders: what a scan sees, and what a look into an upload shows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS, FileIdentity, Incoming
from contactsync.runtime.kernel import Lease
from contactsync.spool import files
from contactsync.spool.inbox import Probe
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import Drop
from tests.unit.spool.swaps import SWAPS, descriptors, swap


def test_the_scan_sees_every_action_and_every_kind_of_name(home: Path, spool: Spool, drop: Drop) -> None:
    """Names are bytes; ignored names are not returned."""
    for name in (b"a.csv", b"\xe9\n\x1b.csv", b"-rf *"):
        drop(name)
    (home / "contacts" / "import" / "in" / ".hidden").touch()
    drop(b"x", action=ACTIONS["optinVOICE"])
    assert sorted((each.action.name, each.name) for each in spool.incoming()) == [
        ("import", b"-rf *"),
        ("import", b"a.csv"),
        ("import", b"\xe9\n\x1b.csv"),
        ("optinVOICE", b"x"),
    ]


def test_folders_in_in_are_strays(home: Path, spool: Spool) -> None:
    """A scan reports them with their action, and does not enter them."""
    (home / "contacts" / "import" / "in" / "sub\n").mkdir()
    (home / "contacts" / "import" / "in" / "sub\n" / "a.csv").touch()
    assert spool.incoming() == []
    assert spool.strays == [(ACTIONS["import"], b"sub\n")]


def test_a_changed_file_is_not_opened(home: Path, spool: Spool, drop: Drop) -> None:
    """The file that the scan saw is opened, or none."""
    incoming = drop()
    with spool.open_incoming(incoming) as file:  # type: ignore[union-attr]  # it is there
        assert file.read() == b"Email\na@b.fr\n"
    (home / "contacts" / "import" / "in" / "list.csv").write_bytes(b"other")
    assert spool.open_incoming(incoming) is None
    assert spool.look(incoming) != incoming.identity
    (home / "contacts" / "import" / "in" / "list.csv").unlink()
    assert spool.open_incoming(incoming) is None
    assert spool.look(incoming) is None


# --- probe ---------------------------------------------------------------------------------------------------------


def probed(spool: Spool, incoming: Incoming) -> Probe:
    """What a probe shows if every content looks whole."""
    return spool.probe(incoming, lambda _fd, _identity: True)


@pytest.mark.parametrize(("whole", "expected"), [(True, Probe.WHOLE), (False, Probe.PARTIAL)])
def test_a_probe_shows_whether_the_end_is_there(
    spool: Spool, drop: Drop, *, whole: bool, expected: Probe
) -> None:
    """The caller's function decides; it gets the open file and its identity."""
    incoming = drop(content=b"Email\n")
    read = []

    def looks_whole(fd: int, identity: FileIdentity) -> bool:
        read.append(os.pread(fd, identity.size, 0))
        return whole

    assert spool.probe(incoming, looks_whole) is expected
    assert read == [b"Email\n"]


def test_a_probe_shows_a_writer(home: Path, spool: Spool, drop: Drop) -> None:
    """However whole the file looks."""
    incoming = drop()
    with (home / "contacts" / "import" / "in" / "list.csv").open("ab"):
        assert probed(spool, incoming) is Probe.WRITTEN
    assert probed(spool, incoming) is Probe.WHOLE


@pytest.mark.parametrize("kind", SWAPS)
def test_a_probe_of_a_replaced_file_shows_that_it_is_gone(
    home: Path, spool: Spool, drop: Drop, secret: Path, kind: str
) -> None:
    """Whatever is in its place, nothing of it is read, and no descriptor leaks."""
    incoming = drop()
    swap(kind, home / "contacts" / "import" / "in" / "list.csv", secret)
    open_before = descriptors()
    assert probed(spool, incoming) is Probe.GONE
    assert descriptors() == open_before


def test_a_probe_leaves_no_lease(home: Path, spool: Spool, drop: Drop) -> None:
    """While the content is read, and afterwards, a client can open the file for writing at once."""
    incoming = drop()
    path = home / "contacts" / "import" / "in" / "list.csv"

    def overwrite(_fd: int, _identity: FileIdentity) -> bool:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return True

    assert spool.probe(incoming, overwrite) is Probe.WHOLE
    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def test_a_probe_without_leases_shows_no_writer(
    home: Path, spool: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the kernel grants no lease, the quiet time alone decides."""
    monkeypatch.setattr(files, "take_lease", lambda _fd: Lease.UNKNOWN)
    incoming = drop()
    with (home / "contacts" / "import" / "in" / "list.csv").open("ab"):
        assert probed(spool, incoming) is Probe.WHOLE
