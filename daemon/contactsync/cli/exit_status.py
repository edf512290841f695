"""What is said, and with which status the program ends, where a command cannot do its work."""

from __future__ import annotations

import sys
from typing import NamedTuple

from contactsync.domain.errors import AnswerIsNo, ContactsyncError, Retryable

NO, USAGE = 1, 2


class Told(NamedTuple):
    """A sentence for stderr and an exit status."""

    sentence: str
    status: int


def explain(error: Exception) -> Told | None:
    """The end of a command that raised `error`; None where that is a bug."""
    if isinstance(error, AnswerIsNo | Retryable):
        return Told(str(error), NO)
    if isinstance(error, ContactsyncError):  # configuration, migration, embedded server: each names its fix
        return Told(str(error), USAGE)
    if "psycopg" in sys.modules and (told := _explain_database(error)):
        return told
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Told(f"{where}{error.strerror or error}", NO)
    return None


def _explain_database(error: Exception) -> Told | None:
    import psycopg

    if not isinstance(error, psycopg.Error):
        return None
    if error.sqlstate:  # the primary message alone: DETAIL can hold a contact's values
        return Told(f"PostgreSQL says no ({error.sqlstate}): {error.diag.message_primary}", NO)
    if isinstance(error, psycopg.OperationalError):
        return Told(f"the database is away: {first_line(error)}", NO)
    if isinstance(error, psycopg.ProgrammingError):  # not shown: it quotes the URL, which can hold a password
        return Told("database_url is nothing that libpq can read: write postgresql://user@host/name", USAGE)
    return None


def first_line(error: Exception) -> str:
    """The first line of an exception's text."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
