"""What `doctor` finds on a real database, tree and host, each thing made wrong for it, and mended by what it names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import make_conninfo

from contactsync.cli.doctor import command as doctor
from contactsync.cli.doctor import database as doctor_database
from contactsync.cli.doctor import host
from contactsync.cli.doctor.finding import Finding
from contactsync.database import ledger
from contactsync.settings.settings import Settings
from contactsync.spool import layout_make
from tests.conftest import reached_by

if TYPE_CHECKING:
    from tests.integration.conftest import Site

DAEMON = Path(__file__).parents[3] / "daemon"
Look = Callable[..., list[Finding]]


@pytest.fixture
def look(site: Site) -> Look:
    """All that is found with these settings."""

    (site.root.parent / "data").mkdir(exist_ok=True)
    layout_make.make(site.root / "acme", None)

    def found(**settings: object) -> list[Finding]:
        given = {"ftp_root": site.root, "data_dir": site.root.parent / "data", "database_url": site.url}
        return list(doctor._findings(Settings(**{**given, **settings})))

    return found


def bad(found: list[Finding], check: str) -> list[Finding]:
    return [finding for finding in found if finding.check == check and finding.level != "ok"]


def test_all_is_well(look: Look) -> None:
    """Nothing is found but that no daemon runs; each thing that was looked at is told."""
    found = look()
    of_the_host = ("rights", "space")  # what a test cannot help
    wrong = [
        (each.level, each.check) for each in found if each.level != "ok" and each.check not in of_the_host
    ]
    assert wrong == [("warning", "daemon")]
    assert {each.check for each in found} == {
        *(
            "daemon",
            "settings",
            "database",
            "clock",
            "leftovers",
            "folders",
            "space",
            "rights",
            "events",
            "files",
        )
    }


def test_no_trace_is_left(look: Look, site: Site) -> None:
    """What is tried in on/ is taken away again."""
    look()
    assert os.listdir(site.folder(box="on")) == []


def test_a_missing_folder(look: Look, site: Site) -> None:
    """Told with `init`."""
    site.folder("optinSMS", "ko").rmdir()
    (finding,) = bad(look(), "folders")
    assert (finding.level, finding.fix) == ("error", "contactsync init acme")


def test_a_root_that_is_not_there(look: Look, site: Site) -> None:
    """Not mounted, or a slip in the configuration."""
    found = bad(look(ftp_root=site.root / "none"), "folders")
    assert any("ftp_root" in each.message for each in found)


def test_a_data_dir_that_is_not_there(look: Look, site: Site) -> None:
    """Then nothing is known of the daemon."""
    (finding,) = bad(look(data_dir=site.root.parent / "none"), "folders")
    assert finding.level == "warning"
    assert "data_dir" in finding.message


def test_a_database_that_is_away_or_old(look: Look, server_url: str) -> None:
    """Told with what to do; the rest is looked at all the same."""
    found = look(database_url="postgresql://127.0.0.1:1/x")
    assert "is away" in bad(found, "database")[0].message
    assert any(each.check == "space" for each in found)
    (old,) = bad(look(database_url=make_conninfo(server_url, dbname="template1")), "database")
    assert (old.level, old.fix) == ("error", "contactsync migrate")


def test_a_database_that_takes_no_writes(look: Look, site: Site) -> None:
    """As a standby after a failover."""
    (finding,) = bad(
        look(database_url=make_conninfo(site.url, options="-c default_transaction_read_only=on")), "database"
    )
    assert finding.level == "error"
    assert "takes no writes" in finding.message


@pytest.mark.parametrize(("seconds", "level"), [(-5.0, "warning"), (90.0, "error")])
def test_clocks_that_differ(look: Look, monkeypatch: pytest.MonkeyPatch, seconds: float, level: str) -> None:
    """This host's against the database's, and against the file system's."""
    import time

    class Skewed:
        @staticmethod
        def time() -> float:
            return time.time() - seconds

    monkeypatch.setattr(doctor_database, "time", Skewed)
    monkeypatch.setattr(host, "time", Skewed)
    database, files = bad(look(), "clock")
    assert database.level == level
    assert ("ahead" if seconds > 0 else "behind") in database.message
    assert files.level == "warning"


def test_files_that_the_ledger_does_not_know(look: Look, site: Site) -> None:
    """In ok/ and ko/: mentioned; deposits and their results are none of them."""
    site.apply("Email\na@example.org\nno\n")
    site.apply("Email;Nom\nx\n", "bad.csv")
    assert bad(look(), "leftovers") == []
    (site.folder(box="ko") / "5_foreign.csv").touch()
    (finding,) = bad(look(), "leftovers")
    assert (finding.level, "5_foreign.csv" in finding.message) == ("note", True)


