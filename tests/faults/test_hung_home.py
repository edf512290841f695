"""The file system below one home hangs or dies: the other accounts go on, and everything names that home."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from contactsync.domain.deposit import ACTIONS
from tests.acceptance.commands import cli
from tests.acceptance.tables import people
from tests.acceptance.watched import Watched
from tests.faults import hung_mount
from tests.faults.hung_mount import HungMount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.program import Program
    from tests.faults.scene import Run

HANGS = "file system hangs"
DEAD = "Transport endpoint is not connected"


@pytest.fixture(autouse=True)
def _can_mount(tmp_path: Path) -> None:
    folder = tmp_path / "try"
    folder.mkdir()
    if not hung_mount.is_possible(folder):
        pytest.skip("this host lets us mount no file system")


@pytest.fixture
def two(run: Run) -> Run:
    """Two accounts, with homes of their own, `slow` and `fast`."""
    for name in ("slow", "fast"):
        run.add_account(name)
    assert cli(run, "init").returncode == 0
    return run


@pytest.fixture
def hung(two: Run) -> Iterator[HungMount]:
    """The home of `slow` hangs."""
    with HungMount(two.ftp / "slow") as mount:
        yield mount


def apply_one(run: Run, account: str, name: str) -> None:
    """See a deposit applied."""
    run.drop(account, name, people(1))
    assert run.settled(account, name).state == "ok"


def named(run: Program, event: str) -> list[str]:
    return [line["account"] for line in run.events(event)]


def test_a_home_that_hangs_delays_nobody_else(two: Run) -> None:
    """The daemon names it, and continues with it when it answers again. Meanwhile SIGTERM ends the daemon as usual."""
    two.start()
    two.started()
    apply_one(two, "fast", "before.csv")
    with HungMount(two.ftp / "slow"):
        two.until(lambda: named(two, "account.home_hung") == ["slow"], "the home is named")
        apply_one(two, "fast", "meanwhile.csv")
    two.until(lambda: named(two, "account.home_answers") == ["slow"], "the home answers again")
    apply_one(two, "slow", "after.csv")
    with HungMount(two.ftp / "slow"):
        two.until(lambda: len(named(two, "account.home_hung")) == 2, "the home is named again")
        assert two.terminate() == 0


def test_a_daemon_starts_beside_a_home_that_hangs(two: Run, hung: HungMount) -> None:
    """It serves the others, stops at once, and at its next start serves the home that answers."""
    two.start()
    two.started()
    apply_one(two, "fast", "a.csv")
    two.until(lambda: named(two, "account.home_hung") == ["slow"], "the home is named")
    apply_one(two, "fast", "b.csv")
    hung.unmount()
    apply_one(two, "slow", "c.csv")
    assert two.terminate() == 0


def test_a_worker_that_hangs_is_replaced(two: Run) -> None:
    """The only worker is in a step of the account whose home hangs."""
    two.configure(workers=1, shutdown_seconds=4, rescan_seconds=0.5)
    two.start()
    two.started()
    # What the daemon watches is the folder below the mount.
    inside = os.open(two.box("slow", "in"), os.O_RDONLY)
    apply_one(two, "slow", "before.csv")
    with HungMount(two.ftp / "slow"):
        os.close(os.open("x.csv", os.O_CREAT | os.O_WRONLY, dir_fd=inside))
        os.close(inside)
        apply_one(two, "fast", "meanwhile.csv")
        assert named(two, "account.home_hung") == ["slow"]
        assert two.terminate() == 0


@pytest.mark.parametrize("first", [False, True], ids=["later", "from the start"])
def test_metrics_are_answered_beside_a_home_that_hangs(watched: Watched, *, first: bool) -> None:
    """Twice as often as there are threads for them; the account is in trouble, also if its home never answered.

    The count of files is marked as a part.
    """
    for name in ("slow", "fast"):
        watched.add_account(name)
    with ExitStack() as stack:
        if first:
            stack.enter_context(HungMount(watched.ftp / "slow"))
        stack.enter_context(watched)
        watched.until(lambda: watched.health()[0] == 200, "it answers")
        if not first:
            stack.enter_context(HungMount(watched.ftp / "slow"))
        watched.until(lambda: named(watched, "account.home_hung") == ["slow"], "the home is named")
        for _ in range(4):
            assert watched.get("/metrics")[0] == 200
        # Answers are given again for a while before they are computed again.
        for line in ("contactsync_accounts_in_trouble 1.0", "contactsync_backlog_is_whole 0.0"):
            watched.until(lambda line=line: line in watched.get("/metrics")[1], line)  # type: ignore[misc]  # binds the loop's value
        assert watched.health()[0] == 200
        assert watched.terminate() == 0


@pytest.fixture
def watched(tmp_path: Path, database_url: str) -> Iterator[Watched]:
    """A daemon with HTTP that the test starts."""
    with closing(Watched(tmp_path / "watched", database_url)) as program:
        yield program


@pytest.mark.parametrize(("dies", "reason"), [(False, HANGS), (True, DEAD)], ids=["hangs", "dead"])
def test_commands_report_it_and_go_on(two: Run, hung: HungMount, dies: bool, reason: str) -> None:
    """`status`, `doctor` and `init --check` name the home, show the other account, and end."""
    if dies:
        hung.die()
    two.drop("fast", "a.csv", people(1))
    shown = {row["account"]: row for row in _json(two, "status")["accounts"]}
    assert reason in shown["slow"]["folders"]
    assert (shown["fast"]["folders"], shown["fast"]["waiting"]) == ("ok", 1)
    found = _json(two, "doctor")
    assert any(
        "slow" in each["message"] and reason in each["message"] for each in found if each["level"] == "error"
    )
    checked = cli(two, "init", "--check")
    assert "slow" in checked.stderr
    assert reason in checked.stderr
    assert checked.stdout.startswith("fast: ")
    made = cli(two, "init")
    assert (reason in made.stderr, "fast" in made.stdout) == (True, True)


def test_commands_without_a_database_report_it_too(two: Run, hung: HungMount) -> None:
    """They find the homes by their folders."""
    two.drop("fast", "a.csv", people(1))
    two.configure(database_url="postgresql://127.0.0.1:1/none")
    shown = {row["account"]: row for row in _json(two, "status")["accounts"]}
    assert HANGS in shown["slow"]["folders"]
    assert shown["fast"]["waiting"] == 1
    assert _json(two, "doctor")


def test_a_name_that_the_locale_lacks_costs_its_account_only(run: Run) -> None:
    """The daemon in a locale without that letter serves the others, and names the remedy."""
    far = run.folder / "société"
    run.add_account("wide", home=str(far))
    run.add_account("fast")
    for action in ACTIONS:
        for box in ("in", "on", "ok", "ko"):
            (far / "contacts" / action / box).mkdir(parents=True)
    run._environment |= {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    run.start()
    run.started()
    apply_one(run, "fast", "a.csv")
    (line,) = run.logged("account.bad_home")
    assert (line["account"], "LC_ALL=C.UTF-8" in line["fix"]) == ("wide", True)
    shown = {row["account"]: row["folders"] for row in _json(run, "status")["accounts"]}
    assert ("LC_ALL" in shown["wide"], shown["fast"]) == (True, "ok")
    assert _json(run, "doctor")
    assert run.terminate() == 0


def _json(run: Run, *command: str) -> Any:
    ran = cli(run, *command, "--json")
    assert ran.stdout, ran.stderr
    return json.loads(ran.stdout)
