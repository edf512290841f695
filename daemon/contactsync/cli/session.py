"""What commands share: the settings, a connection to a database with a current schema, an account's folders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import typer

from contactsync.domain.errors import AnswerIsNo, ConfigurationError, ContactsyncError

if TYPE_CHECKING:
    from contactsync.database.connection import Connection, Where
    from contactsync.domain.account import Account
    from contactsync.settings.settings import Settings
    from contactsync.spool.home_pins import HomePins
    from contactsync.spool.spool import Spool


def load_settings(ctx: typer.Context) -> Settings:
    """Read the settings from `--config` and the environment; raises ConfigurationError."""
    from contactsync.settings.load import load

    # The daemon logs them itself, and reads its settings again at each SIGHUP.
    if ctx.info_name != "run":
        warn_of_unknown_variables()
    return load(ctx.obj)


def warn_of_unknown_variables() -> None:
    """Print a line for each environment variable that is named like a setting and is none."""
    from contactsync.settings.load import unknown_variables

    for problem in unknown_variables():
        typer.echo(f"contactsync: warning: {problem}", err=True)


@contextmanager
def connected(settings: Settings, *, current: bool = True) -> Iterator[tuple[Connection, bool]]:
    """Connect; yields the connection and whether it is to the embedded PostgreSQL, which is started if necessary.

    With `current`, ensure that the schema is up to date: migrate the embedded database, check any other.
    """
    from contactsync.database.connection import connect
    from contactsync.database.source import database

    with database(*settings.database_source) as (url, server), connect(url) as conn:
        embedded = server is not None
        if current:
            require_schema(conn, embedded=embedded)
        yield conn, embedded


def require_schema(conn: Connection, *, embedded: bool) -> None:
    """Migrate the embedded database; raises ConfigurationError if another database is not up to date."""
    from contactsync.database.migrations import pending
    from contactsync.database.source import migrate_embedded

    if embedded:
        migrate_embedded(conn)
    elif missing := pending(conn):
        raise ConfigurationError(f"the database lacks {', '.join(missing)}: run `contactsync migrate`")


@contextmanager
def opened_database(settings: Settings) -> Iterator[tuple[Where, bool] | ContactsyncError]:
    """The database's URL and whether it is embedded; or the error, for commands that work without a database."""
    from contactsync.database.source import database

    with ExitStack() as stack:
        try:
            url, server = stack.enter_context(database(*settings.database_source))
        except ContactsyncError as error:
            yield error
        else:
            yield url, server is not None


def find_account(conn: Connection, name: str) -> Account:
    """See `accounts.store.find_account`, which is imported only when a command needs it."""
    from contactsync.accounts import store

    return store.find_account(conn, name)


def home_pins(settings: Settings) -> HomePins:
    """What recognises the homes on this host; raises ConfigurationError if it cannot be read."""
    from contactsync.spool.home_pins import HomePins

    pins = HomePins(settings.ftp_root, settings.data_dir)
    pins.require_record()
    return pins


def require_own_homes(conn: Connection, settings: Settings, chosen: list[Account]) -> None:
    """Raise AnswerIsNo if the home of one of these accounts must be left alone: the daemon skips it too."""
    from contactsync.accounts import homes, store
    from contactsync.cli.waiting import ANSWER_SECONDS, ATTENDED

    pins = home_pins(settings)
    faults = homes.faults(store.every(conn), settings.ftp_root, pins, ATTENDED, ANSWER_SECONDS)
    problems = [f"{each.name}: {faults[each.name]}" for each in chosen if each.name in faults]
    if problems:
        raise AnswerIsNo("\n".join(problems))


@contextmanager
def opened(settings: Settings, account: Account) -> Iterator[Spool]:
    """Open and lock the account's folders; if a deposit is in progress, print a note and wait for it.

    Raises AnswerIsNo if a folder is missing: a folder made here would belong to the user who runs the
    command.
    """
    from contactsync.domain.deposit import ACTIONS
    from contactsync.domain.errors import AccountBusy
    from contactsync.spool.folders import BOXES
    from contactsync.spool.spool import Spool

    home, pins = account.home_under(settings.ftp_root), home_pins(settings)
    for folder in (home / "contacts" / action / box for action in ACTIONS for box in BOXES):
        if not folder.is_dir():
            raise AnswerIsNo(f"there is no {folder}: contactsync init {account.name}")

    def spool(*, wait: bool) -> Spool:
        return Spool(home, pins, max_bytes=settings.max_file_bytes, ignored=settings.ignores, wait=wait)

    with ExitStack() as stack:
        try:
            found = stack.enter_context(spool(wait=False))
        except AccountBusy:
            typer.echo(f"{account.name}: a deposit is in progress; waiting for it to finish", err=True)
            found = stack.enter_context(spool(wait=True))
        yield found
