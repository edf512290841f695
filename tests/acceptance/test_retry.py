"""`retry` beside a running daemon, and killed at any step."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.program import DEADLINE, Program
from tests.acceptance.tables import HEADER, people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


BAD = (HEADER + "R1;Un;un@example.com\nR2;Deux;deux@example.com;\n").encode("latin-1")


@pytest.fixture
def running(down: Program) -> Iterator[Program]:
    """A daemon that takes files at once."""
    with down as program:
        yield program


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


def test_retry_refuses_with_one_sentence(running: Program) -> None:
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
    """The file is in one place at every instant; the daemon's next start completes the retry, and applies the file once."""
    down.add_account("acme", syntax_errors="refuse")
    down.drop("acme", "list.csv", BAD)
    down.start("--once")
    assert down.wait() == 0
    (old,) = down.ledger("acme")
    # `no_valid_row` leaves one.
    (down.box("acme", "ko") / f"{old['claimed_name']}.rejected.csv").touch()
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


def test_retry_waits_for_a_deposit_in_progress(running: Program) -> None:
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
        assert running.files_in("acme", "ko") == [old["claimed_name"]]
        os.close(lock)
        assert waiting.wait(DEADLINE) == 0
    assert running.files_in("acme", "in") == ["list.csv"]
