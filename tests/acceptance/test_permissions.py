"""Two FTP accounts, the daemon and root, each under its own uid: who may do what in the tree that `init` makes."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contactsync.domain.deposit import ACTIONS
from tests.acceptance import host as hosts
from tests.acceptance.host import ACME, DAEMON, GLOBEX, Host, HostProgram, Tenant
from tests.acceptance.program import BOXES, people
from tests.faults.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Databases

pytestmark = pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")

OPEN = (
    "contacts/import",
    "contacts/import/in",
    "contacts/optinSMS/in",
)  # some folders in which the account may write
CONTENT = people(2) + b"R9;Secret;;\n"  # two rows applied, one rejected
FORBIDDEN = {"error": "EACCES"}

# docs/ftp-facts.md, "Permissions that hold": owner, group and mode of each folder of acme's home.
SCHEME = {
    "": (0, ACME, 0o751),
    "contacts": (DAEMON, ACME, 0o2750),
    "reporting": (DAEMON, ACME, 0o2750),
    **{f"contacts/{action}": (DAEMON, ACME, 0o3770 if action == "import" else 0o2750) for action in ACTIONS},
    **{
        f"contacts/{action}/{box}": (DAEMON, ACME, 0o2770 if box == "in" else 0o2750)
        for action in ACTIONS
        for box in BOXES
    },
}


@pytest.fixture(scope="module")
def host() -> Iterator[tuple[Host, Path]]:
    """The users, and a folder that all of them may enter: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name, closing(Host(Path(name))) as found:
        Path(name).chmod(0o711)
        yield found, Path(name)


@pytest.fixture(scope="module")
def made(host: tuple[Host, Path], databases: Databases) -> Iterator[HostProgram]:
    """A program with both accounts and their folders, whose daemon does not run."""
    with ExitStack() as stack:
        proxy = stack.enter_context(
            Proxy(stack.enter_context(databases()))
        )  # its socket is closed to the daemon
        found = HostProgram(host[1] / "program", proxy.url, host[0], rescan_seconds=0.2)
        stack.enter_context(closing(found))
        found.add_tenants()
        found.connection.execute("UPDATE account SET created_at = now() - interval '3 days'")
        yield found


@pytest.fixture(scope="module")
def program(made: HostProgram) -> Iterator[HostProgram]:
    """Its daemon runs, with its two capabilities."""
    with made:
        yield made


@pytest.fixture(scope="module")
def tenants(made: HostProgram) -> Iterator[dict[str, Tenant]]:
    """A process of each account, at work in the home of acme."""
    with ExitStack() as stack:
        home = made.ftp / "acme"
        yield {n: stack.enter_context(Tenant(uid, home)) for n, uid in (("acme", ACME), ("globex", GLOBEX))}


@pytest.fixture
def acme(tenants: dict[str, Tenant]) -> Tenant:
    """Whose home it is."""
    return tenants["acme"]


@pytest.fixture
def globex(tenants: dict[str, Tenant]) -> Tenant:
    """Somebody else."""
    return tenants["globex"]


def scheme(home: Path) -> dict[str, tuple[int, int, int]]:
    """Owner, group and mode of each folder of the scheme."""
    found = {path: (home / path).lstat() for path in SCHEME}
    return {path: (each.st_uid, each.st_gid, stat.S_IMODE(each.st_mode)) for path, each in found.items()}


