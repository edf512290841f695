"""The commands `run`, `demo` and `migrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contactsync.cli.session import connected, load_settings
from contactsync.domain.errors import ConfigurationError


def run(
    ctx: typer.Context,
    *,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Process everything that has been uploaded, wait for uploads that are settling, then exit: 0 even if "
            "deposits were refused, 1 if something remains.",
        ),
    ] = False,
) -> None:
    """Run the daemon: watch the FTP tree and apply uploads, until SIGTERM or Ctrl-C.

    Example: contactsync run --once
    """
    settings = load_settings(ctx)
    from contactsync.service.daemon import Daemon
    from contactsync.settings.load import unknown_variables
    from contactsync.telemetry.log import configure, log

    configure(settings.log_format)
    for problem in unknown_variables():
        log.warning("settings.unknown_variable", reason=problem)
    raise typer.Exit(Daemon(settings, once=once, read_settings=lambda: load_settings(ctx)).run())


def demo(
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="The port of the demonstration's FTP server.")
    ] = 2121,
    folder: Annotated[Path, typer.Option(help="The folder for all data; delete it to start over.")] = Path(
        "./.demo"
    ),
) -> None:
    """Try it on this machine: start an FTP server, a database and the daemon, with an account to upload to.

    Example: contactsync demo --port 2121
    """
    from importlib import import_module

    try:
        module = import_module("contactsync.demo.show")
    except ImportError as error:
        raise ConfigurationError(
            f"the demonstration needs {error.name}: pip install 'contactsync[demo]'"
        ) from None
    raise typer.Exit(module.run(folder, port))


def migrate(ctx: typer.Context) -> None:
    """Bring the database's schema up to date. Safe to repeat, and safe beside a running daemon.

    Example: CONTACTSYNC_DATABASE_URL=postgresql://db/contacts contactsync migrate
    """
    settings = load_settings(ctx)
    from contactsync.database.connection import patient
    from contactsync.database.migrations import migrate as apply_missing
    from contactsync.database.source import migrate_embedded

    with connected(settings, current=False) as (conn, embedded), patient(conn):
        applied = migrate_embedded(conn) if embedded else apply_missing(conn)
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("up to date")
