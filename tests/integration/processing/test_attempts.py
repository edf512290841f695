"""Which attempts count: a deposit is not to blame for the database, the settings or the end of the daemon."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from contactsync.database import ledger
from contactsync.database.connection import connect
from contactsync.domain.errors import DatabaseAway, Retryable
from contactsync.processing.pipeline import Pipeline
from tests.integration.processing.deposits import GOOD, A, B, admit, cut_off, everything

if TYPE_CHECKING:
    from tests.integration.conftest import Site


def test_settings_that_change_meanwhile_make_it_start_again(site: Site) -> None:
    """A file is applied only under the revision it was validated under; the next step uses the new one."""
    old = site.account
    site.set(dedup="reference")
    site.drop(f"Référence;Email\nR;{A}\nR;{B}\n")
    with pytest.raises(Retryable):
        site.step(old)
    assert everything(site) == [[]] * 5
    assert site.boxes()["on"] == ["list.csv"]
    assert site.ledger()[0]["attempts"] == 0
    assert site.step() == 0.0
    assert [row["inserted"] for row in site.ledger()] == [1]


def test_settings_that_change_meanwhile_undo_a_refusal(site: Site) -> None:
    """Operators may just have fixed the setting that refuses the file."""
    old = site.account
    site.set(syntax_errors="skip")
    site.drop(f"Email;Nom\n{A}\n{B};B\n")
    with pytest.raises(Retryable):
        site.step(old)
    assert site.boxes()["on"] == ["list.csv"]
    assert site.step() == 0.0
    assert [(row["state"], row["rows_rejected"]) for row in site.ledger()] == [("ok", 1)]


def test_a_stopping_daemon_leaves_the_file_in_on(site: Site) -> None:
    """It ends cleanly: the attempt does not count, and the next process finishes it."""
    site.drop(GOOD)
    for _ in range(5):
        stopping = Pipeline(site.pipeline.session, site.pipeline.rules, lambda: True)
        with pytest.raises(Retryable):
            site.step(pipeline=stopping)
        assert (site.ledger()[0]["state"], site.ledger()[0]["attempts"]) == ("on", 0)
    site.work()
    assert [(row["state"], row["inserted"]) for row in site.ledger()] == [("ok", 1)]


@pytest.mark.parametrize("table", ["contact", "list_member", "deposit"])
def test_a_missing_table_is_waited_for(site: Site, table: str) -> None:
    """Operators have to fix it (42P01): the deposit waits as long as it takes, and no attempt counts."""
    site.conn.execute(f"ALTER TABLE contactsync.{table} RENAME TO away")
    site.drop(GOOD)
    try:
        for _ in range(5):
            with pytest.raises(DatabaseAway):
                site.step()
    finally:
        site.conn.execute(f"ALTER TABLE contactsync.away RENAME TO {table}")
    assert sum(len(site.boxes()[box]) for box in ("in", "on")) == 1
    while site.step() is not None:
        pass
    assert [(row["state"], row["inserted"], row["attempts"]) for row in site.ledger()] == [("ok", 1, 1)]


def test_a_killed_backend_is_not_the_files_fault(site: Site) -> None:
    """A connection that was cut while it was idle is replaced before it is used."""
    site.apply(GOOD)
    site.conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    # The site's own died too.
    site.daemon = connect(site.url)
    site.drop(GOOD)
    assert site.step() == 0.0
    assert [row["state"] for row in site.ledger()] == ["ok", "ok"]


def test_attempts_of_several_workers_that_ended_cleanly_do_not_count(site: Site) -> None:
    """A database that flickers never makes a deposit poison, and neither does a change of worker."""
    site.drop(GOOD)
    old = replace(site.account, revision=0)
    for _ in range(6):
        with pytest.raises(Retryable):
            site.step(old, site.restarted())
    assert site.ledger()[0]["attempts"] == 0
    assert site.step() == 0.0
    assert site.ledger()[0]["state"] == "ok"


def test_a_file_on_which_the_process_died_three_times_is_poison(site: Site) -> None:
    """It is not parsed a fourth time, and goes to `ko/` with its reason."""
    cut_off(site, admit(site), 3)
    site.step(pipeline=site.restarted())
    (row,) = site.ledger()
    assert (row["state"], row["reason"]) == ("ko", "poison")
    assert "3" in site.result(row)["message"]
    assert everything(site) == [[]] * 5
    assert site.boxes()["ko"] == ["list.csv", "list.csv.result.html", "list.csv.result.json"]


def test_a_commit_whose_answer_was_lost_is_not_applied_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection dies during COMMIT: the ledger shows that the deposit is done."""
    site.drop(GOOD)
    real = ledger.finish

    def finish_and_lose(conn: Any, *given: Any, **named: Any) -> bool:
        done = real(conn, *given, **named)
        conn.pgconn.exec_(b"COMMIT")
        site.conn.execute("SELECT pg_terminate_backend(%s, 5000)", (conn.info.backend_pid,))
        return done

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "finish", finish_and_lose)
        with pytest.raises(DatabaseAway):
            site.step()
    assert site.boxes()["on"] == ["list.csv"]
    site.work()
    assert [(row["state"], row["attempts"]) for row in site.ledger()] == [("ok", 1)]
    assert site.contacts("email") == [(A,)]
    assert site.boxes()["ok"] == ["list.csv", "list.csv.result.json"]
