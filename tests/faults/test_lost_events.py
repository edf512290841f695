"""Events are lost, or there are none: the scan finds every deposit, and the log reports it."""

from __future__ import annotations

import os
import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.processes import is_stopped
from tests.acceptance.program import BOXES
from tests.acceptance.reporting import PARIS
from tests.acceptance.tables import people
from tests.conftest import reached_by
from tests.faults.scene import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Databases

RESCAN_SECONDS = 0.5
# Seconds between rescans that no test lives to see.
NEVER = 3600.0


def limited(limit: str) -> tuple[str, ...]:
    """Starts a program in a user namespace with such an inotify limit, as `max_inotify_watches=20`."""
    name, _, value = limit.partition("=")
    script = f'echo {value} > /proc/sys/user/{name} && exec "$@"'
    return ("unshare", "--user", "--map-root-user", "sh", "-c", script, "sh")


def skip_unless_reached(run: Run, limit: str) -> None:
    """Such a daemon needs a user namespace, and a database that can be reached from one."""
    if not reached_by(run._environment["CONTACTSYNC_DATABASE_URL"], *limited(limit)):
        pytest.skip("user namespaces are not allowed here, or the database's folder is closed to them")


def begin(run: Run, *prefix: str, **settings: object) -> None:
    """Start the daemon under a prefix and wait until it runs."""
    run.configure(**settings)
    run.prefix = prefix
    run.start()
    run.prefix = ()
    run.started()


def take(run: Run, account: str, name: str, action: str = "import") -> None:
    """Deposit a file and see it applied, once."""
    run.drop(account, name, people(1) if action != "optoutEMAIL" else b"Email\nx@example.com\n", action)
    assert run.settled(account, name, action).state == "ok"
    assert [row["state"] for row in run.ledger(account) if row["name"] == name] == ["ok"]


# --- overflow ------------------------------------------------------------------------------------------------------


def test_a_queue_that_overflows_loses_no_deposit(run: Run) -> None:
    """The daemon is stopped during a burst; then it scans everything at once, and gets later events.

    The rescans are an hour apart, so only the overflow can have triggered the scan.
    """
    accounts = [run.add_account(f"a{n}") for n in range(20)]
    begin(run, rescan_seconds=NEVER)
    # The daemon is watching.
    take(run, "a0", "before.csv")
    os.kill(run.pid, signal.SIGSTOP)
    try:
        run.until(lambda: is_stopped(run.pid), "it has stopped")
        crowd = run.box("a0", "in")
        for n in range(int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) // 2 + 100):
            # Two events.
            os.close(os.open(crowd / f"{n}.part", os.O_CREAT | os.O_WRONLY))
        for account in accounts:
            run.drop(account, "lost.csv", people(1))
    finally:
        os.kill(run.pid, signal.SIGCONT)
    for account in accounts:
        assert run.settled(account, "lost.csv").state == "ok"
    run.logged("watch.events_lost")
    take(run, "a7", "after.csv")
    for account in accounts:
        rows = run.ledger(account)
        assert [row["name"] for row in rows].count("lost.csv") == 1
        assert {row["state"] for row in rows} == {"ok"}


def test_reports_that_are_published_lose_no_events(run: Run) -> None:
    """By the daemon and by `contactsync report`, again and again. Only events can find the deposit afterwards."""
    created = datetime.now(UTC) - timedelta(days=3)
    account = run.add_account("acme", created_at=created)
    (run.ftp / account / "reporting").mkdir()
    begin(run, rescan_seconds=NEVER, report_delay_seconds=0)
    run.until(lambda: len(run.events("report.published")) == 3, "the days are published")
    for turn in range(3):
        for back in (1, 2, 3):
            day = datetime.now(PARIS).date() - timedelta(days=back)
            done = cli(run, "report", "--day", day)
            assert done.returncode == 0, done.stderr
        take(run, account, f"after{turn}.csv")
    assert run.events("watch.events_lost") == []


# --- folders that are deleted and made again ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Run]:
    """A daemon whose tree is taken apart; each test has accounts of its own."""
    folder = tmp_path_factory.mktemp("lost")
    with databases() as url, Run(folder, url, rescan_seconds=RESCAN_SECONDS) as program:
        yield program


def vanish(run: Run, folder: Path) -> None:
    """Delete a folder whole, against a daemon that makes what is missing below `contacts/`.

    A step that had the folder open still heals it where it was moved to, for as long as the step lasts.
    """
    aside = folder.with_name(f".gone-{folder.name}")
    folder.rename(aside)

    def gone() -> bool:
        shutil.rmtree(aside, ignore_errors=True)
        return not aside.exists()

    run.until(gone, f"{folder} is deleted")


