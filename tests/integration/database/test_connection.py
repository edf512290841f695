"""Database errors as verdicts: the file is refused, or the deposit is retried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contactsync.database.connection import Session
from contactsync.domain.errors import ContactsyncError, DatabaseAway, DatabaseRefuses, FileRefused

SECRET = "a@example-mail.fr"


@pytest.fixture
def session(site_url: str) -> Iterator[Session]:
    """A worker's connection."""
    found = Session(site_url)
    yield found
    found.close()


@pytest.mark.parametrize("state", ["22001", "22P05", "22008", "23502", "23505", "23514", "54000"])
def test_errors_that_refuse_the_file(session: Session, state: str) -> None:
    """Data exceptions, integrity violations and a value too long for its index refuse the file that is processed."""
    with pytest.raises(FileRefused) as caught, session(of_file=True) as conn:
        conn.execute(f"DO $$ BEGIN RAISE EXCEPTION '{SECRET}' USING ERRCODE = '{state}'; END $$")
    assert (caught.value.code, caught.value.details) == ("database_refused", {"sqlstate": state})
    assert _silent(caught.value)


@pytest.mark.parametrize("state", ["22P05", "23505", "54000"])
def test_without_a_file_nothing_is_refused(session: Session, state: str) -> None:
    """The same errors elsewhere are somebody's to fix; no thread mistakes them for a verdict on a file."""
    with pytest.raises(DatabaseRefuses, match=state) as caught, session() as conn:
        conn.execute(f"DO $$ BEGIN RAISE EXCEPTION '{SECRET}' USING ERRCODE = '{state}'; END $$")
    assert _silent(caught.value)


@pytest.mark.parametrize(
    "state",
    [
        "08006",
        "40001",
        "40P01",
        "55P03",
        "57014",
        "57P01",
        "57P03",
        "53100",
        "53200",
        "53300",
        "25006",
        "28000",
        "42P01",
        "42501",
        "58030",
        "54001",
        "54023",
        "XX000",
    ],
)
def test_errors_that_are_retried(session: Session, state: str) -> None:
    """Every other error is retried, and the message contains only its SQLSTATE."""
    with pytest.raises(DatabaseAway, match=state) as caught, session(of_file=True) as conn:
        conn.execute(f"DO $$ BEGIN RAISE EXCEPTION '{SECRET}' USING ERRCODE = '{state}'; END $$")
    assert _silent(caught.value)


def _silent(error: ContactsyncError) -> bool:
    """Whether neither the error nor what it is chained to contains the value."""
    return SECRET not in f"{error} {error!r}" and error.__cause__ is None and error.__suppress_context__


def test_a_value_too_long_for_its_index_is_a_real_54000(session: Session) -> None:
    """PostgreSQL raises it for a value that does not fit on a B-tree page."""
    with pytest.raises(FileRefused) as caught, session(of_file=True) as conn:
        conn.execute(
            "INSERT INTO contactsync.contact_list (account_id, name) "
            "SELECT 1, string_agg(md5(n::text), '') FROM generate_series(1, 500) AS n"
        )
    assert caught.value.details == {"sqlstate": "54000"}


def test_after_an_error_the_session_reconnects(session: Session) -> None:
    """The new connection has empty staging tables."""
    with session() as conn:
        conn.execute("INSERT INTO staged_key VALUES ('x')")
        first = conn
    with pytest.raises(DatabaseAway), session() as conn:
        conn.execute("SELECT * FROM no_such_table")
    with session() as conn:
        assert conn is not first
        assert conn.execute("SELECT count(*) AS rows FROM staged_key").fetchone() == {"rows": 0}


def test_the_programs_own_errors_pass_through(session: Session) -> None:
    """They do not close the connection."""
    with session() as conn:
        first = conn
    with pytest.raises(KeyError), session():
        raise KeyError
    with session() as conn:
        assert conn is first


def test_an_unreachable_server_is_retried(tmp_path: object) -> None:
    """A failed connection is not the file's fault."""
    with (
        pytest.raises(
            DatabaseAway, match=r"connection to server on socket .* failed: No such file or directory"
        ),
        Session(f"host={tmp_path} connect_timeout=1")(),
    ):
        raise AssertionError
