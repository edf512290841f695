"""`tidy`, killed at any step too, and the daemon's own retention."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.program import DEADLINE, Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from pathlib import Path


def aged(program: Program, days: int) -> None:
    program.rows("UPDATE deposit SET finished_at = now() - make_interval(days => %s) RETURNING 1", days)


def test_the_daemon_removes_what_is_old_and_nothing_else(down: Program) -> None:
    """At its start and from then on. The log reports how much was removed, once per account."""
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
    removed = down.until(lambda: down.events("retention.removed"), "old files are removed")
    assert [(each["account"], each["files"], each["rows"]) for each in removed] == [("acme", 2, 1)]
    assert os.listdir(down.box("acme", "ok")) == []
    assert [row["name"] for row in down.ledger("acme")] == ["b.csv"]
    assert len(down.files_in("other", "ok")) == 1
    assert down.terminate() == 0
    assert cli(down, "retry", a["deposit_id"]).returncode == 1


def test_tidy_dry_run_reports_what_tidy_then_removes(down: Program) -> None:
    """--dry-run changes nothing; without it the same goes; with both settings 0 everything stays."""
    down.add_account("acme")
    down.drop("acme", "a.csv", people(1))
    down.start("--once")
    assert down.wait() == 0
    aged(down, 15)
    done = cli(down, "tidy", "--json")
    nothing = {"files": 0, "bytes": 0, "rows": 0, "reactions": 0, "consent_events": 0, "contacts": 0}
    assert json.loads(done.stdout) == [{"account": "acme", **nothing}]
    assert "are 0" in done.stderr
    down.configure(keep_settled_days=10, keep_history_days=10)
    removed = json.loads(cli(down, "tidy", "--dry-run", "--json").stdout)
    assert [(each["files"], each["rows"]) for each in removed] == [(1, 1)]
    assert len(down.files_in("acme", "ok")) == 1
    removed = json.loads(cli(down, "tidy", "--json").stdout)
    assert [(each["files"], each["rows"]) for each in removed] == [(1, 1)]
    assert os.listdir(down.box("acme", "ok")) == []
    assert down.ledger("acme") == []
    down.rows("INSERT INTO account (name) VALUES ('bare') RETURNING 1")
    done = cli(down, "tidy", "--json")
    assert (done.returncode, [each["account"] for each in json.loads(done.stdout)]) == (1, ["acme"])
    assert "contactsync init bare" in done.stderr


def test_personal_data_goes_by_tidy_and_by_the_daemon(down: Program) -> None:
    """--dry-run counts what tidy and the daemon then remove: a reaction, an event of consent, an idle contact."""
    down.add_account("acme")
    down.drop("acme", "a.csv", people(2))
    down.drop("acme", "back.csv", b"Email\nback@example.org\n", "optoutEMAIL")
    down.start("--once")
    assert down.wait() == 0
    aged(down, 200)
    down.rows("DELETE FROM opt_out RETURNING 1")
    down.rows("UPDATE consent_event SET occurred_at = now() - interval '200 days' RETURNING 1")
    down.rows(
        "UPDATE contact SET updated_at = now() - interval '200 days' WHERE email = 'p1@example.com' RETURNING 1"
    )
    down.rows(
        "INSERT INTO campaign (account_id, campaign_id, name, media) SELECT account_id, 1, 'spring', '{EMAIL}'"
        " FROM account RETURNING 1"
    )
    for days in (1, 200):
        down.rows(
            "SELECT record_reaction(account_id, 1, contact_id, 'EMAIL', 'clicked', now() - make_interval(days => %s))"
            " FROM contact WHERE email = 'p2@example.com'",
            days,
        )
    down.configure(keep_reactions_days=100, keep_consent_days=100, keep_contacts_idle_days=100)
    expected = {"reactions": 1, "consent_events": 1, "contacts": 1}
    dry = json.loads(cli(down, "tidy", "--dry-run", "--json").stdout)[0]
    assert {key: dry[key] for key in expected} == expected
    down.start()
    (removed,) = down.until(lambda: down.events("retention.removed"), "old data is removed")
    assert {key: removed[key] for key in expected} == expected
    assert down.terminate() == 0
    assert [row["email"] for row in down.contacts("acme")] == ["p2@example.com"]
    again = json.loads(cli(down, "tidy", "--json").stdout)[0]
    assert {key: again[key] for key in expected} == dict.fromkeys(expected, 0)


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
    removed = json.loads(cli(down, "tidy", "--json").stdout)
    assert [(each["files"], each["rows"]) for each in removed] == [(1, 1)]
    assert os.listdir(ok) == []


def test_two_tidy_commands_at_once_remove_each_file_once(down: Program) -> None:
    """As several daemons do: the second one finds less to do."""
    down.configure(keep_settled_days=10)
    down.add_account("acme")
    for n in range(3):
        down.drop("acme", f"{n}.csv", people(1))
    down.start("--once")
    assert down.wait() == 0
    aged(down, 15)
    command = down._command("tidy", "--json")
    both = [subprocess.Popen(command, env=down._environment, stdout=subprocess.PIPE) for _ in range(2)]
    removed = [json.loads(each.communicate(timeout=DEADLINE)[0])[0]["files"] for each in both]
    assert sorted(removed) == [0, 3]
    assert os.listdir(down.box("acme", "ok")) == []


def test_retention_does_not_delay_deposits(tmp_path: Path, database_url: str) -> None:
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
        (removed,) = down.until(lambda: down.events("retention.removed"), "old files are removed")
        assert removed["files"] == 1000
        assert len(down.files_in("acme", "ok")) == 5
