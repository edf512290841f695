"""An account's folders on real files: claims, copies, settling, and what may lie in the way."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS, Action, Incoming, Mode
from contactsync.domain.errors import AccountBusy, FoldersMissing, Retryable
from contactsync.runtime import kernel
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.runtime.kernel import Lease
from contactsync.spool import spool
from contactsync.spool.spool import Spool

IMPORT = ACTIONS["import"]
MAX_BYTES = 1000


@pytest.fixture(autouse=True)
def _as_the_daemon_runs() -> Iterator[None]:
    """SIGIO ignored and umask 0, as `Daemon.run` sets them."""
    before, mask = signal.signal(signal.SIGIO, signal.SIG_IGN), os.umask(0)
    yield
    signal.signal(signal.SIGIO, before)
    os.umask(mask)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An FTP home with nothing but `contacts/` in it."""
    (tmp_path / "acme" / "contacts").mkdir(parents=True)
    return tmp_path / "acme"


def opened(home: Path, clock: Clock = SYSTEM_CLOCK) -> Spool:
    """A spool of it."""
    return Spool(home, max_bytes=MAX_BYTES, ignored=lambda name: name.startswith(b"."), clock=clock)


@pytest.fixture
def box(home: Path) -> Iterator[Spool]:
    """An open spool with all its folders."""
    with opened(home) as found:
        found.recreate_missing()
        yield found


Drop = Callable[..., Incoming]


@pytest.fixture
def drop(home: Path, box: Spool) -> Drop:
    """Uploads a file and gives it as the scan sees it."""

    def go(
        name: bytes = b"list.csv", content: bytes = b"Email\na@b.fr\n", action: Action = IMPORT
    ) -> Incoming:
        path = os.fsencode(home) + f"/contacts/{action.name}/in/".encode() + name
        with open(path, "wb") as file:
            file.write(content)
        return seen(box, name, action)

    return go


def seen(box: Spool, name: bytes = b"list.csv", action: Action = IMPORT) -> Incoming:
    """A file in `in/` as the scan sees it."""
    (found,) = (each for each in box.incoming() if (each.action, each.name) == (action, name))
    return found


def nothing(_action: Action, _name: bytes) -> bool:
    """A ledger without rows."""
    return False


def tree(home: Path, action: str = "import") -> dict[str, list[str]]:
    """What lies in the four folders."""
    root = home / "contacts" / action
    return {name: sorted(os.listdir(root / name)) for name in ("in", "on", "ok", "ko")}


def stamp(incoming: Incoming) -> int:
    """The deposit date."""
    return incoming.identity.ctime // 1_000_000_000


# --- folders -------------------------------------------------------------------------------------------------------


def test_missing_folders_are_made(home: Path, box: Spool) -> None:
    """All forty, `in/` writable for the group, the others not."""
    modes = {
        str(path.relative_to(home / "contacts")): stat.S_IMODE(path.stat().st_mode)
        for path in (home / "contacts").glob("*/*")
    }
    assert modes.keys() == {f"{action}/{name}" for action in ACTIONS for name in ("in", "on", "ok", "ko")}
    assert {name for name, mode in modes.items() if mode & 0o020} == {f"{action}/in" for action in ACTIONS}
    assert not any(mode & 0o007 for mode in modes.values())


def test_a_healed_folder_is_like_its_siblings(home: Path) -> None:
    """A tree made with other rights keeps its scheme."""
    with opened(home) as first:
        first.recreate_missing()
    for path in (home / "contacts").glob("*/in"):
        path.chmod(0o0777)
    (home / "contacts" / "delete" / "in").rmdir()
    with opened(home) as again:
        again.recreate_missing()
    assert stat.S_IMODE((home / "contacts" / "delete" / "in").stat().st_mode) == 0o777


def test_only_import_is_healed_open_to_markers(home: Path) -> None:
    """Whichever of its siblings are left, and though what lies in the place of one is no folder."""
    contacts = home / "contacts"
    with opened(home) as first:
        first.recreate_missing()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in contacts.rglob("*")}
    assert {path.name for path, mode in modes.items() if mode & stat.S_ISVTX} == {"import"}
    for gone in (["delete"], ["import"], [name for name in ACTIONS if name != "import"], list(ACTIONS)):
        for name in gone:
            shutil.rmtree(contacts / name)
        with opened(home) as again:
            again.recreate_missing()
        assert {path: stat.S_IMODE(path.stat().st_mode) for path in contacts.rglob("*")} == modes
    shutil.rmtree(contacts / "optoutEMAIL")
    (contacts / "optoutEMAIL").touch(mode=0o777)
    shutil.rmtree(contacts / "optoutSMS")
    with opened(home) as again, pytest.raises(NotADirectoryError):
        again.recreate_missing()
    (contacts / "optoutEMAIL").unlink()
    with opened(home) as again:
        again.recreate_missing()
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in contacts.rglob("*")} == modes


