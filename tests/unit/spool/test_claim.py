"""Claims: the stamp in the name, names that are taken, and uploads that turn out to be unfinished."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contactsync.runtime import kernel
from contactsync.runtime.clock import Clock
from contactsync.spool import claim
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import Drop, nothing, opened, seen, stamp, tree


def test_a_claim_stamps_the_change_time(home: Path, spool: Spool, drop: Drop) -> None:
    """The stamp is the ctime, not the mtime, which clients can set."""
    incoming = drop()
    os.utime(home / "contacts" / "import" / "in" / "list.csv", (1, 1))
    incoming = seen(spool)
    assert spool.claim(incoming, nothing) == b"%d_list.csv" % stamp(incoming)
    assert tree(home) == {"in": [], "on": [f"{stamp(incoming)}_list.csv"], "ok": [], "ko": []}


def test_a_change_time_in_the_future_is_now(home: Path) -> None:
    """After the host's clock was set back, no stamp is ahead of it."""
    with opened(home, Clock(wall=lambda: 1_400_000_000.5)) as spool:
        spool.recreate_missing()
        (home / "contacts" / "import" / "in" / "list.csv").touch()
        assert spool.claim(seen(spool), nothing) == b"1400000000_list.csv"


@pytest.mark.parametrize("where", ["on", "ok", "ko", "ok result", "ok page", "ko rejected", "ledger"])
def test_a_taken_name_gets_the_next_free_second(home: Path, spool: Spool, drop: Drop, where: str) -> None:
    """Whether a deposit, a result file or the ledger has the name."""
    incoming = drop()
    at = stamp(incoming)
    name = f"{at}_list.csv"
    if where != "ledger":
        folder, _, suffix = where.partition(" ")
        end = {"": "", "result": ".result.json", "page": ".result.html", "rejected": ".rejected.csv"}[suffix]
        (home / "contacts" / "import" / folder / (name + end)).write_bytes(b"earlier")
    known = {name.encode()} if where == "ledger" else set()
    assert spool.claim(incoming, lambda _, found: found in known) == b"%d_list.csv" % (at + 1)
    if where != "ledger":
        assert (home / "contacts" / "import" / folder / (name + end)).read_bytes() == b"earlier"


def test_many_taken_seconds_are_skipped(home: Path, spool: Spool, drop: Drop) -> None:
    """The stamp may even be ahead of the clock."""
    incoming = drop()
    at = stamp(incoming)
    for second in range(50):
        (home / "contacts" / "import" / "ok" / f"{at + second}_list.csv").touch()
    assert spool.claim(incoming, nothing) == b"%d_list.csv" % (at + 50)


def test_a_gone_file_is_not_claimed(home: Path, spool: Spool, drop: Drop) -> None:
    """A file that is gone is no error."""
    incoming = drop()
    (home / "contacts" / "import" / "in" / "list.csv").unlink()
    assert spool.claim(incoming, nothing) is None
    assert tree(home)["on"] == []


def test_a_file_that_is_open_for_writing_is_not_claimed(home: Path, spool: Spool, drop: Drop) -> None:
    """It is claimed once it is closed."""
    incoming = drop()
    with (home / "contacts" / "import" / "in" / "list.csv").open("ab"):
        assert spool.claim(incoming, nothing) is None
        assert tree(home)["in"] == ["list.csv"]
    assert spool.claim(incoming, nothing) is not None


def test_a_writer_that_arrives_during_the_claim_gets_its_file_back(
    home: Path, spool: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that opens the file during the rename breaks the lease: the file returns to `in/`."""
    incoming = drop()
    monkeypatch.setattr(claim, "lease_is_broken", lambda _fd: True)
    assert spool.claim(incoming, nothing) is None
    assert tree(home) == {"in": ["list.csv"], "on": [], "ok": [], "ko": []}


def test_put_back_does_not_overwrite_a_new_upload(
    home: Path, spool: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the name was used again meanwhile, both files stay: one in `on/`, one in `in/`."""
    incoming = drop()

    def broken(_fd: int) -> bool:
        (home / "contacts" / "import" / "in" / "list.csv").write_bytes(b"new")
        return True

    monkeypatch.setattr(claim, "lease_is_broken", broken)
    assert spool.claim(incoming, nothing) is None
    assert tree(home)["on"] == [f"{stamp(incoming)}_list.csv"]
    assert (home / "contacts" / "import" / "in" / "list.csv").read_bytes() == b"new"


def test_no_rename_replaces_a_file_without_renameat2(
    home: Path, spool: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system without RENAME_NOREPLACE the next second is used too."""
    monkeypatch.setattr(kernel, "_renameat2", None)
    incoming = drop()
    (home / "contacts" / "import" / "on" / f"{stamp(incoming)}_list.csv").write_bytes(b"earlier")
    assert spool.claim(incoming, nothing) == b"%d_list.csv" % (stamp(incoming) + 1)
    assert (home / "contacts" / "import" / "on" / f"{stamp(incoming)}_list.csv").read_bytes() == b"earlier"
    assert (
        home / "contacts" / "import" / "on" / f"{stamp(incoming) + 1}_list.csv"
    ).read_bytes() == b"Email\na@b.fr\n"


def test_the_mark_of_a_claim_that_failed_is_removed(
    home: Path, spool: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is gone before it is claimed leaves nothing in `on/`."""
    monkeypatch.setattr(kernel, "_renameat2", None)
    incoming = drop()
    path = home / "contacts" / "import" / "in" / "list.csv"
    monkeypatch.setattr(
        claim, "claim_noreplace", lambda *given: (path.unlink(), kernel.claim_noreplace(*given))
    )
    assert spool.claim(incoming, nothing) is None
    assert tree(home)["on"] == []
