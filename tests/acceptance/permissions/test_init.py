"""`init` creates the scheme of owners and modes, and `init --check` finds what deviates from it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance import host as hosts
from tests.acceptance.host import ACME, GLOBEX, HostProgram
from tests.acceptance.permissions.scheme import SCHEME, scheme

if TYPE_CHECKING:
    from collections.abc import Callable


pytestmark = pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")


def test_init_gives_the_scheme(made: HostProgram) -> None:
    """Every folder has its owner, group and mode."""
    assert scheme(made.ftp / "acme") == SCHEME


def test_a_tree_that_init_created_has_no_deviations(made: HostProgram) -> None:
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


# Path, what is done to it, and the problem that `init --check` reports, with what it found.
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


def test_check_reports_each_deviation_and_the_command_that_repairs_it(made: HostProgram) -> None:
    """Exit status 1 and a record each, in order of the tree; nothing is changed until the commands are run."""
    home = made.ftp / "acme"
    for relative, act, _, _ in DEVIATIONS:
        act(Path(os.path.normpath(home / relative)))
    before = _all(made.ftp)
    done = made.cli("init", "--check", "acme", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    deviations = json.loads(done.stdout)
    assert [(each["path"], each["problem"], each["found"]) for each in deviations] == [
        (os.path.normpath(home / relative), problem, found) for relative, _, problem, found in DEVIATIONS
    ]
    assert _all(made.ftp) == before
    changes = [each["fix"] for each in deviations if each["problem"] in ("owner", "group", "mode")]
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
    made.shell("; ".join(dict.fromkeys(each["fix"] for each in deviations if each["fix"] not in changes)))
    done = made.cli("init", "--check", "acme")
    assert (done.returncode, done.stdout) == (0, f"acme: all folders are correct below {home}\n")
    assert scheme(home) == SCHEME
    for aside in made.ftp.rglob("*.aside"):
        aside.unlink()


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    shutil.rmtree(path)
    make(path)


def _all(root: Path) -> list[tuple[Path, int, int, int, int]]:
    """Everything that shows whether anything was changed."""
    found = [(path, path.lstat()) for path in sorted(root.rglob("*"))]
    return [(path, each.st_ino, each.st_mode, each.st_uid, each.st_gid) for path, each in found]


def test_init_repairs_owners_and_modes(made: HostProgram) -> None:
    """Without the single commands."""
    home = made.ftp / "acme"
    (home / "contacts/import/in").chmod(0o700)
    os.chown(home / "contacts/import/ko", 0, 0)
    (home / "contacts/delete/on").rmdir()
    done = made.cli("init")
    assert done.returncode == 0
    assert scheme(home) == SCHEME


def test_check_by_a_user_without_access_is_an_error(made: HostProgram) -> None:
    """Exit status 2 and a sentence, not a deviation."""
    done = made.cli("init", "--check", user=GLOBEX)
    assert done.returncode == 2
    assert "as root" in done.stderr