def test_healing_keeps_what_is_there(home: Path) -> None:
    """What is missing is made, nothing that exists is touched."""
    with opened(home) as first:
        first.recreate_missing()
    (home / "contacts" / "delete" / "ok" / "old").write_bytes(b"old")
    (home / "contacts" / "delete" / "on").rmdir()
    with opened(home) as again:
        again.recreate_missing()
    assert tree(home, "delete") == {"in": [], "on": [], "ok": ["old"], "ko": []}


def test_an_account_is_worked_on_by_one_at_a_time(home: Path, box: Spool) -> None:
    """A second spool of the same home is refused while the first is open, and not afterwards."""
    with pytest.raises(AccountBusy), opened(home):
        pass
    box.__exit__(None, None, None)
    with opened(home) as second:
        second.recreate_missing()


def test_a_home_without_contacts_was_never_initialised(tmp_path: Path) -> None:
    """The daemon makes what is below `contacts/`, not that itself."""
    with pytest.raises(FoldersMissing) as caught, opened(tmp_path):
        pass
    assert caught.value.path == tmp_path / "contacts"
    assert os.listdir(tmp_path) == []


def test_a_link_in_the_place_of_a_folder_is_not_followed(home: Path, tmp_path: Path) -> None:
    """No swapped folder leads out of the home."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (home / "contacts" / "import").symlink_to(outside)
    with opened(home) as found, pytest.raises(OSError, match="import"):
        found.recreate_missing()
    assert os.listdir(outside) == []


# --- scan ----------------------------------------------------------------------------------------------------------


def test_the_scan_sees_every_action_and_every_kind_of_name(box: Spool, drop: Drop) -> None:
    """Names are bytes; ignored ones are not deposits."""
    for name in (b"a.csv", b"\xe9\n\x1b.csv", b"-rf *", b".hidden"):
        if name != b".hidden":
            drop(name)
    drop(b"x", action=ACTIONS["optinVOICE"])
    assert sorted((each.action.name, each.name) for each in box.incoming()) == [
        ("import", b"-rf *"),
        ("import", b"a.csv"),
        ("import", b"\xe9\n\x1b.csv"),
        ("optinVOICE", b"x"),
    ]


def test_folders_in_in_are_strays(home: Path, box: Spool) -> None:
    """They are not entered and are named with their control characters escaped."""
    (home / "contacts" / "import" / "in" / "sub\n").mkdir()
    (home / "contacts" / "import" / "in" / "sub\n" / "a.csv").touch()
    assert box.incoming() == []
    assert box.strays == ["import/in/sub\\n"]


def test_a_changed_file_is_not_opened(home: Path, box: Spool, drop: Drop) -> None:
    """What was seen is what is opened, or nothing."""
    incoming = drop()
    with box.open_incoming(incoming) as file:  # type: ignore[union-attr]  # it is there
        assert file.read() == b"Email\na@b.fr\n"
    (home / "contacts" / "import" / "in" / "list.csv").write_bytes(b"other")
    assert box.open_incoming(incoming) is None
    assert box.look(incoming) != incoming.identity
    (home / "contacts" / "import" / "in" / "list.csv").unlink()
    assert box.open_incoming(incoming) is None
    assert box.look(incoming) is None


# --- claims --------------------------------------------------------------------------------------------------------


def test_a_claim_stamps_the_change_time(home: Path, box: Spool, drop: Drop) -> None:
    """ctime, not the mtime that clients forge."""
    incoming = drop()
    os.utime(home / "contacts" / "import" / "in" / "list.csv", (1, 1))
    incoming = seen(box)
    assert box.claim(incoming, nothing) == b"%d_list.csv" % stamp(incoming)
    assert tree(home) == {"in": [], "on": [f"{stamp(incoming)}_list.csv"], "ok": [], "ko": []}


def test_a_change_time_in_the_future_is_now(home: Path) -> None:
    """A host clock that was set back stamps no deposit ahead of itself."""
    with opened(home, Clock(wall=lambda: 1_400_000_000.5)) as box:
        box.recreate_missing()
        (home / "contacts" / "import" / "in" / "list.csv").touch()
        assert box.claim(seen(box), nothing) == b"1400000000_list.csv"


@pytest.mark.parametrize("where", ["on", "ok", "ko", "ok result", "ko rejected", "ledger"])
def test_a_taken_name_gets_the_next_free_second(home: Path, box: Spool, drop: Drop, where: str) -> None:
    """Wherever it is taken: a folder, a result file, or the ledger of what was moved away."""
    incoming = drop()
    at = stamp(incoming)
    name = f"{at}_list.csv"
    if where != "ledger":
        folder, _, suffix = where.partition(" ")
        end = {"": "", "result": ".result.json", "rejected": ".rejected.csv"}[suffix]
        (home / "contacts" / "import" / folder / (name + end)).write_bytes(b"earlier")
    known = {name.encode()} if where == "ledger" else set()
    assert box.claim(incoming, lambda _, found: found in known) == b"%d_list.csv" % (at + 1)
    if where != "ledger":
        assert (home / "contacts" / "import" / folder / (name + end)).read_bytes() == b"earlier"


def test_many_taken_seconds_are_stepped_over(home: Path, box: Spool, drop: Drop) -> None:
    """Even ahead of the clock."""
    incoming = drop()
    at = stamp(incoming)
    for second in range(50):
        (home / "contacts" / "import" / "ok" / f"{at + second}_list.csv").touch()
    assert box.claim(incoming, nothing) == b"%d_list.csv" % (at + 50)


def test_a_gone_file_is_not_claimed(home: Path, box: Spool, drop: Drop) -> None:
    """Somebody else has it: no error."""
    incoming = drop()
    (home / "contacts" / "import" / "in" / "list.csv").unlink()
    assert box.claim(incoming, nothing) is None
    assert tree(home)["on"] == []


def test_a_file_that_is_open_for_writing_is_not_claimed(home: Path, box: Spool, drop: Drop) -> None:
    """However quiet it is; when it is closed it is."""
    incoming = drop()
    with (home / "contacts" / "import" / "in" / "list.csv").open("ab"):
        assert box.claim(incoming, nothing) is None
        assert tree(home)["in"] == ["list.csv"]
    assert box.claim(incoming, nothing) is not None


def test_another_file_of_the_same_name_is_put_back(
    home: Path, box: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file swapped in the instant of the rename goes back under its name, unharmed."""
    incoming = drop()
    here = home / "contacts" / "import" / "in" / "list.csv"

    def swap_then_rename(*given: object) -> None:
        here.unlink()
        here.write_bytes(b"another upload")
        monkeypatch.setattr(spool, "rename_noreplace", kernel.rename_noreplace)
        kernel.rename_noreplace(*given)  # type: ignore[arg-type]  # passed through

    (home / "keep").hardlink_to(here)  # so that the inode is not used again
    (home / "keep").unlink()
    held = here.open("rb")
    incoming = seen(box)
    monkeypatch.setattr(spool, "rename_noreplace", swap_then_rename)
    assert box.claim(incoming, nothing) is None
    held.close()
    assert here.read_bytes() == b"another upload"
    assert tree(home)["on"] == []


