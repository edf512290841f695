"""`contactsync demo`: the whole thing in one process, for somebody who sees it for the first time.

    main thread   database, account and folders are made; then the daemon, until Ctrl-C
    `ftp`         an FTP server on loopback, whose user `demo` has the account's home
    `visitor`     uploads the protocol's example, as a CRM would, and shows what became of it

Nothing here is special to the daemon: it runs as `contactsync run` does, but for two shorter waits.
"""

from __future__ import annotations

import ftplib
import io
import json
import re
import shlex
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from contactsync.accounts import changes, rules, store
from contactsync.accounts.store import find_account
from contactsync.database.connection import connect
from contactsync.database.embedded.cluster import find_binaries
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from contactsync.database.source import database
from contactsync.demo import campaigns
from contactsync.demo.ftp_server import HOST, NAME, FtpServer
from contactsync.domain.account import Account
from contactsync.domain.errors import ConfigurationError, Retryable
from contactsync.service.daemon import Daemon
from contactsync.settings.settings import Settings
from contactsync.spool import layout, layout_make
from contactsync.telemetry import log

SAMPLE_NAME = "sample.csv"
SAMPLE = """\
Référence ;Civilité;Prénom;Nom;Email;"Téléphone Fixe";
A10023;Mme;Hélène ;LEFÈVRE ;helene.lefevre@example-mail.fr ;0299415263
B77410;M.;Yann;LE GOFF ;yann.legoff@example-mail.fr ;02.98.44.10.32
C00519;Mme;Chloé ;MÜLLER;chloe.muller@example-mail.fr ;336 90 12 34 56
"""
"""protocol 2's example, as real files look."""

SETTLE_SECONDS, GRACE_SECONDS = 1.0, 5.0
"""Who watches does not want to wait for 5 and 120 seconds, the daemon's own defaults."""

VISIT_SECONDS = 60.0
"""The sample is settled after some two seconds; a slow machine gets more."""

LOOK_SECONDS = 0.05
"""How often the visitor looks at `ok/` and `ko/`: a folder tells nothing by itself where there is no inotify."""

CONTACTS = """
SELECT c.reference, concat_ws(' ', c.first_name, c.last_name) AS name, c.email, c.phone
FROM contactsync.deposit AS d
JOIN contactsync.list_member AS m USING (account_id, list_id)
JOIN contactsync.contact AS c USING (account_id, contact_id)
WHERE d.account_id = %s AND d.deposit_id = %s
ORDER BY c.contact_id
"""

LOOK = "SELECT reference, email FROM contact"
"""For the newcomer; the role's name is the schema's, so none need be said."""


class DemoSettings(Settings):
    """Settings that the environment does not touch: a demo must not end up in the real database."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the parent's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the constructor is given, and nothing else."""
        return (init_settings,)


def run(folder: Path, port: int) -> int:
    """Show contactsync at work below `folder`, which keeps its data, until Ctrl-C; returns the exit status.

    Raises ConfigurationError or EmbeddedUnavailable where this machine or `port` does not let it.
    """
    log.configure("console")
    try:
        with FtpServer(port) as server:
            return Demo(_settings(folder.absolute()), server).run()
    except KeyboardInterrupt:  # before the daemon has taken the signal over
        return 0


def _settings(folder: Path) -> Settings:
    try:
        # 0700, because the daemon clears the umask, and here the FTP server lives in its process.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "ftp").mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be used ({error.strerror}): choose another folder with `--folder`"
        ) from None
    chosen: dict[str, Any] = {
        "ftp_root": folder / "ftp",
        "data_dir": folder / "data",
        "settle_seconds": SETTLE_SECONDS,
        "grace_seconds": GRACE_SECONDS,
    }
    return DemoSettings(**chosen)