def owner_of(path: Path) -> tuple[int, int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


# --- init and init --check, before the daemon starts ---------------------------------------------------------------


def test_init_gives_the_scheme(made: HostProgram) -> None:
    """Every folder has its owner, group and mode."""
    assert scheme(made.ftp / "acme") == SCHEME


def test_a_tree_as_init_made_it_deviates_in_nothing(made: HostProgram) -> None:
    """Exit status 0, and an empty list for programs."""
    done = made.cli("init", "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["acme", "globex"]
    done = made.cli("init", "--check", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert made.cli("init", "--json").returncode == 2


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    shutil.rmtree(path)
    make(path)


# Where, what is done to it, and the problem that is told of it with what was found.
DEVIATIONS: list[tuple[str, Callable[[Path], object], str, str | None]] = [
    ("..", lambda p: (os.chown(p, ACME, GLOBEX), p.chmod(0o2775)), "owner", "acme"),
    ("..", lambda _: None, "mode", "2775"),
    ("", lambda p: os.chown(p, ACME, 0), "owner", "acme"),
    ("", lambda _: None, "group", "root"),
    ("contacts/import", lambda p: p.chmod(0o2770), "mode", "2770"),
    ("contacts/import/in", lambda p: os.chown(p, ACME, -1), "owner", "acme"),
    ("contacts/import/on", lambda p: p.chmod(0o2777), "mode", "2777"),
    ("contacts/optoutSMS/ko", Path.rmdir, "folder", None),
    ("contacts/optinEMAIL/ok", lambda p: _replace(p, Path.touch), "kind", "something else"),
    ("contacts/optinSMS/in", lambda p: p.chmod(0o770), "mode", "0770"),
    ("contacts/optinVOICE", shutil.rmtree, "folder", None),
    ("contacts/delete/in", lambda p: _replace(p, lambda q: q.symlink_to("/etc")), "kind", "something else"),
    ("contacts/delete/ok", lambda p: os.chown(p, -1, GLOBEX), "group", "globex"),
    ("reporting", lambda p: os.chown(p, 64_199, -1), "owner", "64199"),
]


def test_check_tells_what_deviates_and_the_command_that_mends_it(made: HostProgram) -> None:
    """Exit status 1 and a record each, in order of the tree; nothing is changed until the commands are run."""
    home = made.ftp / "acme"
    for relative, act, _, _ in DEVIATIONS:
        act(Path(os.path.normpath(home / relative)))
    before = _all(made.ftp)
    done = made.cli("init", "--check", "acme", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert [(each["path"], each["problem"], each["found"]) for each in told] == [
        (os.path.normpath(home / relative), problem, found) for relative, _, problem, found in DEVIATIONS
    ]
    assert _all(made.ftp) == before
    changes = [each["fix"] for each in told if each["problem"] in ("owner", "group", "mode")]
    made.shell(" && ".join(changes))
    done = made.cli("init", "--check", "acme")
    assert done.returncode == 1
    aside = "kind is something else, not a folder: mv {0} {0}.aside && contactsync init acme"
    expected = {
        f"{home}/contacts/optoutSMS/ko": "missing: contactsync init acme",
        f"{home}/contacts/optinVOICE": "missing: contactsync init acme",
        f"{home}/contacts/optinEMAIL/ok": aside.format(home / "contacts/optinEMAIL/ok"),
        f"{home}/contacts/delete/in": aside.format(home / "contacts/delete/in"),
    }
    assert dict(line.split(": ", 1) for line in done.stdout.splitlines()) == expected
    made.shell("; ".join(dict.fromkeys(each["fix"] for each in told if each["fix"] not in changes)))
    done = made.cli("init", "--check", "acme")
    assert (done.returncode, done.stdout) == (0, f"acme: all folders are correct below {home}\n")
    assert scheme(home) == SCHEME
    for aside in made.ftp.rglob("*.aside"):
        aside.unlink()


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    shutil.rmtree(path)
    make(path)


def _all(root: Path) -> list[tuple[Path, int, int, int, int]]:
    """What tells that anything was changed."""
    found = [(path, path.lstat()) for path in sorted(root.rglob("*"))]
    return [(path, each.st_ino, each.st_mode, each.st_uid, each.st_gid) for path, each in found]


def test_init_mends_owners_and_modes_too(made: HostProgram) -> None:
    """Without the single commands."""
    home = made.ftp / "acme"
    (home / "contacts/import/in").chmod(0o700)
    os.chown(home / "contacts/import/ko", 0, 0)
    (home / "contacts/delete/on").rmdir()
    done = made.cli("init")
    assert done.returncode == 0
    assert scheme(home) == SCHEME


def test_check_as_somebody_who_may_not_look(made: HostProgram) -> None:
    """Exit status 2 and a sentence, not a deviation."""
    done = made.cli("init", "--check", user=GLOBEX)
    assert done.returncode == 2
    assert "as root" in done.stderr


def test_root_publishes_for_the_daemon(made: HostProgram) -> None:
    """What `report` makes belongs to the daemon, which will remove it."""
    assert made.cli("report", "--account", "acme").returncode == 0
    (day,) = days(made)
    assert owner_of(day) == (DAEMON, ACME, 0o750)


# --- the daemon under its own uid ----------------------------------------------------------------------------------


def test_an_upload_is_applied_and_its_account_reads_the_answer(
    program: HostProgram, acme: Tenant, globex: Tenant
) -> None:
    """A file of mode 0600 of the account's: the daemon reads it, and the account reads what became of it; nobody else."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    assert f"Uid:\t{DAEMON}\t{DAEMON}" in status
    assert acme.put("contacts/import/in/list.csv", CONTENT) == [len(CONTENT), None]
    settled = program.settled("acme", "list.csv")
    assert settled.state == "ok"
    assert len(program.contacts("acme")) == 2
    for path in (settled.path, settled.beside(".result.json"), settled.beside(".rejected.csv")):
        assert owner_of(path) == (DAEMON, ACME, 0o640)
        assert acme.get(path) == path.read_bytes().decode("latin-1")
        assert globex.get(path) == FORBIDDEN
    assert set(acme("os.listdir(p[0])", "contacts/import/ok")) == set(os.listdir(settled.path.parent))
    assert (program.events("lease.unavailable"), program.events("deposit.waits")) == ([], [])


def test_markers_are_the_accounts(program: HostProgram, acme: Tenant) -> None:
    """It makes, renames and deletes them, and each has its effect."""
    assert acme.put("contacts/import/.addToExistingList", b"") == [0, None]
    acme.put("contacts/import/in/marked.csv", people(1))
    assert program.settled("acme", "marked.csv").result["mode"] == 2
    assert (
        acme(
            "os.rename(p[0], p[1])", "contacts/import/.addToExistingList", "contacts/import/.syncExistingList"
        )
        is None
    )
    acme.put("contacts/import/in/renamed.csv", people(1))
    assert program.settled("acme", "renamed.csv").result["mode"] == 3
    assert acme("os.unlink(p[0])", "contacts/import/.syncExistingList") is None
    acme.put("contacts/import/in/deleted.csv", people(1))
    assert program.settled("acme", "deleted.csv").result["mode"] == 1
    assert acme.put("contacts/import/in/.syncExistingList", b"") == [0, None]
    acme.put("contacts/import/in/through.csv", people(1))
    assert program.settled("acme", "through.csv").result["mode"] == 3
    assert acme("os.unlink(p[0])", "contacts/import/.syncExistingList") is None


def test_what_lies_in_in_is_the_accounts(program: HostProgram, acme: Tenant) -> None:
    """Under a name in progress it writes, resumes, renames and deletes, makes folders and removes them."""
    part = "contacts/delete/in/x.part"
    acme.put(part, b"R")
    assert acme("open(p[0], 'ab').write(b'x')", part) == 1
    assert acme("os.rename(p[0], p[1])", part, "contacts/delete/in/y.part") is None
    assert acme("os.listdir(p[0])", "contacts/delete/in") == ["y.part"]
    assert acme("os.unlink(p[0])", "contacts/delete/in/y.part") is None
    assert acme("os.mkdir(p[0])", "contacts/delete/in/folder") is None
    assert acme("os.rmdir(p[0])", "contacts/delete/in/folder") is None


def test_nothing_else_is(program: HostProgram, acme: Tenant) -> None:
    """No folder of the tree can be renamed, removed, replaced or opened up, and nothing made outside `in/` and the markers."""
    acme.put("contacts/import/in/source.part", b"x")
    mine = "contacts/import/in/mine.part"
    acme("os.mkdir(p[0])", mine)
    folders = [path for path in SCHEME if path]
    closed = [path for path in SCHEME if not path.endswith("/in") and path != "contacts/import"]
    attempts: list[tuple[str, tuple[str, ...]]] = []
    move = "os.rename(p[0], p[1])"
    for path in folders:
        attempts += [
            (move, (path, f"{path}.away")),
            ("os.rmdir(p[0])", (path,)),
            # Not into itself, nor out of itself: that is refused for another reason.
            *((move, (path, f"{to}/taken")) for to in OPEN if not f"{to}/".startswith(f"{path}/")),
            *([] if "contacts/import/in/".startswith(f"{path}/") else [(move, (mine, path))]),
        ]
    for path in SCHEME:
        attempts += [
            ("os.chmod(p[0], 0o777)", (path,)),
            ("os.chown(p[0], os.getuid(), -1)", (path,)),
            ("os.utime(p[0], (1, 1))", (path,)),
            ("os.setxattr(p[0], 'user.x', b'x')", (path,))
            if path in closed
            else ("os.chmod(p[0], 0)", (path,)),
        ]
    for path in closed:
        attempts += [
            ("os.open(p[0], os.O_WRONLY | os.O_CREAT | os.O_EXCL)", (f"{path}/new",)),
            ("os.mkdir(p[0])", (f"{path}/new",)),
            ("os.symlink('/etc/passwd', p[0])", (f"{path}/new",)),
            ("os.mkfifo(p[0])", (f"{path}/new",)),
            (move, ("contacts/import/in/source.part", f"{path}/new")),
            ("os.link(p[0], p[1])", ("contacts/import/in/source.part", f"{path}/new")),
        ]
    assert acme.errors(attempts) == {}
    assert scheme(program.ftp / "acme") == SCHEME
    acme("os.unlink(p[0])", "contacts/import/in/source.part")
    acme("os.rmdir(p[0])", mine)


def test_the_claimed_copy_is_nobodys_to_change(program: HostProgram, acme: Tenant) -> None:
    """Neither by path nor by a descriptor that was open before: what is applied is what was uploaded."""
    acme.put("contacts/delete/in/held.part", CONTENT)
    assert (
        acme("names.__setitem__('held', os.open(p[0], os.O_RDONLY))", "contacts/delete/in/held.part") is None
    )
    with program.connection.transaction():  # the merge waits for the account's row: the file stays in on/
        program.connection.execute("SELECT FROM account WHERE name = 'acme' FOR UPDATE")
        acme("os.rename(p[0], p[1])", "contacts/delete/in/held.part", "contacts/delete/in/held.csv")
        (claimed,) = program.until(lambda: program.lying("acme", "on", "delete"), "it is claimed")
        on = f"contacts/delete/on/{claimed}"
        program.until(lambda: (program.ftp / "acme" / on).stat().st_uid == DAEMON, "it is copied")
        attempts = _changes(on)
        assert acme.errors(attempts) == {}
        assert acme.get(on) == CONTENT.decode("latin-1")
        # The uploaded inode is still the account's: it may write there, and nobody reads it.
        assert acme("os.write(os.open(f'/proc/self/fd/{held}', os.O_WRONLY | os.O_TRUNC), b'other')") == 5
    settled = program.settled("acme", "held.csv", "delete")
    assert settled.path.read_bytes() == CONTENT
    assert settled.result["rows_read"] == 3
    ok = str(settled.path.relative_to(program.ftp / "acme"))
    for path in (ok, f"{ok}.result.json"):
        assert acme.errors(_changes(path)) == {}
    assert settled.path.read_bytes() == CONTENT


def _changes(path: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every way to change a file, or to get a way to do so."""
    return [
        *(
            (f"os.open(p[0], os.{flags})", (path,))
            for flags in ("O_WRONLY", "O_RDWR", "O_WRONLY | os.O_APPEND")
        ),
        ("os.open(p[0], os.O_RDONLY | os.O_TRUNC)", (path,)),
        ("os.truncate(p[0], 0)", (path,)),
        ("os.ftruncate(os.open(f'/proc/self/fd/{os.open(p[0], os.O_RDONLY)}', os.O_RDWR), 0)", (path,)),
        ("os.unlink(p[0])", (path,)),
        ("os.chmod(p[0], 0o666)", (path,)),
        ("os.chown(p[0], os.getuid(), -1)", (path,)),
        ("os.utime(p[0])", (path,)),
        ("os.setxattr(p[0], 'user.x', b'x')", (path,)),
        ("os.rename(p[0], p[1])", (path, "contacts/import/in/back.part")),
        ("os.rename(p[0], p[1])", (path, "contacts/import/back")),
        ("os.link(p[0], p[1])", (path, "contacts/import/in/link.part")),
        ("os.link(p[0], p[1])", (path, "contacts/import/.syncExistingList")),
    ]


def test_links_lead_nowhere(program: HostProgram, acme: Tenant, globex: Tenant) -> None:
    """A link to another account's file or the system's is refused as it is; neither the daemon nor the account reads it."""
    program.drop("globex", "private.csv", people(5, first=700))
    private = program.settled("globex", "private.csv").path
    assert acme("os.link(p[0], p[1])", str(private), "contacts/import/in/hard.csv") in hosts.FORBIDDEN
    assert acme("os.link('/etc/passwd', p[0])", "contacts/import/in/hard.csv") in hosts.FORBIDDEN
    for name, target in (
        ("soft.csv", str(private)),
        ("shadow.csv", "/etc/shadow"),
        ("up.csv", "../../../../globex"),
    ):
        assert acme(f"os.symlink({target!r}, p[0])", f"contacts/import/in/{name}") is None
        settled = program.settled("acme", name)
        assert (settled.state, settled.result["reason"]) == ("ko", "not_a_file")
        assert acme.get(settled.path) in ({"error": "EACCES"}, {"error": "EISDIR"})
    acme(f"os.symlink({str(private)!r}, p[0])", "contacts/import/.addToExistingList")
    acme(f"os.symlink({str(private)!r}, p[0])", "contacts/import/in/.syncExistingList")
    acme.put("contacts/import/in/after.csv", people(1))
    assert program.settled("acme", "after.csv").result["mode"] == 1
    acme("os.unlink(p[0])", "contacts/import/.addToExistingList")
    acme("os.unlink(p[0])", "contacts/import/in/.syncExistingList")
    assert not [
        each
        for each in program.contacts("acme")
        if each["reference"] >= "R700" and each["reference"] < "R705"
    ]
    assert owner_of(private) == (DAEMON, GLOBEX, 0o640)


def test_another_account_sees_nothing(program: HostProgram, acme: Tenant, globex: Tenant) -> None:
    """It neither lists, nor reads, nor writes, nor so much as looks whether something is there."""
    acme.put("contacts/import/in/mine.part", b"x")
    acme.put("contacts/import/.createNewList", b"")
    attempts: list[tuple[str, tuple[str, ...]]] = []
    for path in SCHEME:
        attempts += [
            ("os.listdir(p[0])", (path,)),
            ("os.open(p[0], os.O_WRONLY | os.O_CREAT)", (f"{path}/new",)),
            ("os.mkdir(p[0])", (f"{path}/new",)),
            ("os.chmod(p[0], 0o777)", (path,)),
        ]
    for path in [path for path in SCHEME if path.count("/")]:
        attempts += [("os.stat(p[0])", (path,)), ("os.chdir(p[0])", (path,))]
    for path in ("contacts/import/in/mine.part", "contacts/import/.createNewList"):
        attempts += [("open(p[0]).read()", (path,)), *_changes(path)]
    assert globex.errors(attempts) == {}
    acme("os.unlink(p[0])", "contacts/import/in/mine.part")
    acme("os.unlink(p[0])", "contacts/import/.createNewList")


def days(program: HostProgram) -> list[Path]:
    """The published days of acme."""
    return sorted(path for path in (program.ftp / "acme" / "reporting").iterdir() if path.name[0] != ".")


def test_reports_are_read_by_their_account_alone(program: HostProgram, acme: Tenant, globex: Tenant) -> None:
    """One day was published by `report`, run by root, the others by the daemon; the account can change neither."""
    program.until(lambda: len(days(program)) >= 3, "the days are published")
    for day in days(program):
        (zipped,) = day.iterdir()
        assert owner_of(day) == (DAEMON, ACME, 0o750)
        assert owner_of(zipped) == (DAEMON, ACME, 0o640)
        assert acme.get(zipped) == zipped.read_bytes().decode("latin-1")
        assert globex.get(zipped) == FORBIDDEN
        attempts = [
            ("os.mkdir(p[0])", (str(day / "new"),)),
            ("os.rename(p[0], p[1])", (str(day), f"{day}.x")),
        ]
        assert acme.errors([*attempts, *_changes(str(zipped))]) == {}


HEALED = {
    "boxes": [
        f"contacts/{action}/{box}" for action, box in zip(ACTIONS, ("in", "on", "ok", "ko") * 3, strict=False)
    ],
    "an action": ["contacts/optoutVOICE"],
    "import": ["contacts/import"],
    "all of them": [f"contacts/{action}" for action in ACTIONS],
}


@pytest.mark.parametrize("which", HEALED)
def test_what_is_missing_is_made_again_in_the_scheme(program: HostProgram, acme: Tenant, which: str) -> None:
    """By the daemon, which is not in the account's group: owner, group, setgid and modes are as `init` makes them."""
    home = program.ftp / "acme"
    gone = {path: (home / path).lstat().st_ino for path in HEALED[which]}
    for path in gone:
        (home / path).rename(program.folder / "aside")  # at once: nothing is missing for a moment only
        shutil.rmtree(program.folder / "aside")
    program.until(lambda: all((home / path).is_dir() for path in SCHEME), "all is there again")
    assert scheme(home) == SCHEME
    assert program.cli("init", "--check").returncode == 0
    name = f"{which.replace(' ', '-')}.csv"
    acme.put(f"contacts/import/in/{name}", people(1))
    assert program.settled("acme", name).state == "ok"


def test_an_in_of_another_owner_harms_nobody_else(program: HostProgram) -> None:
    """What lies in it cannot be claimed: told with its reason, others go on, and `init` mends it."""
    box = program.box("acme", "in", "optinSMS")
    shutil.rmtree(box)
    foreign = program.folder / "foreign"
    foreign.mkdir(mode=0o700)
    (foreign / "list.csv").write_bytes(people(1))
    os.chown(foreign, GLOBEX, GLOBEX)
    foreign.rename(box)  # also over an empty one, where the daemon was quicker
    waits = program.until(lambda: program.events("deposit.waits"), "it is told")
    assert {(line["account"], line["reason"]) for line in waits} == {("acme", "Permission denied")}
    program.drop("globex", "beside.csv", people(1))
    assert program.settled("globex", "beside.csv").state == "ok"
    assert program.lying("acme", "in", "optinSMS") == ["list.csv"]
    assert program.cli("init", "acme").returncode == 0
    assert program.settled("acme", "list.csv", "optinSMS").state == "ok"


def test_nothing_went_wrong(program: HostProgram) -> None:
    """After all of these: no bug, no failure, no line on standard error."""
    assert (program.events("bug"), program.stderr.read_text()) == ([], "")


# --- without capabilities ------------------------------------------------------------------------------------------


def test_without_capabilities_what_everybody_may_read_is_applied(made: HostProgram, acme: Tenant) -> None:
    """An upload that the daemon may not read waits in `in/`, told with its reason, and holds up no other account."""
    made.stop()
    made.capabilities = False
    with made:
        acme.put("contacts/import/in/open.part", people(1))
        acme("os.chmod(p[0], 0o644)", "contacts/import/in/open.part")
        acme("os.rename(p[0], p[1])", "contacts/import/in/open.part", "contacts/import/in/open.csv")
        assert made.settled("acme", "open.csv").state == "ok"
        told = made.until(lambda: made.events("lease.unavailable"), "it is told")
        assert [line["account"] for line in told] == ["acme"]
        acme.put("contacts/import/in/closed.csv", people(1))
        waits = made.until(lambda: made.events("deposit.waits"), "it is told")
        assert {(line["account"], line["reason"]) for line in waits} == {("acme", "Permission denied")}
        upload = made.drop("globex", "other.part", people(1))
        upload.chmod(0o644)
        upload.rename(upload.with_name("other.csv"))
        assert made.settled("globex", "other.csv").state == "ok"
        assert made.lying("acme", "in") == ["closed.csv"]
        acme("os.chmod(p[0], 0o644)", "contacts/import/in/closed.csv")
        assert made.settled("acme", "closed.csv").state == "ok"
        assert made.events("bug") == []
