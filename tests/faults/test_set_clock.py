"""The host's clock is set while the daemon runs: libfaketime fakes the daemon's, the kernel's change times stay true."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contactsync.domain.names import split_claimed
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from tests.faults.scene import Run

DAY = 86_400
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def test_a_clock_that_is_set_while_the_daemon_runs_costs_no_deposit(run: Run) -> None:
    """Back, forward, by decades: each deposit is applied once, under a stamp that is neither ahead nor negative."""
    if not LIBRARIES:
        pytest.skip("libfaketime is not installed (Debian: faketime)")
    clock = run.folder / "clock"
    run._environment |= {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    clock.write_text("+0\n")
    account = run.add_account("acme")
    run.configure(rescan_seconds=0.3, settle_seconds=0.3)
    run.start()
    run.started()
    for number, days in enumerate([0, -400, 400, 30_000, -9_000, -9_000, 0]):
        clock.write_text(f"{days:+}d\n")
        before = int(time.time())
        run.drop(account, "list.csv", people(number + 1))
        run.until(lambda n=number: len(run.files_in(account, "ok")) == n + 1, f"it settles at {days:+} days")  # type: ignore[misc]  # mypy has no type for such a lambda
        row = run.ledger(account)[-1]
        stamp = split_claimed(row["claimed_name"].encode())[0]
        assert (
            0 <= min(before, before + days * DAY) <= stamp <= min(time.time(), time.time() + days * DAY) + 1
        )
        assert (row["state"], row["rows_applied"]) == ("ok", number + 1)
    assert [row["rows_read"] for row in run.ledger(account)] == list(range(1, 8))
    assert sorted(
        (run.box(account, "ok") / name).read_bytes().count(b"\n") for name in run.files_in(account, "ok")
    ) == list(range(2, 9))
    assert len(run.contacts(account)) == 7
    assert run.events("bug") == []
