"""Restarts: where the file is, what the ledger knows, and what happens (docs/internals/deposit-states.md)."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import pytest

from contactsync.database import vanished
from contactsync.domain.errors import Retryable
from contactsync.processing import recovery
from contactsync.spool import place, spool
from tests.integration.conftest import MAX_BYTES
from tests.integration.processing.deposits import GOOD, IMPORT, A, B, admit, claim, cut_off, everything

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Site


@pytest.mark.parametrize("admitted", [False, True])
def test_in_on_without_a_row(site: Site, admitted: bool) -> None:
    """Killed between the claim and the first commit: the file is copied again and applied once."""
    admit(site) if admitted else claim(site)
    site.marker(".addToExistingList")
    (row,) = site.work()
    assert (row["state"], row["inserted"], row["attempts"], row["mode"]) == ("ok", 1, 1, 2)
    assert row["deposited_at"].timestamp() == int(row["claimed_name"].split("_")[0])
    assert site.boxes()["on"] == []


@pytest.mark.parametrize("attempts", [1, 2])
def test_in_on_with_an_unfinished_row(site: Site, attempts: int) -> None:
    """Killed during an attempt: tried again, with the mode of its claim."""
    cut_off(site, admit(site), attempts)
    site.marker(".syncExistingList")
    site.work()
    (row,) = site.ledger()
    assert (row["state"], row["inserted"], row["attempts"], row["mode"]) == ("ok", 1, attempts + 1, 1)


@pytest.mark.parametrize(
    ("state", "half"),
    [
        *itertools.product(["ok", "ko"], ["", "result.json", "moved"]),
        # A file of which nothing has to be said gets no page.
        ("ko", "result.html"),
    ],
)
def test_in_on_with_a_finished_row(
    site: Site, monkeypatch: pytest.MonkeyPatch, state: str, half: str
) -> None:
    """Killed after the commit: the result is written again from the ledger and the files are moved; nothing is applied twice."""
    content = f"Email\n{A}\n{B}\n" if state == "ok" else "Email\nnonsense\n"
    site.drop(content)
    real = spool.Spool.settle

    def killed(self: spool.Spool, *given: Any, **options: Any) -> None:
        if half == "moved":
            real(self, *given, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(spool.Spool, "settle", killed)
        with pytest.raises(KeyboardInterrupt):
            site.step()
    (row,) = site.ledger()
    if half.startswith("result."):
        (site.folder(box=state) / f"{row['claimed_name']}.{half}").write_bytes(b'{"half')
    before = everything(site)
    while site.step(pipeline=site.restarted()) is not None:
        pass
    assert site.ledger() == [row]
    assert everything(site) == before
    assert site.result(row) == row["result"]
    assert site.boxes()["on"] == []
    if state == "ko":
        page = site.folder(box=state) / f"{row['claimed_name']}.result.html"
        assert page.read_bytes().endswith(b"</html>")
    written = ["list.csv.rejected.csv", "list.csv.result.html"] if state == "ko" else []
    assert site.boxes()[state] == ["list.csv", *written, "list.csv.result.json"]


@pytest.mark.parametrize("kind", ["link", "hard link", "too large"])
def test_a_refusal_survives_a_restart(site: Site, kind: str) -> None:
    """What was not copied is refused again for what it is, without being opened."""
    path = site.folder(box="in") / "list.csv"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "hard link":
        (site.root / "other").write_bytes(GOOD.encode())
        path.hardlink_to(site.root / "other")
    else:
        path.write_bytes(b"x" * (MAX_BYTES + 1))
    with site.spool() as box:
        (incoming,) = box.incoming()
        name = box.claim(incoming, lambda _action, _name: False)
        assert name is not None
        cut_off(site, box.admit(IMPORT, name, incoming))
    site.step(pipeline=site.restarted())
    (row,) = site.ledger()
    reason = {"link": "not_a_file", "hard link": "hard_link", "too large": "file_too_large"}[kind]
    assert (row["state"], row["reason"]) == ("ko", reason)


def test_what_was_not_copied_is_copied_once_it_can_be(site: Site) -> None:
    """The other name of a hard link is removed while no daemon runs: its uploader can still write to it, so it is copied."""
    other = site.root / "other"
    other.write_bytes(GOOD.encode())
    (site.folder(box="in") / "list.csv").hardlink_to(other)
    with site.spool() as box, other.open("r+b") as held:
        (incoming,) = box.incoming()
        name = box.claim(incoming, lambda _action, _name: False)
        assert name is not None
        cut_off(site, box.admit(IMPORT, name, incoming))
        inode = os.fstat(held.fileno()).st_ino
    other.unlink()
    site.step(pipeline=site.restarted())
    (row,) = site.ledger()
    assert row["state"] == "ok"
    assert (site.folder(box="ok") / row["claimed_name"]).stat().st_ino != inode


def hidden(site: Site, box: str = "on") -> Path:
    """Put an empty folder in the place of `on/`, as an unmounted disk leaves it; returns where `on/` is now."""
    folder = site.folder(box=box)
    aside = folder.with_name(f".{box}")
    folder.rename(aside)
    folder.mkdir(mode=aside.stat().st_mode & 0o7777)
    return aside


def shown(site: Site, aside: Path) -> None:
    """Mount the disk again."""
    site.folder(box="on").rmdir()
    aside.rename(site.folder(box="on"))


def test_a_deposit_on_a_disk_that_is_not_mounted_waits(site: Site) -> None:
    """An empty folder at the place of `on/` proves nothing. When the disk is back, the deposit is applied, once."""
    cut_off(site, admit(site))
    aside = hidden(site)
    with site.spool() as box, pytest.raises(Retryable, match=r"mount its disk"):
        recovery.close_vanished(site.pipeline, site.account, box)
    (row,) = site.ledger()
    assert row["state"] == "on"
    shown(site, aside)
    site.work()
    (row,) = site.ledger()
    assert (row["state"], row["inserted"]) == ("ok", 1)


def test_an_operator_may_vouch_for_a_folder(site: Site) -> None:
    """`init --accept-home` forgets the folder: the deposit has vanished then."""
    cut_off(site, admit(site))
    hidden(site)
    vanished.forget_places(site.daemon, site.account)
    with site.spool() as box:
        recovery.close_vanished(site.pipeline, site.account, box)
    (row,) = site.ledger()
    assert (row["state"], row["reason"]) == ("ko", "vanished")


def test_a_deposit_on_another_root_waits(site: Site) -> None:
    """Another host's root may look the same: its identity differs."""
    place.make_root_identity(site.root)
    cut_off(site, admit(site))
    (on,) = site.folder(box="on").iterdir()
    on.unlink()
    (site.root / place.FILE_NAME).write_text("another\n", encoding="ascii")
    with site.spool() as box, pytest.raises(Retryable):
        recovery.close_vanished(site.pipeline, site.account, box)
    assert site.ledger()[0]["state"] == "on"


