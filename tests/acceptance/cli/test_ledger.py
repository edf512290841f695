"""`status` and `history` read the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg

from contactsync.domain import names
from tests.acceptance.cli.command import Run


def test_status_and_history(
    contactsync: Run, acme: int, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """`status` counts deposits that wait, are in progress, and were settled today; `history` lists the ledger, newest first."""
    incoming = tmp_path / "ftp/acme/contacts/import/in"
    incoming.mkdir(parents=True)
    for name in ("a.csv", "b.csv", "c.part", ".addToExistingList"):
        (incoming / name).touch()
    name = b"li\nst.csv"
    for state, reason in (("ok", None), ("ko", "empty_file"), ("on", None)):
        conn.execute(
            "INSERT INTO contactsync.deposit (account_id, action, name, name_bytes, claimed_name, claimed_bytes,"
            " deposited_at, claimed_at, size_bytes, state, reason, attempts, finished_at)"
            " VALUES (%(id)s, 'import', %(text)s, %(name)s, %(text)s, %(name)s || %(state)s::text::bytea, now(),"
            " now(), 1, %(state)s, %(reason)s, 2, CASE WHEN %(state)s <> 'on' THEN now() END)",
            {"id": acme, "name": name, "text": names.as_text(name), "state": state, "reason": reason},
        )
    shown = json.loads(contactsync("status", "--json").stdout)
    assert shown["database"]["reachable"] is True
    assert shown["database"]["schema"] is not None
    [account] = shown["accounts"]
    counts = {key: account[key] for key in ("waiting", "in_work", "attempts", "ok_today", "ko_today")}
    assert counts == {"waiting": 2, "in_work": 1, "attempts": 2, "ok_today": 1, "ko_today": 1}
    assert account["last_refused"]["reason"] == "empty_file"
    assert account["folders"].startswith("missing")
    assert "empty_file, import/li\\nst.csv" in contactsync("status").stdout
    rows = json.loads(contactsync("history", "--json").stdout)
    assert [row["state"] for row in rows] == ["on", "ko", "ok"]
    assert rows[0]["file"] == r"li\nst.csv"
    only = contactsync("history", "--account", "acme", "--state", "ko", "--action", "import", "--limit", "1")
    assert len(only.stdout.splitlines()) == 2
    wrong = contactsync("history", "--state", "gone", "--action", "x")
    assert wrong.returncode == 2
    assert len(wrong.stderr.splitlines()) == 2


def test_history_filters(contactsync: Run, acme: int, conn: psycopg.Connection[Any]) -> None:
    """By reason, by name with or without its stamp, by the account's day. Invalid values are reported all at once."""
    given = [
        ("list_a.csv", "100_list_a.csv", "ko", "empty_file", "2026-03-01 22:59:59+00"),
        ("list%b.csv", "101_list%b.csv", "ok", None, "2026-03-01 23:00:00+00"),  # midnight in Paris
        ("other.csv", "102_other.csv", "ko", "no_rows", "2026-03-02 12:00:00+00"),
    ]
    for name, claimed, state, reason, when in given:
        conn.execute(
            "INSERT INTO contactsync.deposit (account_id, action, name, name_bytes, claimed_name, claimed_bytes,"
            " deposited_at, claimed_at, size_bytes, state, reason)"
            " VALUES (%s, 'import', %s, %s, %s, %s, %s, now(), 1, %s, %s)",
            (acme, name, name.encode(), claimed, claimed.encode(), when, state, reason),
        )

    def found(*options: str) -> list[str]:
        done = contactsync("history", "--json", *options)
        assert done.returncode == 0, done.stderr
        return [row["file"] for row in json.loads(done.stdout)]

    assert found() == ["other.csv", "list%b.csv", "list_a.csv"]
    assert found("--reason", "empty_file") == ["list_a.csv"]
    assert found("--name", "list*") == ["list%b.csv", "list_a.csv"]
    assert found("--name", "list_a.csv") == ["list_a.csv"]
    assert found("--name", "list_b.csv") == []
    assert found("--name", "list?b.csv") == ["list%b.csv"]
    assert found("--name", "101_*") == ["list%b.csv"]
    assert found("--day", "2026-03-01") == ["list_a.csv"]
    assert found("--day", "2026-03-02", "--state", "ok") == ["list%b.csv"]
    assert found("--since", "2026-03-02") == ["other.csv", "list%b.csv"]
    assert found("--since", "2026-03-02 00:00+00:00") == ["other.csv"]
    assert found("--since", "1h") == found("--since", "yesterday") == []
    conn.execute(
        "UPDATE contactsync.deposit SET deposited_at = now() - interval '30 min' WHERE name = 'other.csv'"
    )
    assert found("--since", "1h") == ["other.csv"]
    wrong = contactsync("history", "--day", "1h", "--since", "x", "--reason", "bad", "--state", "gone")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 4)
    assert "no such deposit" in contactsync("history", "--state", "on").stderr
