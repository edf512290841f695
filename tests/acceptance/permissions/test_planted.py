"""`init`, run as root, among links and folders that a tenant has planted."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.acceptance import host as hosts
from tests.acceptance.host import ACME, GLOBEX, HostProgram
from tests.acceptance.permissions.scheme import SCHEME, scheme

pytestmark = pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")


@pytest.fixture
def above(made: HostProgram) -> Path:
    """A folder that belongs to acme. Its home will be in it, two levels below."""
    folder = made.folder / "own"
    folder.mkdir(exist_ok=True)
    os.chown(folder, ACME, ACME)
    home = folder / "ftp" / "acme"
    made.connection.execute(
        "UPDATE account SET home = %s, revision = revision + 1 WHERE name = 'acme'", [str(home)]
    )
    return folder


@pytest.fixture
def treasure(made: HostProgram) -> Path:
    """A folder that only root may enter."""
    folder = made.folder / "treasure"
    folder.mkdir(exist_ok=True, mode=0o700)
    (folder / "secret").touch(mode=0o600)
    return folder


def state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


@pytest.mark.parametrize("place", ["ftp", "ftp/acme", "ftp/acme/contacts", "ftp/acme/contacts/import/in"])
def test_no_link_is_followed(made: HostProgram, above: Path, treasure: Path, place: str) -> None:
    """Wherever it is on the way: the message names it, and what it leads to is unchanged."""
    link = above / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(treasure)
    before = state(treasure)
    done = made.cli("init", "acme")
    assert done.returncode == 2
    assert f"{link} is not a folder, but a link: move it away" in done.stderr
    assert (state(treasure), os.listdir(treasure)) == (before, ["secret"])
    done = made.cli("init", "--check", "acme", "--json")
    assert done.returncode == 1
    assert (str(link), "kind") in [(each["path"], each["problem"]) for each in json.loads(done.stdout)]
    made.shell(f"rm -r {above}/ftp")


@pytest.mark.parametrize("place", ["ftp/acme", "ftp/acme/contacts", "ftp/acme/contacts/import/in"])
def test_no_folder_of_somebody_else_is_handed_over(
    made: HostProgram, above: Path, treasure: Path, place: str
) -> None:
    """A tenant can rename root's folder to a place in the tree: it is in the way, and unchanged."""
    planted = above / place
    planted.parent.mkdir(parents=True, exist_ok=True)
    for path in planted.relative_to(above).parents:
        os.chown(above / path, ACME, ACME)
    treasure.rename(planted)
    before = state(planted)
    done = made.cli("init", "acme")
    assert done.returncode == 2
    assert f"{planted} belongs to root" in done.stderr
    assert (state(planted), os.listdir(planted)) == (before, ["secret"])
    made.shell(f"rm -r {above}/ftp")


def test_folders_above_the_home_are_made_and_never_changed(made: HostProgram, above: Path) -> None:
    """A tree in a tenant's own folder gets its scheme; the folder stays the tenant's."""
    before = state(above)
    done = made.cli("init", "acme")
    assert (done.returncode, done.stderr) == (0, "")
    assert scheme(above / "ftp/acme") == SCHEME
    assert state(above) == before
    assert state(above / "ftp") == (0, 0, 0o755)
    made.shell(f"rm -r {above}/ftp")


def test_check_examines_the_parents_as_written(made: HostProgram, above: Path) -> None:
    """A folder of globex holds the link to the FTP root: it is named, although no real path leads through it."""
    link = made.folder / "way"
    link.mkdir()
    os.chown(link, GLOBEX, GLOBEX)
    (link / "ftp").symlink_to(made.ftp)
    made.connection.execute("UPDATE account SET home = null, revision = revision + 1 WHERE name = 'acme'")
    assert made.cli("init", "--check", "acme").returncode == 0
    made.configure(ftp_root=link / "ftp")
    try:
        done = made.cli("init", "--check", "acme", "--json")
    finally:
        made.configure(ftp_root=made.ftp)
    assert done.returncode == 1
    assert [(each["path"], each["problem"], each["found"]) for each in json.loads(done.stdout)] == [
        (str(link), "owner", "globex")
    ]