@dataclass
class Demo:
    """One run of the demo; `status` is what it exits with."""

    settings: Settings
    ftp: FtpServer
    status: int = 0
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Make what is missing, then be the daemon while the visitor shows what it does."""
        account = self._prepare()
        self.ftp.serve(account.home_under(self.settings.ftp_root))
        visitor = threading.Thread(target=self._visit, args=[account], name="visitor")
        visitor.start()
        try:
            Daemon(self.settings).run()
        finally:
            self._ended.set()
            visitor.join()
        kept = _shown(self.settings.data_dir.parent)
        self.console.print(f"The demo has ended; its data stays in {kept}", markup=False)
        return self.status

    def _prepare(self) -> Account:
        # The server is stopped again and started by the daemon, which then owns it and brings it back.
        with database(*self.settings.database_source) as (url, _), connect(url) as conn:
            migrate(conn)
            if all(each.name != NAME for each in store.every(conn)):
                changes.add(conn, NAME, _account_as_wanted, self.settings.ftp_root)
            account = find_account(conn, NAME)
        layout_make.make(account.home_under(self.settings.ftp_root), layout.owners_of(account))
        return account

    # --- the visitor ---------------------------------------------------------------------------------------

    def _visit(self, account: Account) -> None:
        try:
            self._show(account)
        except (OSError, ftplib.Error, psycopg.Error, Retryable) as error:
            if not self._ended.is_set():
                self.status = 1
                self.console.print(
                    f"The demo's upload came to nothing: {error}", style="bold red", markup=False
                )

    def _show(self, account: Account) -> None:
        box = account.home_under(self.settings.ftp_root) / "contacts" / "import"
        before = _settled(box)
        with ftplib.FTP(timeout=30) as client:  # noqa: S321 - the protocol it is about
            client.connect(HOST, self.ftp.port)
            client.login(NAME, NAME)
            client.storbinary(f"STOR contacts/import/in/{SAMPLE_NAME}", io.BytesIO(SAMPLE.encode("latin-1")))
        settled = self._await(box, before)
        if settled is None:
            return
        result = json.loads(settled.with_name(f"{settled.name}.result.json").read_text(encoding="utf-8"))
        with connect(EmbeddedServer(self.settings.data_dir).url) as conn:
            rows = conn.execute(CONTACTS, [account.account_id, result["deposit_id"]]).fetchall()
            sockets = conn.info.host
            day = campaigns.report(conn, account, self.settings)
        self.console.print(self._story(box, settled, result, rows, sockets, day=day))

    def _await(self, box: Path, before: set[Path]) -> Path | None:
        """The sample's new place, None where Ctrl-C came first."""
        deadline = time.monotonic() + VISIT_SECONDS
        while not (found := _settled(box) - before):
            if self._ended.wait(LOOK_SECONDS):
                return None
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{SAMPLE_NAME} was not settled in {VISIT_SECONDS:.0f} s, see the log above"
                )
        return found.pop()

    def _story(
        self,
        box: Path,
        settled: Path,
        result: dict[str, Any],
        rows: list[dict[str, Any]],
        sockets: str,
        *,
        day: Path,
    ) -> Group:
        """All that the newcomer is told, printed at once so that no log line falls into it."""
        table = Table("reference", "name", "email", "phone", box=SIMPLE_HEAD, pad_edge=False)
        for row in rows:
            table.add_row(*(Text(value or "") for value in row.values()))
        counts = ", ".join(
            f"{name.replace('_', ' ')} {result[name]}"
            for name in ("rows_read", "rows_applied", "rows_rejected", "inserted", "updated", "unchanged")
        )
        uploads = f"ftp://{NAME}:{NAME}@{HOST}:{self.ftp.port}/contacts/import/in/"
        reports = f"ftp://{NAME}:{NAME}@{HOST}:{self.ftp.port}/reporting/{day.name}"
        psql = "psql" if shutil.which("psql") else _shown(find_binaries() / "psql")
        return Group(
            Text(),
            Rule("contactsync demo", style="bold cyan"),
            Text(f"{SAMPLE_NAME} was uploaded over FTP; contactsync says: {result['message']}"),
            Text("The file is now"),
            _command(_shown(settled)),
            Text(f"Counts (from {settled.name}.result.json beside it):"),
            _command(counts),
            Text(f"The contacts in PostgreSQL, list {result['list']!r}:"),
            Padding(table, (0, 0, 0, 2)),
            Text(
                "\nNow a file of yours, with a column Email, Mobile or Téléphone Fixe:",
                style="bold",
            ),
            _command(f"curl -T yourfile.csv {uploads}"),
            Text(
                f"It is taken {SETTLE_SECONDS:.0f} s after the upload, or {GRACE_SECONDS:.0f} s where its last line"
                " has no end (a real daemon waits\nlonger), and is then in ok/, or in ko/ where it was refused;"
                " .result.json beside it says why:"
            ),
            _command(f"ls {_shown(box / 'ok')} {_shown(box / 'ko')}"),
            Text(
                "Two campaigns of yesterday, to which these contacts reacted; who opened, clicked and opted out:"
            ),
            *(_command(_shown(path)) for path in sorted(day.iterdir())),
            _command(f"curl -O {reports}/{day.name}_Daily.zip"),
            Text("To look at the database:"),
            _command(f"{psql} -h {shlex.quote(sockets)} -U contactsync -c {shlex.quote(LOOK)}"),
            Text("Ctrl-C ends the demo.", style="bold"),
            Rule(style="bold cyan"),
        )


def _account_as_wanted(current: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    return rules.understand({"dedup": "triplet", "language": "en"}, [], current)


def _settled(box: Path) -> set[Path]:
    """The samples, of this run and earlier ones, that are in `ok/` or `ko/`."""
    pattern = re.compile(rf"[0-9]+_{re.escape(SAMPLE_NAME)}")
    return {
        path for state in ("ok", "ko") for path in (box / state).iterdir() if pattern.fullmatch(path.name)
    }


def _command(line: str) -> Text:
    return Text(f"  {line}", style="green")


def _shown(path: Path) -> str:
    """The path as one types it: relative where it is below the current folder, quoted where it must be."""
    with suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path))
