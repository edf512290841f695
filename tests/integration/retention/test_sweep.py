"""Old settled files and ledger rows, on a real tree and database: what is removed, and above all what is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from contactsync.database import retries
from contactsync.retention import sweep
from contactsync.retention.swept import START, Swept

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Site

GOOD, BAD, HALF = "Email\na@example.org\n", "Email;Nom\nx\n", "Email\nno\nb@example.org\n"


def settled(site: Site, content: str = GOOD, name: str = "list.csv", *, days: int = 0) -> dict[str, Any]:
    """Apply a deposit and date its settling back by so many days."""
    row = site.apply(content, name)
    site.conn.execute(
        "UPDATE contactsync.deposit SET finished_at = now() - make_interval(days => %s) WHERE deposit_id = %s",
        (days, row["deposit_id"]),
    )
    return row


def remove_files(site: Site, days: int = 10) -> Swept:
    with site.spool() as spool:
        return sweep.remove_files(site.daemon, site.account, spool, days, START)


def delete_rows(site: Site, days: int = 10) -> Swept:
    with site.spool() as spool:
        return sweep.delete_rows(site.daemon, site.account, spool, days, START)


def path_of(site: Site, row: dict[str, Any], box: str) -> Path:
    return site.folder(row["action"], box) / row["claimed_name"]


def test_old_settled_files_are_removed_with_their_results_and_young_ones_kept(site: Site) -> None:
    """In ok and ko alike, with rejected files. Foreign files in the same folders are kept."""
    settled(site, GOOD, "old_ok.csv", days=11)
    settled(site, BAD, "old_ko.csv", days=11)
    settled(site, HALF, "old_half.csv", days=11)
    settled(site, GOOD, "young.csv", days=9)
    (site.folder(box="ok") / "1_foreign.csv").touch()
    swept = remove_files(site)
    assert (swept.files, swept.rows) == (3, 0)
    assert swept.bytes > len(GOOD + BAD + HALF)
    assert site.boxes() == {
        "in": [],
        "on": [],
        "ok": ["foreign.csv", "young.csv", "young.csv.result.json"],
        "ko": [],
    }
    assert [row["tidied_at"] is None for row in site.ledger()] == [False, False, False, True]
    assert remove_files(site).files == 0


def test_a_deposit_in_progress_is_never_touched(site: Site) -> None:
    """Its verdict is in the ledger, its file still in on/: file and row are kept, so nothing is applied twice."""
    row = settled(site, days=99)
    path_of(site, row, "ok").rename(path_of(site, row, "on"))
    assert remove_files(site).files == 0
    assert delete_rows(site).rows == 0
    assert path_of(site, row, "on").exists()
    # Recovery moves it, by its row.
    assert site.work() == []
    assert path_of(site, row, "ok").exists()
    assert len(site.contacts("email")) == 1


def test_a_deposit_that_waits_for_its_retry_is_never_touched(site: Site) -> None:
    """The ledger says that it is retried, but the rename is still to come."""
    row = settled(site, BAD, days=99)
    assert retries.set_retried(site.daemon, site.account, row["deposit_id"], datetime.now(UTC))
    assert remove_files(site).files == 0
    assert path_of(site, row, "ko").exists()


def test_a_row_outlives_its_file(site: Site) -> None:
    """A row is deleted by age once no file of its name is left. Consent events keep the deposit's id."""
    kept = settled(site, GOOD, "kept.csv", days=99)
    gone = site.apply("Email\nstop@example.org\n", "stop.csv", "optoutEMAIL")
    site.conn.execute("UPDATE contactsync.deposit SET finished_at = now() - interval '99 days'")
    path_of(site, gone, "ok").unlink()
    assert delete_rows(site, days=100).rows == 0
    assert delete_rows(site).rows == 1
    assert [row["deposit_id"] for row in site.ledger()] == [kept["deposit_id"]]
    assert site.rows("SELECT deposit_id FROM contactsync.consent_event") == [(gone["deposit_id"],)]
    assert len(site.rows("SELECT 1 FROM contactsync.opt_out")) == 1


def test_deposits_in_progress_keep_their_rows(site: Site) -> None:
    """State `on` is not settled, however old the deposit is."""
    row = settled(site, days=99)
    site.conn.execute("UPDATE contactsync.deposit SET state = 'on'")
    path_of(site, row, "ok").unlink()
    assert (remove_files(site).files, delete_rows(site).rows) == (0, 0)
    assert len(site.ledger()) == 1


def test_batches_follow_each_other(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch returns where the next one begins, past what had to be kept; the last batch returns None."""
    monkeypatch.setattr(sweep, "BATCH", 2)
    rows = [settled(site, GOOD, f"{n}.csv", days=20 - n) for n in range(5)]
    path_of(site, rows[0], "ok").rename(path_of(site, rows[0], "on"))
    found, cursor = [], START
    while cursor is not None:
        with site.spool() as spool:
            swept = sweep.remove_files(site.daemon, site.account, spool, 10, cursor)
        found.append(swept.files)
        cursor = swept.cursor
    assert found == [1, 2, 1]
    assert path_of(site, rows[0], "on").exists()


def test_a_killed_batch_is_repeated(site: Site) -> None:
    """Files removed, but not yet noted in the ledger: the next batch notes it."""
    row = settled(site, days=99)
    path_of(site, row, "ok").unlink()
    assert remove_files(site).files == 1
    assert site.boxes()["ok"] == []
    assert site.ledger()[0]["tidied_at"] is not None


def test_a_corrected_rejected_file_finds_its_list_without_the_ledger_row(site: Site) -> None:
    """Without the row, the list is named after the file."""
    row = settled(site, HALF, "people.csv", days=99)
    remove_files(site)
    delete_rows(site)
    assert site.ledger() == []
    again = site.apply("Email\nc@example.org\n", f"{row['claimed_name']}.rejected.csv")
    assert again["state"] == "ok"
    assert site.members("people") == [["b@example.org", "c@example.org"]]


def test_a_clock_that_is_ahead_removes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock and the host's must both find the deposit old."""
    settled(site, days=1)

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2999, 1, 1, tzinfo=tz)

    monkeypatch.setattr(sweep, "datetime", Ahead)
    assert (remove_files(site).files, delete_rows(site).rows) == (0, 0)