def test_a_file_that_was_called_vanished_is_picked_up_again(site: Site) -> None:
    """It was found in `on/` later: nothing of it had been applied, so it is applied now."""
    deposit = admit(site)
    cut_off(site, deposit)
    file = site.folder(box="on") / os.fsdecode(deposit.claimed_name)
    aside = file.rename(site.root / "aside")
    with site.spool() as box:
        recovery.close_vanished(site.pipeline, site.account, box)
    assert site.ledger()[0]["reason"] == "vanished"
    aside.rename(file)
    site.work()
    (row,) = site.ledger()
    assert (row["state"], row["reason"], row["inserted"], row["attempts"]) == ("ok", None, 1, 1)
    assert site.boxes()["on"] == []


def test_a_deposit_whose_file_is_gone_is_closed_as_vanished(site: Site) -> None:
    """Somebody removed it from `on/`: the row does not stay open, and is closed once."""
    deposit = admit(site)
    cut_off(site, deposit)
    (site.folder(box="on") / os.fsdecode(deposit.claimed_name)).unlink()
    for _ in range(2):
        with site.spool() as box:
            recovery.close_vanished(site.pipeline, site.account, box)
    (row,) = site.ledger()
    assert (row["state"], row["reason"]) == ("ko", "vanished")
    assert site.apply(GOOD)["state"] == "ok"


def test_a_deposit_whose_file_is_present_is_not_closed(site: Site) -> None:
    """`close_vanished` looks into `on/` first."""
    cut_off(site, admit(site))
    with site.spool() as box:
        recovery.close_vanished(site.pipeline, site.account, box)
    assert site.ledger()[0]["state"] == "on"


def test_a_finished_row_whose_file_is_settled_needs_nothing(site: Site) -> None:
    """The normal end: a restart does nothing, and the ledger does not change."""
    row = site.apply(GOOD)
    assert site.step(pipeline=site.restarted()) is None
    assert site.ledger() == [row]
