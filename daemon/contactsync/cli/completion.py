"""Completes the names of accounts in a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from contactsync.domain.errors import ContactsyncError

if TYPE_CHECKING:
    from contactsync.settings.settings import Settings

SECONDS = 2.0
"""A shell that waits longer for a key seems to hang."""


def complete_accounts(ctx: typer.Context) -> list[str]:
    """The names of the accounts; none if the settings cannot be read.

    Without a quick answer of the database, and with the embedded one, which may have to be started first, they are
    those that the folders show.
    """
    from contactsync.cli import waiting
    from contactsync.settings.load import load

    try:
        settings = load(ctx.find_root().params.get("config"))
        found = _in_database(settings) if settings.database_url else None
        return (
            list(waiting.homes_without_database(settings, waiting.read_sign(settings)))
            if found is None
            else found
        )
    # A message in the middle of a command line would help nobody.
    except (ContactsyncError, OSError):
        return []


def _in_database(settings: Settings) -> list[str] | None:
    import psycopg

    from contactsync.accounts import store
    from contactsync.database.connection import connect
    from contactsync.database.source import database

    try:
        with database(*settings.database_source) as (url, _), connect(url, patience=SECONDS) as conn:
            return [account.name for account in store.every(conn)]
    except (psycopg.Error, ContactsyncError):
        return None