def make_again(run: Run, account: str) -> None:
    """Create the folders again as an operator does, who also allows the home to be another folder than before."""
    done = cli(run, "init", account, "--accept-home")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("which", ["contacts/import/in", "contacts/import", "contacts", "."])
@pytest.mark.parametrize("moved", [False, True], ids=["deleted", "moved away"])
def test_a_recreated_folder_is_watched(shared: Run, which: str, moved: bool) -> None:
    """Any of an account's folders, deleted or moved, and created again by the daemon or an operator; twice in a row."""
    account = shared.add_account(f"f{len(shared.rows('SELECT FROM account'))}")
    take(shared, account, "before.csv")
    for name in ("one.csv", "two.csv"):
        folder = (shared.ftp / account / which).resolve()
        if moved:
            folder.rename(shared.folder / f"{account}-{name}")
        elif which.endswith("/in"):
            folder.rmdir()
        else:
            vanish(shared, folder)
        if which in ("contacts", "."):
            make_again(shared, account)
        # The daemon may recreate them one after the other.
        boxes = [shared.box(account, box) for box in BOXES]
        shared.until(lambda boxes=boxes: all(box.is_dir() for box in boxes), "all folders exist again")  # type: ignore[misc]  # mypy has no type for such a lambda
        take(shared, account, name)
    assert shared.events("bug") == []


def test_an_account_that_comes_back_to_nothing_waits_for_its_folders(shared: Run) -> None:
    """The log names the command to run, once, and a later deposit is processed."""
    account = shared.add_account("bare")
    take(shared, account, "before.csv")
    vanish(shared, shared.ftp / account)

    def logged() -> list[str]:
        return [line["fix"] for line in shared.events("account.no_folders") if line["account"] == account]

    shared.until(logged, "it is logged")
    make_again(shared, account)
    take(shared, account, "after.csv")
    assert logged() == [f"contactsync init {account}"]


def test_a_recreated_root_is_watched(run: Run) -> None:
    """The FTP root itself, deleted with everything in it."""
    account = run.add_account("acme")
    begin(run, rescan_seconds=RESCAN_SECONDS)
    take(run, account, "before.csv")
    vanish(run, run.ftp)
    run.until(lambda: run.events("account.no_folders"), "it is logged")
    run.ftp.mkdir()
    make_again(run, account)
    for name in ("one.csv", "two.csv"):
        take(run, account, name)
    assert run.events("watch.polling_only") == []
    assert run.events("bug") == []


# --- no events at all ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("max_inotify_watches=60", "the kernel gives no more watches: raise fs.inotify.max_user_watches"),
        ("max_inotify_watches=0", "inotify watch limit reached"),
        ("max_inotify_instances=0", "inotify instance limit reached"),
    ],
)
def test_without_events_the_scan_takes_every_deposit(run: Run, limit: str, reason: str) -> None:
    """The kernel has no watches left, in the middle of the tree or from the start, or no instances: logged once.

    Nothing but the scan can find these deposits.
    """
    skip_unless_reached(run, limit)
    accounts = [run.add_account(f"a{n}") for n in range(2)]
    begin(run, *limited(limit), rescan_seconds=RESCAN_SECONDS)
    logged = run.until(lambda: run.events("watch.polling_only"), "it says that it polls")
    for n, account in enumerate(accounts):
        for action in ("import", "optoutEMAIL"):
            take(run, account, f"{n}-{action}.csv", action)
    # Its folders appear after the limit was reached.
    late = run.add_account("late")
    take(run, late, "late.csv")
    assert [line["reason"] for line in logged] == [reason]
    assert run.events("watch.polling_only") == logged
    assert run.events("bug") == []


def test_without_events_an_upload_that_grows_is_taken_whole(run: Run) -> None:
    """A folder's own times do not change while a file in it grows, so the scan must look at the file itself.

    No part but the last one looks whole, and the daemon has scanned each of them before the next one comes.
    """
    skip_unless_reached(run, "max_inotify_instances=0")
    account, other = run.add_account("acme"), run.add_account("other")
    settings = {"rescan_seconds": 0.2, "settle_seconds": 0.3, "grace_seconds": 3600}
    begin(run, *limited("max_inotify_instances=0"), **settings)
    whole = people(20)
    path = run.box(account, "in") / "slow.csv"
    for n in range(0, len(whole), 150):
        with path.open("ab") as upload:
            upload.write(whole[n : n + 150])
        if n + 150 < len(whole):
            assert whole[n + 149 : n + 150] != b"\n"
            # It was deposited later, and scanned later.
            take(run, other, f"{n}.csv")
            assert path.exists()
    settled = run.settled(account, "slow.csv")
    assert (settled.state, settled.path.read_bytes()) == ("ok", whole)