def test_rows_whose_file_has_gone_and_files_that_wait(look: Look, site: Site) -> None:
    """A row in work without a file; a file in on/ that nobody works on; a retry that was killed half way."""
    row = site.apply("Email\na@example.org\n")
    site.conn.execute("UPDATE contactsync.deposit SET state = 'on'")
    settled = site.folder(box="ok") / row["claimed_name"]
    settled.rename(site.root / "aside")
    (finding,) = (each for each in bad(look(), "leftovers") if each.level == "warning")
    assert f"deposit {row['deposit_id']} is in work" in finding.message
    (site.root / "aside").rename(settled)
    site.conn.execute("UPDATE contactsync.deposit SET state = 'ok'")
    (site.folder(box="on") / "7_x.csv").touch()
    (finding,) = bad(look(), "leftovers")
    assert "on/7_x.csv is unfinished" in finding.message
    (site.folder(box="on") / "7_x.csv").unlink()
    refused = site.apply("Email;Nom\nx\n", "bad.csv")
    ledger.set_retried(site.daemon, site.account, refused["deposit_id"], datetime.now(UTC))
    (finding,) = bad(look(), "leftovers")
    assert finding.fix == f"contactsync retry {refused['deposit_id']}"


@pytest.mark.parametrize(("state", "said"), [("on", "is in work for the ledger"), ("ko", "calls ko")])
def test_files_that_were_settled_after_the_ledger_was_saved(
    look: Look, site: Site, state: str, said: str
) -> None:
    """A database older than the folders, as after a restore: the file goes where the daemon looks at it again."""
    row = site.apply("Email\na@example.org\n")
    site.conn.execute("UPDATE contactsync.deposit SET state = %s", [state])
    (finding,) = bad(look(), "leftovers")
    assert (finding.level, said in finding.message) == ("error", True)
    assert finding.fix is not None
    subprocess.run(finding.fix, shell=True, check=True)
    assert os.listdir(site.folder(box="on")) == [row["claimed_name"]]


def run(site: Site, *prefix: str) -> subprocess.CompletedProcess[str]:
    """`contactsync doctor --json` in a process of its own."""
    env = {
        **os.environ,
        "PYTHONPATH": str(DAEMON),
        "CONTACTSYNC_FTP_ROOT": str(site.root),
        "CONTACTSYNC_DATA_DIR": str(site.root.parent / "data"),
        "CONTACTSYNC_DATABASE_URL": site.url,
    }
    command = [*prefix, sys.executable, "-m", "contactsync", "doctor", "--json"]
    return subprocess.run(command, env=env, text=True, capture_output=True, timeout=60, check=False)


def test_exit_status_and_rights(site: Site) -> None:
    """0 without errors, 1 with one; what capabilities are missing is told."""
    layout_make.make(site.root / "acme", None)
    done = run(site)
    assert (done.returncode, done.stderr) == (0, "")
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
    """A file system that is nearly full is an error; its kind is told by the mount table."""
    shell = f'mount -t tmpfs -o size=1m none "{site.root}" && exec "$@"'
    done = run(site, "unshare", "--mount", "sh", "-c", shell, "sh")
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("no mounts here")
    (space,) = (
        each for each in json.loads(done.stdout) if each["check"] == "space" and each["level"] != "ok"
    )
    assert (space["level"], "(tmpfs)" in space["message"]) == ("error", True)


def test_file_systems_without_events(monkeypatch: pytest.MonkeyPatch, look: Look) -> None:
    """By the name in the mount table: polled, says a warning."""
    monkeypatch.setattr(host, "_kind", lambda _: "nfs4")
    (finding,) = bad(look(), "events")
    assert (finding.level, "polled every rescan_seconds" in finding.message) == ("warning", True)


def test_more_folders_than_the_kernel_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against fs.inotify.max_user_watches; above 15,000 folders events are not used at all."""
    watches = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    many = {str(n): Path("/") for n in range(400)}
    (note,) = [each for each in host._inotify(many) if "folders" in each.message]
    assert (note.level, "polling alone" in note.message) == ("note", True)
    monkeypatch.setattr("contactsync.intake.watch.MAX_WATCHED_FOLDERS", 10**9)
    (error,) = [
        each
        for each in host._inotify(dict.fromkeys(range(watches // 50), Path("/")))
        if "max_user_watches" in each.message
    ]
    assert error.level == "error"
    assert (error.fix or "").startswith("sysctl -w fs.inotify.max_user_watches=")


def test_the_url_is_never_shown(look: Look) -> None:
    """Nor its password, whatever is wrong."""
    found = look(database_url="postgresql://u:geheim@127.0.0.1:1/x")
    assert "geheim" not in " ".join(each.message for each in found)
