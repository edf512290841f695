"""`doctor` as a whole: what it checks, its exit status, and what it never shows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg
import pytest

from contactsync.database.embedded.server import EmbeddedServer
from contactsync.spool import layout_make
from tests.conftest import reached_by
from tests.integration.cli.doctor.findings import Look
from tests.roles import make_schema

if TYPE_CHECKING:
    from tests.integration.conftest import Site

DAEMON = Path(__file__).parents[4] / "daemon"


def test_all_is_well(look: Look) -> None:
    """The only problem is that no daemon runs; each check that passes has its finding."""
    found = look()
    # A test cannot change these; the tests' server is quick instead of durable.
    of_the_host = ("rights", "space", "server")
    wrong = [
        (each.level, each.check) for each in found if each.level != "ok" and each.check not in of_the_host
    ]
    assert wrong == [("error", "daemon")]
    assert {each.check for each in found} == {
        *(
            "daemon",
            "settings",
            "database",
            "server",
            "clock",
            "leftovers",
            "reports",
            "folders",
            "space",
            "rights",
            "events",
            "files",
        )
    }


def test_no_trace_is_left(look: Look, site: Site) -> None:
    """The file that is created in on/ is removed."""
    look()
    assert os.listdir(site.folder(box="on")) == []


def test_the_url_is_never_shown(look: Look) -> None:
    """No finding shows the database URL or its password."""
    found = look(database_url="postgresql://u:geheim@127.0.0.1:1/x")
    assert "geheim" not in " ".join(each.message for each in found)


def run(site: Site, *prefix: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run `contactsync doctor --json` in its own process."""
    env = {
        **os.environ,
        "PYTHONPATH": str(DAEMON),
        "CONTACTSYNC_FTP_ROOT": str(site.root),
        "CONTACTSYNC_DATA_DIR": str(site.root.parent / "data"),
        "CONTACTSYNC_DATABASE_URL": url or site.url,
    }
    command = [*prefix, sys.executable, "-m", "contactsync", "doctor", "--json"]
    return subprocess.run(command, env=env, text=True, capture_output=True, timeout=60, check=False)


def test_exit_status_and_rights(site: Site) -> None:
    """Exit status 1 with an error, here the daemon that does not run. A finding names the missing capabilities."""
    layout_make.make(site.root / "acme", site.root, None)
    with TemporaryDirectory() as durable, EmbeddedServer(Path(durable)) as server:
        make_schema(server.admin_url)
        with psycopg.connect(server.admin_url) as conn:
            conn.execute("INSERT INTO contactsync.account (name) VALUES ('acme')")
        done = run(site, url=server.url)
    assert (done.returncode, done.stderr) == (1, "")
    errors = [each for each in json.loads(done.stdout) if each["level"] == "error"]
    assert [(each["check"], each["fix"]) for each in errors] == [("daemon", "systemctl start contactsync")]
    shutil.rmtree(site.folder("delete"))
    prefix = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()
    if not reached_by(site.url, *prefix):
        pytest.skip("the database's folder is closed to a root without capabilities")
    done = run(site, *prefix)
    assert done.returncode == 1
    found = {each["check"]: each for each in json.loads(done.stdout)}
    assert found["folders"]["level"] == "error"
    assert "lacks CAP_DAC_READ_SEARCH and CAP_LEASE" in found["rights"]["message"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting is root's")
def test_a_small_disk_and_a_strange_file_system(site: Site) -> None:
    """A file system that is nearly full is an error; its type comes from the mount table."""
    shell = f'mount -t tmpfs -o size=1m none "{site.root}" && exec "$@"'
    done = run(site, "unshare", "--mount", "sh", "-c", shell, "sh")
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("no mounts here")
    (space,) = (
        each for each in json.loads(done.stdout) if each["check"] == "space" and each["level"] != "ok"
    )
    assert (space["level"], "(tmpfs)" in space["message"]) == ("error", True)
