"""Turns the error that ended a command into a sentence for stderr and an exit status."""

from __future__ import annotations

import sys
from typing import NamedTuple

from contactsync.domain.errors import AnswerIsNo, ContactsyncError, DatabaseAway, DatabaseRefuses, Retryable

NO, USAGE = 1, 2


class Ending(NamedTuple):
    """How a command ends: a sentence for stderr and an exit status."""

    sentence: str
    status: int


def explain(error: Exception) -> Ending | None:
    """The ending of a command that raised `error`; None if the error is a bug."""
    if isinstance(error, AnswerIsNo | Retryable):
        return Ending(_sentence(error), NO)
    # Configuration, migration, embedded server: each message names the fix.
    if isinstance(error, ContactsyncError):
        return Ending(str(error), USAGE)
    if "psycopg" in sys.modules and (ending := _explain_database(error)):
        return ending
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Ending(f"{where}{error.strerror or error}", NO)
    return None


def _sentence(error: AnswerIsNo | Retryable) -> str:
    if isinstance(error, DatabaseRefuses):
        return f"the database refuses: {error}; to fix it: {error.fix}"
    if isinstance(error, DatabaseAway):
        return f"the database is unreachable: {error}"
    return str(error)


def _explain_database(error: Exception) -> Ending | None:
    import psycopg

    if not isinstance(error, psycopg.Error):
        return None
    # Only the primary message: DETAIL can contain a contact's values.
    if error.sqlstate:
        return Ending(f"PostgreSQL refused ({error.sqlstate}): {error.diag.message_primary}", NO)
    if isinstance(error, psycopg.OperationalError):
        return Ending(f"the database is unreachable: {first_line(error)}", NO)
    # psycopg's message quotes the URL, which can contain a password.
    if isinstance(error, psycopg.ProgrammingError):
        return Ending("libpq cannot read database_url: write postgresql://user@host/name", USAGE)
    return None


def first_line(error: Exception) -> str:
    """The first line of an exception's text."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