def test_a_writer_that_comes_during_the_claim_gets_its_file_back(
    home: Path, box: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens the file while it is renamed breaks the lease: back to `in/`, and nothing is lost."""
    incoming = drop()
    monkeypatch.setattr(spool, "lease_is_broken", lambda _fd: True)
    assert box.claim(incoming, nothing) is None
    assert tree(home) == {"in": ["list.csv"], "on": [], "ok": [], "ko": []}


def test_put_back_does_not_overwrite_a_new_upload(
    home: Path, box: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the name was taken again meanwhile, both files stay: one in `on/`, one in `in/`."""
    incoming = drop()

    def broken(_fd: int) -> bool:
        (home / "contacts" / "import" / "in" / "list.csv").write_bytes(b"new")
        return True

    monkeypatch.setattr(spool, "lease_is_broken", broken)
    assert box.claim(incoming, nothing) is None
    assert tree(home)["on"] == [f"{stamp(incoming)}_list.csv"]
    assert (home / "contacts" / "import" / "in" / "list.csv").read_bytes() == b"new"


def test_no_rename_replaces_where_the_kernel_cannot_promise_it(
    home: Path, box: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On file systems without RENAME_NOREPLACE the name is reserved first."""
    monkeypatch.setattr(kernel, "_renameat2", None)
    incoming = drop()
    (home / "contacts" / "import" / "on" / f"{stamp(incoming)}_list.csv").write_bytes(b"earlier")
    assert box.claim(incoming, nothing) == b"%d_list.csv" % (stamp(incoming) + 1)
    assert (home / "contacts" / "import" / "on" / f"{stamp(incoming)}_list.csv").read_bytes() == b"earlier"
    assert (
        home / "contacts" / "import" / "on" / f"{stamp(incoming) + 1}_list.csv"
    ).read_bytes() == b"Email\na@b.fr\n"


def test_a_reservation_for_a_file_that_is_gone_is_given_up(
    home: Path, box: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stays in `on/` for a rename that did not happen."""
    monkeypatch.setattr(kernel, "_renameat2", None)
    incoming = drop()
    (home / "contacts" / "import" / "in" / "list.csv").unlink()
    with pytest.raises(FileNotFoundError):
        kernel.rename_noreplace(box._dir(IMPORT, "in"), b"list.csv", box._dir(IMPORT, "on"), b"1_list.csv")
    assert tree(home)["on"] == []
    assert box.claim(incoming, nothing) is None


def test_a_reservation_that_a_killed_process_left_is_no_deposit(home: Path, box: Spool) -> None:
    """An empty file of the reservation's mode in `on/` is cleared away."""
    path = home / "contacts" / "import" / "on" / "1447797847_x.csv"
    path.touch(mode=kernel._RESERVATION_MODE)
    assert box.in_progress() == []
    assert tree(home)["on"] == []


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "socket", "hard link"])
def test_what_is_no_plain_file_is_moved_without_being_opened(
    home: Path, box: Spool, drop: Drop, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed as it is, refused with its reason, settled in `ko/`, and its other name stays."""
    here = home / "contacts" / "import" / "in" / "list.csv"
    secret = home / "secret"
    secret.write_bytes(b"secret")
    sock = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(here.parent)
    make: dict[str, Callable[[], object]] = {
        "link": lambda: here.symlink_to(secret),
        "dangling": lambda: here.symlink_to(home / "nowhere"),
        "fifo": lambda: os.mkfifo(here),
        "socket": lambda: sock.bind("list.csv"),
        "hard link": lambda: here.hardlink_to(secret),
    }
    make[kind]()
    before = here.lstat()
    incoming = seen(box)
    monkeypatch.setattr(box, "open_incoming", None)
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    admitted = box.admit(IMPORT, claimed, incoming)
    assert admitted.refusal == ("hard_link" if kind == "hard link" else "not_a_file")
    assert admitted.sha256 is None
    box.settle(IMPORT, claimed, "ko", b"{}\n")
    moved = home / "contacts" / "import" / "ko" / claimed.decode()
    assert (moved.lstat().st_ino, moved.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert secret.read_bytes() == b"secret"
    sock.close()


# --- copies --------------------------------------------------------------------------------------------------------


def test_admitting_makes_a_copy_on_an_inode_of_our_own(home: Path, box: Spool, drop: Drop) -> None:
    """Whoever still holds the uploaded file writes into nothing; mode 0640, size, hash and date are told."""
    incoming = drop(content=b"Email\na@b.fr\n" * 50)
    handle = (home / "contacts" / "import" / "in" / "list.csv").open("rb")
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    admitted = box.admit(IMPORT, claimed, incoming)
    path = home / "contacts" / "import" / "on" / claimed.decode()
    assert path.read_bytes() == b"Email\na@b.fr\n" * 50
    assert path.stat().st_ino != os.fstat(handle.fileno()).st_ino
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    handle.close()
    assert admitted.sha256 == hashlib.sha256(b"Email\na@b.fr\n" * 50).hexdigest()
    assert (admitted.size_bytes, admitted.name, admitted.refusal) == (650, b"list.csv", None)
    assert abs(admitted.deposited_at.timestamp() - incoming.identity.ctime / 1e9) < 1e-5
    with box.reading(IMPORT, claimed) as readable:
        assert readable.read_bytes() == path.read_bytes()


def test_a_file_over_the_limit_is_not_copied(home: Path, box: Spool, drop: Drop) -> None:
    """It keeps its inode on its way to `ko/`; the limit itself is allowed."""
    for size, refusal in ((MAX_BYTES, None), (MAX_BYTES + 1, "file_too_large")):
        incoming = drop(content=b"x" * size)
        claimed = box.claim(incoming, nothing)
        assert claimed is not None
        admitted = box.admit(IMPORT, claimed, incoming)
        inode = (home / "contacts" / "import" / "on" / claimed.decode()).stat().st_ino
        assert admitted.refusal == refusal
        assert (inode == incoming.identity.inode) == (refusal is not None)
        box.settle(IMPORT, claimed, "ko", None)


def test_a_claimed_file_that_is_written_to_waits(home: Path, box: Spool, drop: Drop) -> None:
    """It is tried again, and it is whole then."""
    incoming = drop()
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    path = home / "contacts" / "import" / "on" / claimed.decode()
    with path.open("ab") as late:
        with pytest.raises(Retryable):
            box.admit(IMPORT, claimed, incoming)
        late.write(b"c@d.fr\n")
    admitted = box.admit(IMPORT, claimed, None)
    assert path.read_bytes() == b"Email\na@b.fr\nc@d.fr\n"
    assert (admitted.name, admitted.deposited_at.timestamp()) == (b"list.csv", stamp(incoming))
    assert tree(home)["on"] == [claimed.decode()]


def test_a_shortened_name_is_remembered_through_a_restart(home: Path, box: Spool, drop: Drop) -> None:
    """The original name survives a crash before the ledger has it."""
    name = b"x" * 240 + b".csv"
    incoming = drop(name)
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    assert len(claimed) == 240
    assert box.in_progress() == [(IMPORT, claimed)]
    assert box.admit(IMPORT, claimed, None).name == name
    box.settle(IMPORT, claimed, "ok", b"{}")
    assert tree(home)["on"] == []


def test_in_progress_is_in_order_of_deposit(home: Path, box: Spool) -> None:
    """Oldest stamp first, whatever the folder; leftovers of half-done work are cleared away."""
    on = home / "contacts"
    for path in ("import/on/1447797850_b.csv", "delete/on/1447797849_c.csv", "import/on/999999999_a.csv"):
        (on / path).touch()
    for path in (".copy.1447797850_b.csv", ".copy.gone", ".result.gone", ".rejected.gone", ".name.gone"):
        (on / "import" / "on" / path).touch()
    assert box.in_progress() == [
        (IMPORT, b"999999999_a.csv"),
        (ACTIONS["delete"], b"1447797849_c.csv"),
        (IMPORT, b"1447797850_b.csv"),
    ]
    assert tree(home)["on"] == [".copy.1447797850_b.csv", "1447797850_b.csv", "999999999_a.csv"]


def test_a_half_copy_does_not_stand_in_the_way(home: Path, box: Spool, drop: Drop) -> None:
    """A copy that was cut off by a crash is made anew."""
    incoming = drop()
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    (home / "contacts" / "import" / "on" / f".copy.{claimed.decode()}").write_bytes(b"Ema")
    box.admit(IMPORT, claimed, None)
    assert tree(home)["on"] == [claimed.decode()]
    assert (home / "contacts" / "import" / "on" / claimed.decode()).read_bytes() == b"Email\na@b.fr\n"


# --- races: what a hostile uploader puts in the place of its file, at the worst moment -----------------------------


SWAPS = ["link", "fifo", "socket", "folder", "hard link", "other file", "nothing", "device"]


def swap(kind: str, here: Path, secret: Path) -> None:
    """Something else under the name of a file; `secret` is another account's."""
    here.unlink()
    if kind == "link":
        here.symlink_to(secret)
    elif kind == "fifo":
        os.mkfifo(here)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as sock:
            before = os.getcwd()
            os.chdir(here.parent)  # the name of a socket is short
            sock.bind(here.name)
            os.chdir(before)
    elif kind == "folder":
        here.mkdir()
    elif kind == "hard link":
        here.hardlink_to(secret)
    elif kind == "other file":
        here.write_bytes(b"another upload\n")
    elif kind == "device":
        try:
            os.mknod(here, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero: reading it would never end
        except PermissionError:
            pytest.skip("only root makes devices")


def before_calling(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, act: Callable[[], None], *, nth: int = 1
) -> None:
    """Let `act` happen just before the nth call of a function."""
    original, calls = getattr(where, name), iter(range(1, 1_000_000))

    def wrapped(*args: object, **kwargs: object) -> object:
        if next(calls) == nth:
            act()
        return original(*args, **kwargs)

    monkeypatch.setattr(where, name, wrapped)


def descriptors() -> set[str]:
    """What is open in this process."""
    found = set()
    for fd in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the one that listed them
            found.add(os.readlink(f"/proc/self/fd/{fd}"))
    return found


@pytest.fixture
def secret(home: Path) -> Path:
    """A file of another account: any read, rename or write of it would show."""
    path = home.parent / "secret.csv"
    path.write_bytes(b"Email\nsecret@example.com\n")
    return path


@pytest.mark.parametrize("kind", SWAPS)
def test_a_swap_before_the_file_is_opened(
    home: Path, box: Spool, drop: Drop, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Between the scan and the opening: nothing is claimed, followed or waited for, and no descriptor is left open."""
    incoming = drop()
    here = home / "contacts" / "import" / "in" / "list.csv"
    before_calling(monkeypatch, os, "open", lambda: swap(kind, here, secret))
    open_before = descriptors()
    assert box.claim(incoming, nothing) is None
    assert descriptors() == open_before
    assert tree(home)["on"] == []
    assert secret.read_bytes() == b"Email\nsecret@example.com\n"


@pytest.mark.parametrize("kind", SWAPS)
def test_a_swap_before_the_rename(
    home: Path, box: Spool, drop: Drop, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Between the opening and the rename: what came in its place goes back as it is, and nothing of it is read."""
    incoming = drop()
    here = home / "contacts" / "import" / "in" / "list.csv"
    before_calling(monkeypatch, spool, "rename_noreplace", lambda: swap(kind, here, secret))
    open_before = descriptors()
    assert box.claim(incoming, nothing) is None
    assert descriptors() == open_before
    assert tree(home) == {"in": [] if kind == "nothing" else ["list.csv"], "on": [], "ok": [], "ko": []}
    assert secret.read_bytes() == b"Email\nsecret@example.com\n"
    assert secret.stat().st_nlink == (2 if kind == "hard link" else 1)


@pytest.mark.parametrize("kind", [kind for kind in SWAPS if kind != "nothing"])
def test_a_swap_before_the_copy(
    home: Path, box: Spool, drop: Drop, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Between the look at a claimed file and the copy, where somebody could write in `on/`: it is tried again."""
    incoming = drop()
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    here = home / "contacts" / "import" / "on" / claimed.decode()
    before_calling(monkeypatch, os, "open", lambda: swap(kind, here, secret))
    open_before = descriptors()
    with pytest.raises(Retryable):
        box.admit(IMPORT, claimed, incoming)
    assert descriptors() == open_before
    assert tree(home)["on"] == [claimed.decode()]


@pytest.mark.parametrize("kind", [kind for kind in SWAPS if kind not in ("nothing", "other file")])
def test_a_swap_before_the_copy_is_read(
    home: Path, box: Spool, drop: Drop, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Nothing but a plain file is ever parsed, however it came to its name; what is open stays what it is."""
    claimed = claim_and_admit(box, drop())
    here = home / "contacts" / "import" / "on" / claimed.decode()
    with box.reading(IMPORT, claimed) as path:
        swap(kind, here, secret)
        assert path.read_bytes() == b"Email\na@b.fr\n"
    open_before = descriptors()
    with pytest.raises(Retryable), box.reading(IMPORT, claimed):
        pass
    assert descriptors() == open_before


@pytest.mark.parametrize("change", ["grow", "shrink", "truncate", "rewrite", "grow beyond the limit"])
def test_a_file_that_changes_while_it_is_copied(
    home: Path, box: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Not a half of each is taken: it is tried again, and never more is read than was seen at first."""
    content = b"Email\n" + b"a@b.fr\n" * 100
    incoming = drop(content=content)
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    path = home / "contacts" / "import" / "on" / claimed.decode()

    def act() -> None:
        with path.open("r+b") as file:
            if change.startswith("grow"):
                file.seek(0, os.SEEK_END)
                file.write(b"c@d.fr\n" * (1 if change == "grow" else 100_000))
            elif change == "rewrite":
                file.write(b"c" * 9)
            else:
                file.truncate(0 if change == "truncate" else 100)

    # Once the lease is let go of: until then whoever opens the file for writing waits.
    monkeypatch.setattr(spool, "release_lease", lambda fd: (kernel.release_lease(fd), act()))
    copied: list[int] = []
    monkeypatch.setattr(spool, "flush_to_disk", lambda file: copied.append(file.tell()))
    with pytest.raises(Retryable):
        box.admit(IMPORT, claimed, incoming)
    assert copied
    assert copied[0] <= len(content)
    monkeypatch.undo()
    if change != "grow beyond the limit":
        admitted = box.admit(IMPORT, claimed, None)
        assert admitted.size_bytes == path.stat().st_size
        assert admitted.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        assert box.admit(IMPORT, claimed, None).refusal == "file_too_large"


def test_a_file_that_grows_for_ever_is_not_read_for_ever(
    home: Path, box: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel gives no lease, a writer who appends faster than we read ends at the size that was seen."""
    incoming = drop(content=b"a" * 600)
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    monkeypatch.setattr(spool, "take_lease", lambda _fd: Lease.UNKNOWN)
    monkeypatch.setattr(spool, "_COPY_BYTES", 100)
    path = home / "contacts" / "import" / "on" / claimed.decode()
    with path.open("ab", buffering=0) as writer:

        class Endless:
            def __init__(self) -> None:
                self.reads = 0
                self.update = lambda _chunk: (
                    writer.write(b"a" * 100),
                    setattr(self, "reads", self.reads + 1),
                )

        endless = Endless()
        monkeypatch.setattr(spool.hashlib, "sha256", lambda: endless)
        with pytest.raises(Retryable):
            box.admit(IMPORT, claimed, incoming)
    assert endless.reads == 6


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "socket", "full folder"])
@pytest.mark.parametrize("where", ["", "in/"])
def test_a_marker_that_is_no_file_is_none(
    home: Path, box: Spool, secret: Path, kind: str, where: str
) -> None:
    """It chooses no mode, is not followed, and stands in no other marker's way for longer than it is there."""
    marker = home / "contacts" / "import" / f"{where}.addToExistingList"
    marker.touch()
    swap(kind.removeprefix("full "), marker, secret)
    if kind == "full folder":
        (marker / "file").touch()
    box.adopt_markers()
    assert box.mode() == (Mode.CREATE, False)
    put(home, "in/.syncExistingList")
    box.adopt_markers()
    assert box.mode() == (Mode.SYNC, False)
    assert os.path.lexists(marker)
    assert secret.read_bytes() == b"Email\nsecret@example.com\n"


@pytest.mark.parametrize("kind", [kind for kind in SWAPS if kind not in ("other file", "device")])
@pytest.mark.parametrize("which", ["new", "old"])
def test_a_marker_that_is_swapped_while_it_is_adopted(
    home: Path, box: Spool, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str, which: str
) -> None:
    """Whatever it becomes between the look and the rename: no error, and another account's file is untouched."""
    put(home, "in/.syncExistingList", ".addToExistingList")
    name = {"new": "in/.syncExistingList", "old": ".addToExistingList"}[which]
    marker = home / "contacts" / "import" / name
    before_calling(
        monkeypatch, os, {"new": "rename", "old": "unlink"}[which], lambda: swap(kind, marker, secret)
    )
    box.adopt_markers()
    assert secret.read_bytes() == b"Email\nsecret@example.com\n"
    monkeypatch.undo()
    for path in (marker, marker.parent.parent / marker.name):  # its uploader takes it away
        if path.is_dir():
            path.rmdir()
    put(home, "in/.createNewList")
    box.adopt_markers()
    assert box.mode() == (Mode.CREATE, False)


# --- settling ------------------------------------------------------------------------------------------------------


def claim_and_admit(box: Spool, incoming: Incoming) -> bytes:
    """A deposit that lies in `on/` as our own."""
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    box.admit(incoming.action, claimed, incoming)
    return claimed


@pytest.mark.parametrize("state", ["ok", "ko"])
def test_a_settled_deposit_has_its_result_files_beside_it(
    home: Path, box: Spool, drop: Drop, state: str
) -> None:
    """The deposit, result.json and rejected.csv, all readable for the group only."""
    claimed = claim_and_admit(box, drop())
    with box.create_rejected(IMPORT, claimed) as file:
        file.write(b"rejected")
    box.settle(IMPORT, claimed, state, b"{}\n")  # type: ignore[arg-type]  # ok or ko
    name = claimed.decode()
    assert tree(home)[state] == [name, f"{name}.rejected.csv", f"{name}.result.json"]
    assert tree(home)["on"] == tree(home)["in"] == []
    folder = home / "contacts" / "import" / state
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}
    assert (folder / f"{name}.rejected.csv").read_bytes() == b"rejected"


def test_without_a_result_the_deposit_moves_alone(home: Path, box: Spool, drop: Drop) -> None:
    """Result files can be turned off."""
    claimed = claim_and_admit(box, drop())
    box.settle(IMPORT, claimed, "ok", None)
    assert tree(home)["ok"] == [claimed.decode()]


def test_settling_again_changes_nothing(home: Path, box: Spool, drop: Drop) -> None:
    """A restart may repeat it, whole or after any of its steps."""
    claimed = claim_and_admit(box, drop())
    (home / "contacts" / "import" / "ok" / f"{claimed.decode()}.result.json").write_bytes(b"half a res")
    box.settle(IMPORT, claimed, "ok", b"{}\n")
    once = tree(home)
    box.settle(IMPORT, claimed, "ok", b"{}\n")
    assert tree(home) == once
    assert (
        json.loads((home / "contacts" / "import" / "ok" / f"{claimed.decode()}.result.json").read_bytes())
        == {}
    )


def test_settling_overwrites_no_other_deposit(home: Path, box: Spool, drop: Drop) -> None:
    """What somebody put there stays, and so does ours in `on/`."""
    claimed = claim_and_admit(box, drop())
    (home / "contacts" / "import" / "ok" / claimed.decode()).write_bytes(b"other")
    with pytest.raises(FileExistsError):
        box.settle(IMPORT, claimed, "ok", b"{}\n")
    assert (home / "contacts" / "import" / "ok" / claimed.decode()).read_bytes() == b"other"
    assert claimed.decode() in tree(home)["on"]


def test_a_dropped_rejected_file_is_gone(home: Path, box: Spool, drop: Drop) -> None:
    """Of an attempt that came to nothing, and where there is none nothing happens."""
    claimed = claim_and_admit(box, drop())
    box.create_rejected(IMPORT, claimed).close()
    box.drop_rejected(IMPORT, claimed)
    box.drop_rejected(IMPORT, claimed)
    assert tree(home)["on"] == [claimed.decode()]


# --- markers -------------------------------------------------------------------------------------------------------


def put(home: Path, *paths: str) -> None:
    """Markers below `contacts/import/`."""
    for path in paths:
        (home / "contacts" / "import" / path).write_bytes(b"x")


def test_a_marker_in_in_replaces_the_one_that_holds(home: Path, box: Spool) -> None:
    """For servers that make only `in/` writable."""
    put(home, ".addToExistingList", "in/.syncExistingList")
    assert box.mode() == (Mode.ADD, False)
    box.adopt_markers()
    assert box.mode() == (Mode.SYNC, False)
    assert tree(home)["in"] == []


def test_of_several_markers_in_in_the_last_one_holds(home: Path, box: Spool) -> None:
    """Each replaces the one before it, by change time."""
    put(home, "in/.syncExistingList", "in/.addToExistingList")
    first, last = (
        home / "contacts" / "import" / "in" / name for name in (".addToExistingList", ".syncExistingList")
    )
    while last.stat().st_ctime_ns <= first.stat().st_ctime_ns:
        last.chmod(0o600)
    box.adopt_markers()
    assert box.mode() == (Mode.SYNC, False)
    assert os.listdir(home / "contacts" / "import" / "in") == []


def test_without_a_new_marker_the_old_ones_stay(home: Path, box: Spool) -> None:
    """Several in `import/` itself contradict each other."""
    put(home, ".addToExistingList", ".syncExistingList")
    box.adopt_markers()
    assert box.mode() == (Mode.CREATE, True)


def test_the_mode_is_read_when_the_file_is_admitted(home: Path, box: Spool, drop: Drop) -> None:
    """For imports; other actions have none."""
    put(home, ".syncExistingList")
    incoming = drop()
    claimed = box.claim(incoming, nothing)
    assert claimed is not None
    assert box.admit(IMPORT, claimed, incoming).mode is Mode.SYNC
    other = drop(action=ACTIONS["delete"])
    claimed = box.claim(other, nothing)
    assert claimed is not None
    assert box.admit(ACTIONS["delete"], claimed, other).mode is None


# --- as another user -----------------------------------------------------------------------------------------------

AS_ANOTHER = """
import os, signal, sys
from pathlib import Path
from contactsync.runtime.kernel import take_lease
from contactsync.spool.spool import Spool
signal.signal(signal.SIGIO, signal.SIG_IGN)
os.umask(0)
os.setgroups([])
os.setresgid(64003, 64003, 64003)
os.setresuid(64001, 64001, 64001)  # after the imports: it need not be able to read our interpreter
with Spool(Path(sys.argv[1]), max_bytes=1000, ignored=lambda name: False) as box:
    box.recreate_missing()
    (incoming,) = box.incoming()
    with box.open_incoming(incoming) as file:
        print(take_lease(file.fileno()).name)
    claimed = box.claim(incoming, lambda action, name: False)
    admitted = box.admit(incoming.action, claimed, incoming)
    box.settle(incoming.action, claimed, "ok", b"{}")
    print(admitted.refusal, admitted.size_bytes)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
def test_a_file_of_another_owner_is_claimed_without_capabilities() -> None:
    """No lease is to be had (UNKNOWN), yet the file is claimed, copied and settled; the copy is the daemon's."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        Path(folder).chmod(0o711)
        _claim_as_another(Path(folder) / "acme")


def _claim_as_another(home: Path) -> None:
    daemon, uploader, group = 64_001, 64_002, 64_003
    contacts = home / "contacts"
    (contacts / "import" / "in").mkdir(parents=True)
    for path in (contacts, contacts / "import", contacts / "import" / "in"):
        os.chown(path, daemon, group)
        path.chmod(0o2770)
    upload = contacts / "import" / "in" / "list.csv"
    upload.write_bytes(b"Email\na@b.fr\n")
    os.chown(upload, uploader, group)
    upload.chmod(0o640)
    root = Path(spool.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER, str(home)],
        env={"PYTHONPATH": str(root), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split("\n") == [Lease.UNKNOWN.name, "None 13", ""]
    (settled,) = (contacts / "import" / "ok").glob("*_list.csv")
    assert settled.stat().st_uid == daemon
    assert not upload.exists()
