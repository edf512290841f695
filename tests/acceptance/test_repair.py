"""Repair as ops do it: `retry` and `tidy` beside a running daemon, killed at any moment, and the daemon's own tidying."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.program import HEADER, Program, people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BAD = (HEADER + "R1;Un;un@example.com\nR2;Deux;deux@example.com;\n").encode("latin-1")


@pytest.fixture
def running(down: Program) -> Iterator[Program]:
    """A daemon that takes files at once."""
    with down as program:
        yield program


def cli(
    program: Program, *arguments: object, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a command with the daemon's settings."""
    return subprocess.run(
        [*prefix, *program._command(*map(str, arguments))],
        env=program._environment,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


def refused(program: Program, account: str, name: str = "list.csv") -> dict[str, Any]:
    program.drop(account, name, BAD)
    assert program.settled(account, name).state == "ko"
    return program.ledger(account)[-1]


def test_retry_beside_a_running_daemon(running: Program) -> None:
    """A ko file is applied after its account was set right; the ledger, and `history`, know both."""
    running.add_account("acme")
    old = refused(running, "acme")
    assert cli(running, "account", "set", "acme", "--syntax-errors", "skip").returncode == 0
    done = cli(running, "retry", old["deposit_id"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"deposit {old['deposit_id']} is queued again: acme, import/in/list.csv\n"
    assert running.settled("acme", "list.csv").state == "ok"
    assert running.everywhere("acme") == [("ok", running.ledger("acme")[-1]["claimed_name"])]
    assert [row["retry_of"] for row in running.ledger("acme")] == [None, old["deposit_id"]]
    assert [row["reference"] for row in running.contacts("acme")] == ["R2"]
    again = cli(running, "retry", old["deposit_id"])
    assert again.returncode == 1
    assert f"as deposit {running.ledger('acme')[-1]['deposit_id']}" in again.stderr


def test_retry_refuses_with_a_word(running: Program) -> None:
    """What is applied, unknown, gone or has its name taken stays as it is: exit status 1, one sentence."""
    running.add_account("acme")
    running.drop("acme", "good.csv", people(1))
    running.settled("acme", "good.csv")
    ok = running.ledger("acme")[-1]
    old = refused(running, "acme")
    running.terminate()

    def said(deposit: object) -> str:
        done = cli(running, "retry", deposit)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        return done.stderr

    assert "was applied" in said(ok["deposit_id"])
    assert "there is no deposit 999" in said(999)
    taken = running.drop("acme", "list.csv", people(1))
    assert "a new upload of that name" in said(old["deposit_id"])
    assert taken.read_bytes() == people(1)
    taken.unlink()
    running.box("acme", "on", "delete").rmdir()
    assert "contactsync init acme" in said(old["deposit_id"])
    assert not running.box("acme", "on", "delete").exists()
    running.box("acme", "on", "delete").mkdir()
    (running.box("acme", "ko") / old["claimed_name"]).unlink()
    assert "no longer exists" in said(old["deposit_id"])
    assert running.ledger("acme")[-1]["retried_at"] is None


KILLS = ("renameat2:when=1", "unlinkat:when=2", "fsync:when=1")
"""A sample: the first unlink and the second fsync are like these."""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("kill", KILLS)
def test_retry_killed_at_any_step_is_finished_by_the_next_start(
    down: Program, kill: str, tmp_path: Path
) -> None:
    """The file lies in one place at every instant; the daemon's next start ends what was begun, applied once."""
    down.add_account("acme", syntax_errors="refuse")
    down.drop("acme", "list.csv", BAD)
    down.start("--once")
    assert down.wait() == 0
    (old,) = down.ledger("acme")
    (down.box("acme", "ko") / f"{old['claimed_name']}.rejected.csv").touch()  # as `no_valid_row` leaves one
    call = kill.partition(":")[0]
    folders = [part for box in ("in", "ko") for part in ("-P", str(down.box("acme", box)))]
    folders += ["-P", str(down.box("acme", "ko") / old["claimed_name"])]
    inject = f"inject={kill.replace(':', ':signal=SIGKILL:')}"
    prefix = (
        "strace",
        "-f",
        "-o",
        str(tmp_path / "strace.log"),
        "-e",
        f"trace={call}",
        "-e",
        inject,
        *folders,
    )
    done = cli(down, "retry", old["deposit_id"], prefix=prefix)
    assert done.returncode == -9, done
    assert len(down.everywhere("acme")) == 1
    down.rows("UPDATE account SET syntax_errors = 'skip', revision = revision + 1 RETURNING 1")
    down.start("--once")
    assert down.wait() == 0
    before, new = down.ledger("acme")
    assert (before["state"], new["state"], new["retry_of"]) == ("ko", "ok", old["deposit_id"])
    assert down.everywhere("acme") == [("ok", new["claimed_name"])]
    assert os.listdir(down.box("acme", "ko")) == []
    assert len(down.contacts("acme")) == 1


def test_retry_waits_for_a_deposit_in_work(running: Program) -> None:
    """The account's lock is waited for, with a word; then it is done."""
    import fcntl

    running.add_account("acme")
    old = refused(running, "acme")
    running.terminate()
    lock = os.open(running.box("acme", "in").parent.parent, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    command = running._command("retry", str(old["deposit_id"]))
    with subprocess.Popen(command, env=running._environment, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        assert "in progress" in waiting.stderr.readline()
        assert running.lying("acme", "ko") == [old["claimed_name"]]
        os.close(lock)
        assert waiting.wait(60) == 0
    assert running.lying("acme", "in") == ["list.csv"]


def aged(program: Program, days: int) -> None:
    program.rows("UPDATE deposit SET finished_at = now() - make_interval(days => %s) RETURNING 1", days)


def test_the_daemon_removes_what_is_old_and_nothing_else(down: Program) -> None:
    """At its start and from then on; the log tells how much, once an account."""
    down.configure(keep_settled_days=10, keep_history_days=20)
    down.add_account("acme")
    down.add_account("other")
    for account, name in (("acme", "a.csv"), ("acme", "b.csv"), ("other", "c.csv")):
        down.drop(account, name, people(1))
    down.start("--once")
    assert down.wait() == 0
    a, _b = down.ledger("acme")
    aged(down, 15)
    down.rows("UPDATE deposit SET finished_at = now() - interval '30 days' WHERE name = 'a.csv' RETURNING 1")
    down.rows("UPDATE deposit SET finished_at = now() WHERE name = 'c.csv' RETURNING 1")
    down.start()
    told = down.until(lambda: down.events("retention.removed"), "old files are removed")
    assert [(each["account"], each["files"], each["rows"]) for each in told] == [("acme", 2, 1)]
    assert os.listdir(down.box("acme", "ok")) == []
    assert [row["name"] for row in down.ledger("acme")] == ["b.csv"]
    assert len(down.lying("other", "ok")) == 1
    assert down.terminate() == 0
    assert cli(down, "retry", a["deposit_id"]).returncode == 1


def test_tidy_tells_first_and_does_it_then(down: Program) -> None:
    """--dry-run changes nothing; without it the same goes; with both settings 0 everything stays."""
    down.add_account("acme")
    down.drop("acme", "a.csv", people(1))
    down.start("--once")
    assert down.wait() == 0
    aged(down, 15)
    done = cli(down, "tidy", "--json")
    assert json.loads(done.stdout) == [{"account": "acme", "files": 0, "bytes": 0, "rows": 0}]
    assert "are 0" in done.stderr
    down.configure(keep_settled_days=10, keep_history_days=10)
    told = json.loads(cli(down, "tidy", "--dry-run", "--json").stdout)
    assert [(each["files"], each["rows"]) for each in told] == [(1, 1)]
    assert len(down.lying("acme", "ok")) == 1
    told = json.loads(cli(down, "tidy", "--json").stdout)
    assert [(each["files"], each["rows"]) for each in told] == [(1, 1)]
    assert os.listdir(down.box("acme", "ok")) == []
    assert down.ledger("acme") == []
    down.rows("INSERT INTO account (name) VALUES ('bare') RETURNING 1")
    done = cli(down, "tidy", "--json")
    assert (done.returncode, [each["account"] for each in json.loads(done.stdout)]) == (1, ["acme"])
    assert "contactsync init bare" in done.stderr


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("kill", ["unlinkat:when=2", "fsync:when=1"])
def test_tidy_killed_at_any_step_is_done_again(down: Program, kill: str, tmp_path: Path) -> None:
    """What is left after the kill goes the next time; the row goes last."""
    down.configure(keep_settled_days=10, keep_history_days=10)
    down.add_account("acme")
    down.drop("acme", "a.csv", people(1))
    down.start("--once")
    assert down.wait() == 0
    aged(down, 15)
    (row,) = down.ledger("acme")
    ok = down.box("acme", "ok")
    paths = [part for path in (ok, ok / row["claimed_name"]) for part in ("-P", str(path))]
    inject = f"inject={kill.replace(':', ':signal=SIGKILL:')}"
    call = kill.partition(":")[0]
    prefix = ("strace", "-f", "-o", str(tmp_path / "strace.log"), "-e", f"trace={call}", "-e", inject, *paths)
    assert cli(down, "tidy", prefix=prefix).returncode == -9
    assert len(down.ledger("acme")) == 1
    told = json.loads(cli(down, "tidy", "--json").stdout)
    assert [(each["files"], each["rows"]) for each in told] == [(1, 1)]
    assert os.listdir(ok) == []


def test_two_at_once_remove_each_file_once(down: Program) -> None:
    """As several daemons do: who comes second finds less to do."""
    down.configure(keep_settled_days=10)
    down.add_account("acme")
    for n in range(3):
        down.drop("acme", f"{n}.csv", people(1))
    down.start("--once")
    assert down.wait() == 0
    aged(down, 15)
    command = down._command("tidy", "--json")
    both = [subprocess.Popen(command, env=down._environment, stdout=subprocess.PIPE) for _ in range(2)]
    told = [json.loads(each.communicate(timeout=60)[0])[0]["files"] for each in both]
    assert sorted(told) == [0, 3]
    assert os.listdir(down.box("acme", "ok")) == []


def test_retention_in_small_steps_beside_work(tmp_path: Path, database_url: str) -> None:
    """A thousand old files go while new deposits are taken as promptly as ever, and none of them is touched."""
    with closing(Program(tmp_path / "p", database_url, keep_settled_days=10)) as down:
        down.add_account("acme")
        ok = down.box("acme", "ok")
        for n in range(1000):
            (ok / f"{n}_old.csv").touch()
        down.rows(
            "INSERT INTO deposit (account_id, action, name, name_bytes, claimed_name, claimed_bytes, deposited_at,"
            " claimed_at, size_bytes, state, finished_at)"
            " SELECT account_id, 'import', 'old.csv', 'old.csv', n || '_old.csv', (n || '_old.csv')::bytea, now(), now(), 0,"
            " 'ok', now() - interval '11 days' FROM account, generate_series(0, 999) AS n RETURNING 1"
        )
        down.start()
        for n in range(5):
            down.drop("acme", f"new{n}.csv", people(1))
            assert down.settled("acme", f"new{n}.csv").state == "ok"
        (told,) = down.until(lambda: down.events("retention.removed"), "old files are removed")
        assert told["files"] == 1000
        assert len(down.lying("acme", "ok")) == 5
