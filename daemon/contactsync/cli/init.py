"""`init`: makes or checks the FTP folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from contactsync.cli import output
from contactsync.cli.completion import complete_accounts
from contactsync.cli.exit_status import NO
from contactsync.cli.session import connected, find_account, home_pins, load_settings
from contactsync.cli.waiting import ANSWER_SECONDS, ATTENDED
from contactsync.domain.errors import ConfigurationError, HomeChanged
from contactsync.runtime.attended import NoAnswer

if TYPE_CHECKING:
    from pathlib import Path

    from contactsync.accounts.homes import HomeFault
    from contactsync.domain.account import Account
    from contactsync.spool.home_pins import HomePins
    from contactsync.spool.layout_check import Deviation


MAKE_SECONDS = 30.0
"""How long the folders of one account may take: fifty on a slow network file system."""


def init(
    ctx: typer.Context,
    account: Annotated[
        str | None,
        typer.Argument(
            help="The account whose folders to make (default: all accounts).",
            autocompletion=complete_accounts,
        ),
    ] = None,
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Change nothing; report deviations, and exit with status 1 if there are any."
        ),
    ] = False,
    accept_home: Annotated[
        bool,
        typer.Option(
            "--accept-home", help="Allow a home that is another folder than before, such as a restored one."
        ),
    ] = False,
    as_json: output.AsJson = False,
) -> None:
    """Make the FTP folders of all accounts, or of one; safe to repeat.

    Owners change only if the account has a Unix user and group. In that case, run it as root. No link below ftp_root
    is followed.

    Example: contactsync init acme
    """
    if as_json and not check:
        raise ConfigurationError("--json: requires --check")
    if accept_home and check:
        raise ConfigurationError("--accept-home: not together with --check, which changes nothing")
    settings = load_settings(ctx)
    from contactsync.accounts import homes, store
    from contactsync.database import vanished
    from contactsync.spool.place import make_root_identity

    with connected(settings) as (conn, _):
        every = store.every(conn)
        chosen = [find_account(conn, account)] if account else every
    pins = home_pins(settings)
    faults = homes.faults(every, settings.ftp_root, pins, ATTENDED, ANSWER_SECONDS)
    passable = {name: fault for name, fault in faults.items() if _is_passable(fault, check or accept_home)}
    problems = [
        f"account {each.name}: {faults[each.name]}"
        for each in chosen
        if each.name in faults.keys() - passable.keys()
    ]
    chosen = [each for each in chosen if each.name not in faults or each.name in passable]
    if check:
        _check_all(chosen, settings.ftp_root, passable, problems, as_json=as_json)
        return
    made: list[Path] = []
    for each in chosen:
        home = each.home_under(settings.ftp_root)
        # Continue with the other accounts.
        with _noted(each, problems):
            make = partial(_make, each, settings.ftp_root, pins, accept_home=accept_home)
            for line in ATTENDED.one(home, make, MAKE_SECONDS):
                typer.echo(line)
            made.append(home)
    pins.record(made)
    if accept_home and made:
        with connected(settings) as (conn, _):
            for each in chosen:
                if each.home_under(settings.ftp_root) in made:
                    vanished.forget_places(conn, each)
    # Without the right to write there, the folders on/ alone recognise the root.
    with suppress(OSError):
        ATTENDED.one(settings.ftp_root, lambda: make_root_identity(settings.ftp_root), MAKE_SECONDS)
    _end([*problems, *([pins.problem] if pins.problem else [])], every)


def _is_passable(fault: HomeFault, may_be_replaced: bool) -> bool:
    """Whether the folders can be looked at nevertheless: `make` and `check` report links themselves."""
    return fault.linked or (may_be_replaced and fault.event == "account.home_changed")


def _end(problems: list[str], accounts: list[Account]) -> None:
    if problems:
        raise ConfigurationError("\n".join(problems))
    if not accounts:
        typer.echo(output.NO_ACCOUNT, err=True)


@contextmanager
def _noted(account: Account, problems: list[str]) -> Iterator[None]:
    """Turn what goes wrong with an account's folders into one of the problems."""
    try:
        yield
    except ConfigurationError as error:
        problems.append(str(error))
    except HomeChanged as error:
        problems.append(f"account {account.name}: {error}: {error.fix(account.name)}")
    except NoAnswer:
        problems.append(f"account {account.name}: its home does not answer: its file system hangs")
    except OSError as error:
        problems.append(f"account {account.name}: {error.filename or 'its home'}: {error.strerror}")


def _make(account: Account, ftp_root: Path, pins: HomePins, *, accept_home: bool) -> list[str]:
    from contactsync.spool import layout, layout_make

    home = account.home_under(ftp_root)

    def admit(home: Path, fd: int, /, *, replaced: bool) -> None:
        pins.admit(home, fd, replaced=replaced or accept_home)

    done = layout_make.make(home, ftp_root, layout.owners_of(account), admit=admit)
    return done or [f"{account.name}: all folders exist below {home}"]


def _check_all(
    chosen: list[Account],
    ftp_root: Path,
    faults: Mapping[str, HomeFault],
    problems: list[str],
    *,
    as_json: bool,
) -> None:
    deviations: list[Deviation] = []
    for each in chosen:
        home = each.home_under(ftp_root)
        # Continue with the other accounts.
        with _noted(each, problems):
            check = partial(_deviations, each, ftp_root, faults.get(each.name))
            found = ATTENDED.one(home, check, MAKE_SECONDS)
            deviations += found
            if not as_json:
                typer.echo("\n".join(map(str, found)) or f"{each.name}: all folders are correct below {home}")
    if as_json:
        output.as_json([asdict(each) for each in deviations])
    _end(problems, chosen)
    if deviations:
        raise typer.Exit(NO)


def _deviations(account: Account, ftp_root: Path, fault: HomeFault | None) -> list[Deviation]:
    from contactsync.spool import layout, layout_check

    home = account.home_under(ftp_root)
    found = layout_check.check(account.name, home, ftp_root, layout.owners_of(account))
    if fault and not fault.linked:
        found.insert(0, layout_check.replaced(account.name, home, fault.fix))
    return found
