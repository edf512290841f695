"""Deposits that are settled: moved with their result files, once, over nothing else."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from contactsync.domain.errors import CannotRename
from contactsync.spool import claim, settled
from contactsync.spool.settled import Answers
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import IMPORT, Drop, claim_and_admit, nothing, tree


@pytest.mark.parametrize("state", ["ok", "ko"])
def test_a_settled_deposit_has_its_result_files_beside_it(
    home: Path, spool: Spool, drop: Drop, state: str
) -> None:
    """The deposit, result.json, its page and rejected.csv, all of which the group can read."""
    claimed = claim_and_admit(spool, drop())
    with spool.create_rejected(IMPORT, claimed) as file:
        file.write(b"rejected")
    spool.settle(IMPORT, claimed, state, Answers(b"{}\n", b"<!DOCTYPE html>"))  # type: ignore[arg-type]  # ok or ko
    name = claimed.decode()
    assert tree(home)[state] == [name, f"{name}.rejected.csv", f"{name}.result.html", f"{name}.result.json"]
    assert tree(home)["on"] == tree(home)["in"] == []
    folder = home / "contacts" / "import" / state
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}
    assert (folder / f"{name}.rejected.csv").read_bytes() == b"rejected"


def test_without_a_result_the_deposit_moves_alone(home: Path, spool: Spool, drop: Drop) -> None:
    """Result files can be disabled."""
    claimed = claim_and_admit(spool, drop())
    spool.settle(IMPORT, claimed, "ok", Answers())
    assert tree(home)["ok"] == [claimed.decode()]


def test_settling_again_changes_nothing(home: Path, spool: Spool, drop: Drop) -> None:
    """A restart may repeat it, from the start or after any of its steps."""
    claimed = claim_and_admit(spool, drop())
    (home / "contacts" / "import" / "ok" / f"{claimed.decode()}.result.json").write_bytes(b"half a res")
    spool.settle(IMPORT, claimed, "ok", Answers(b"{}\n"))
    once = tree(home)
    spool.settle(IMPORT, claimed, "ok", Answers(b"{}\n"))
    assert tree(home) == once
    assert (
        json.loads((home / "contacts" / "import" / "ok" / f"{claimed.decode()}.result.json").read_bytes())
        == {}
    )


def test_settling_overwrites_no_other_deposit(home: Path, spool: Spool, drop: Drop) -> None:
    """The other file stays, and so does ours in `on/`."""
    claimed = claim_and_admit(spool, drop())
    (home / "contacts" / "import" / "ok" / claimed.decode()).write_bytes(b"other")
    with pytest.raises(FileExistsError):
        spool.settle(IMPORT, claimed, "ok", Answers(b"{}\n"))
    assert (home / "contacts" / "import" / "ok" / claimed.decode()).read_bytes() == b"other"
    assert claimed.decode() in tree(home)["on"]


def test_a_dropped_rejected_file_is_gone(home: Path, spool: Spool, drop: Drop) -> None:
    """Dropping the rejected file of a failed attempt removes it; dropping it twice is no error."""
    claimed = claim_and_admit(spool, drop())
    spool.create_rejected(IMPORT, claimed).close()
    spool.drop_rejected(IMPORT, claimed)
    spool.drop_rejected(IMPORT, claimed)
    assert tree(home)["on"] == [claimed.decode()]


def test_a_file_that_cannot_be_renamed_is_named(
    spool: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says which file and which folders, not only what the kernel says."""

    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    claimed = claim_and_admit(spool, drop())
    incoming = drop(b"other.csv")
    monkeypatch.setattr(claim, "claim_noreplace", forbidden)
    monkeypatch.setattr(settled, "rename_noreplace", forbidden)
    why = "Operation not permitted"
    with pytest.raises(
        CannotRename, match=f"^other.csv cannot be renamed from import/in/ to import/on/: {why}$"
    ):
        spool.claim(incoming, nothing)
    with pytest.raises(CannotRename, match=f"^{claimed.decode()} cannot be renamed .* to import/ok/: {why}$"):
        spool.settle(IMPORT, claimed, "ok", Answers())
