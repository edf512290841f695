"""`status` for people: it fits the terminal, and what somebody may want to act on is never cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from contactsync.cli.status_report import (
    AccountReport,
    DaemonReport,
    DatabaseReport,
    DepositInProgress,
    LedgerCounts,
    Refusal,
    StatusReport,
)
from contactsync.cli.status_text import text
from contactsync.cli.waiting import Queue

NAME = "a-company-with-a-very-long-name.and-its-branch-in-Clermont-Ferrand"[:64]
WIDE = "1795432393_顧客リスト_" + "e\u0301" * 90 + ".csv"
SENTENCE = f"import/on/{WIDE} has been in progress for 12 s: 1,250,000 rows read at 104,166 rows/s"
DAEMON = DaemonReport(
    state="running", sentence="running (pid 4711, since 2026-11-26T10:00:00Z, version 0.1.0): 3 accounts",
    silent_seconds=0.5, pid=4711, since=None, version=None, as_of=None, summary=None, database_away=None,
    database_away_since=None, troubles=None, queued=None, running=None, pausing=None, is_down=False,
)  # fmt: skip
ACCOUNTS = (
    AccountReport("acme", Queue(0, None, "ok"), None, LedgerCounts(0, None, 3, 0)),
    AccountReport(
        NAME,
        Queue(123_456, 1_000_000, "missing: contactsync init"),
        f"import/in/{WIDE} looks incomplete; will be processed in 120 s",
        LedgerCounts(1, 2, 10_000, 9_999, Refusal(1, "import", "too_few_fields", datetime.now(UTC), WIDE)),
        DepositInProgress("import", WIDE, 1, "reading", 12, 1_250_000, 104_166, SENTENCE),
    ),
)
REPORT = StatusReport(
    DAEMON, DatabaseReport(reachable=True, embedded=False, schema="0012_operators", error=None), ACCOUNTS
)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Long names, wide characters and combining marks included."""
    assert max(cell_len(line) for line in text(REPORT, width).splitlines()) <= width


@pytest.mark.parametrize("width", [60, 80, 120])
def test_names_and_sentences_are_wrapped_and_not_cut(width: int) -> None:
    """The account's whole name, what it waits for, what is in progress and the last refusal can be read."""
    shown = "".join(text(REPORT, width).split())
    for words in (
        NAME,
        SENTENCE,
        "too_few_fields",
        "looks incomplete; will be processed in 120 s",
        "attempt 2",
    ):
        assert "".join(words.split()) in shown


def test_an_account_without_anything_to_report_takes_one_line() -> None:
    """Hundreds of them stay readable."""
    report = replace(REPORT, accounts=[replace(ACCOUNTS[0], account=f"a{n}") for n in range(200)])
    assert len(text(report, 60).splitlines()) <= 206


def test_without_a_database_no_account_is_not_claimed() -> None:
    """Only the database knows that there is none."""
    away = DatabaseReport(reachable=False, embedded=False, schema=None, error="it is unreachable")
    shown = text(replace(REPORT, accounts=(), database=away), 80)
    assert "no account" not in shown
    assert "unknown" in shown
    assert "there is no account yet" in text(replace(REPORT, accounts=()), 80)
