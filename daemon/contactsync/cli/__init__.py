"""The command line: one module per command, plus `session`, `output` and `exit_status` for all of them.

Only `__main__` imports it. A command imports what it needs when it runs, so that `--help` is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contactsync import __version__
from contactsync.cli import (
    adopt,
    check,
    config,
    exit_status,
    history,
    init,
    person,
    person_erase,
    report,
    retry,
    run,
    show,
    status,
    tidy,
    undo,
)
from contactsync.cli.account import command as account
from contactsync.cli.doctor import command as doctor

__all__ = ["app", "exit_status"]

app = typer.Typer(
    help="Applies the contact files that CRMs upload over FTP to PostgreSQL, each exactly once.",
    epilog="To try it without any setup: [bold]contactsync demo[/bold]. "
    "Exit status: 0 done, 1 the answer is no, 2 usage or configuration.",
    rich_markup_mode="rich",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    # They would show local variables, which hold personal data.
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"contactsync {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The TOML file with the settings (default: /etc/contactsync/contactsync.toml, "
            "which may be missing). The option may also follow the command. "
            "Each key is also an environment variable: CONTACTSYNC_FTP_ROOT=/srv/ftp.",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    ctx.obj = config


app.command("run")(run.run)
app.command("demo")(run.demo)
app.command("migrate")(run.migrate)
app.command("init")(init.init)
app.add_typer(account.app, name="account")
app.command("adopt")(adopt.adopt)
app.add_typer(config.app, name="config")
app.command("check")(check.check)
app.command("status")(status.status)
app.command("history")(history.history)
app.command("show")(show.show)
app.command("retry")(retry.retry)
app.command("release")(retry.release)
app.command("undo")(undo.undo)
app.command("doctor")(doctor.doctor)
app.command("tidy")(tidy.tidy)
app.command("report")(report.report)
person.app.command("erase")(person_erase.erase)
app.add_typer(person.app, name="person")
