"""`/metrics` and `/healthz` of a running daemon: they show what it does, and what it waits for."""

from __future__ import annotations

import ctypes
import os
import re
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from contactsync.telemetry import health
from tests.acceptance.tables import HEADER, people, table
from tests.acceptance.watched import Watched
from tests.faults.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# From <linux/ptrace.h>.
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207


def test_deposits_rows_and_times_are_counted(watched: Watched) -> None:
    """Deposits, rows, rejects, effects and times match result.json and the log."""
    watched.add_account("acme")
    started = time.time()
    bad = table(HEADER.strip(), "R1;a;a@example.com;", "R2;b;no address;", "R3;c;;", ";d;d@example.com;")
    with watched:
        watched.drop("acme", "good.csv", people(10))
        watched.drop("acme", "bad.csv", bad)
        watched.drop("acme", "refused.csv", b"")
        for name in ("good.csv", "bad.csv", "refused.csv"):
            watched.settled("acme", name)
        done = {"account": "acme", "action": "import"}
        watched.until(lambda: watched.value("deposits_total", **done, state="ko") == 1, "it is counted")
        results = [watched.settled("acme", name).result for name in ("good.csv", "bad.csv")]
        assert watched.value("deposits_total", **done, state="ok") == 2
        assert watched.value("deposits_refused_total", reason="empty_file") == 1
        for result in ("applied", "rejected"):
            expected = sum(each[f"rows_{result}"] for each in results)
            assert watched.value("rows_total", action="import", result=result) == expected > 0
        for effect in ("inserted", "updated", "unchanged", "removed"):
            expected = sum(each[effect] for each in results)
            assert watched.value("effects_total", action="import", effect=effect) == expected
        for error in results[1]["errors"]:
            assert watched.value("rows_rejected_total", code=error["code"]) == 1
        for stage, times in (("admit", 3), ("read", 2), ("merge", 2), ("settle", 3)):
            assert watched.value("stage_seconds_count", stage=stage) == times
        lines = watched.logged("deposit.settled", times=3)
        worked = watched.value("work_seconds_sum")
        assert worked == pytest.approx(sum(line["duration_ms"] for line in lines) / 1000, abs=0.01)
        assert watched.value("accounts") == 1
        assert watched.value("database_up") == 1
        rescan = watched.value("last_rescan_timestamp_seconds")
        assert rescan is not None
        assert started <= rescan <= time.time()
        assert watched.health()[0] == 200


def test_the_last_deposits_come_from_the_ledger(watched: Watched) -> None:
    """Per account and action, also those from before a restart."""
    watched.add_account("acme")
    with watched:
        watched.drop("acme", "good.csv", people(3))
        watched.drop("acme", "empty.csv", b"")
        for name in ("good.csv", "empty.csv"):
            watched.settled("acme", name)
    finished = {row["state"]: row["finished_at"].timestamp() for row in watched.ledger("acme")}
    with watched:
        labels = {"account": "acme", "action": "import"}
        assert watched.value("account_last_ok_timestamp_seconds", **labels) == pytest.approx(finished["ok"])
        refused = watched.value("account_last_refused_timestamp_seconds", **labels)
        assert refused == pytest.approx(finished["ko"])


def test_waiting_files_are_counted(watched: Watched) -> None:
    """A file that does not look whole waits out its grace time: it is counted, and it has an age."""
    watched.configure(grace_seconds=3600)
    watched.add_account("acme")
    with watched:
        half = watched.drop("acme", "half.csv", people(3)[:-1])
        watched.until(lambda: watched.value("deposits_waiting") == 1, "it is counted")
        age = watched.value("oldest_deposit_age_seconds")
        assert age is not None
        assert 0 < age <= time.time() - half.stat().st_ctime
        watched.until(lambda: watched.health()[1]["pausing"] == 1, "its account pauses")


def test_an_unreachable_database_is_degraded(tmp_path: Path, database_url: str) -> None:
    """200 with the reason: a restart would not help. It is over when the database is back."""
    with Proxy(database_url) as proxy, closing(Watched(tmp_path / "away", database_url)) as watched:
        watched.configure(database_url=proxy.url)
        watched.add_account("acme")
        with watched:
            watched.until(lambda: watched.health()[1].get("accounts") == 1, "it knows its accounts")
            proxy.refusing = True
            proxy.cut_all()
            watched.until(lambda: watched.value("database_up") == 0, "it is noticed")
            # The endpoint takes the daemon's condition a moment later than the metric.
            status, body = watched.until(
                lambda: watched.health()[1]["status"] == "degraded" and watched.health(), "it is reported"
            )
            assert status == 200
            assert re.fullmatch(r"the database is unreachable: .*", body["problems"][0])
            assert watched.value("database_away_seconds") is not None
            watched.drop("acme", "list.csv", people(3))
            watched.until(
                lambda: (watched.value("troubles_total", kind="database") or 0) > 0, "it is counted"
            )
            proxy.refusing = False
            assert watched.settled("acme", "list.csv").state == "ok"
            watched.until(lambda: watched.health()[1]["status"] == "ok", "it is ok again")


def test_an_account_in_trouble_is_degraded(watched: Watched) -> None:
    """It is named with what it waits for; the others are served."""
    for account in ("acme", "other"):
        watched.add_account(account)
    in_the_way = watched.box("acme", "ok", "delete")
    in_the_way.rmdir()
    in_the_way.touch()
    with watched:
        watched.until(lambda: watched.value("accounts_in_trouble") == 1, "it is seen")
        status, body = watched.health()
        assert (status, body["status"]) == (200, "degraded")
        assert body["problems"] == ["1 accounts wait, acme longest: Not a directory"]
        assert (watched.value("troubles_total", kind="deposit") or 0) > 0
        watched.drop("other", "list.csv", people(3))
        assert watched.settled("other", "list.csv").state == "ok"
        in_the_way.unlink()
        watched.until(lambda: watched.health()[1]["status"] == "ok", "it is over")


@contextmanager
def frozen(program: Watched) -> Iterator[None]:
    """The daemon's main thread is stopped and its other threads run, as in a system call that hangs."""
    for _ in range(50):
        _ptrace(PTRACE_SEIZE, program.pid)
        _ptrace(PTRACE_INTERRUPT, program.pid)
        os.waitpid(program.pid, 0)
        if program.get("/healthz", seconds=2)[0]:
            break
        # It was stopped while it ran Python code, and held the lock.
        _ptrace(PTRACE_DETACH, program.pid)
    try:
        yield
    finally:
        _ptrace(PTRACE_DETACH, program.pid)


def _ptrace(request: int, pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(request, pid, None, None) != 0:
        pytest.skip(f"ptrace is not allowed here: {os.strerror(ctypes.get_errno())}")


def test_a_main_loop_that_stands_still_is_failing(watched: Watched) -> None:
    """503 once its time is up, while workers continue; 200 again when the loop continues."""
    watched.add_account("acme")
    with watched:
        watched.until(lambda: watched.health()[1].get("accounts") == 1, "it knows its accounts")
        with frozen(watched):
            watched.until(lambda: watched.health()[0] != 200, "the main loop's time is up")
            status, body = watched.health()
            assert (status, body["status"]) == (503, "failing")
            assert "main loop" in body["problems"][0]
            assert body["main_loop_seconds"] > health.LOOP_SECONDS
            watched.drop("acme", "list.csv", people(3))
            # The event brought it.
            assert watched.settled("acme", "list.csv").state == "ok"
        watched.until(lambda: watched.health()[0] == 200, "it is ok again")
