"""`contactsync demo`: everything in one process, for people who see contactsync for the first time.

    main thread   makes database, account and folders; then it is the daemon, until Ctrl-C
    `ftp`         an FTP server on loopback, whose user `demo` has the account's home
    `visitor`     uploads the protocol's example, as a CRM would, and prints the result

The daemon is the same as in `contactsync run`, except for two shorter waits.
"""

from __future__ import annotations

import ftplib
import io
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from rich.console import Console

from contactsync.accounts import changes, rules, store
from contactsync.database.connection import connect
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.source import database, migrate_embedded
from contactsync.demo import campaigns
from contactsync.demo.ftp_server import HOST, NAME, FtpServer
from contactsync.demo.story import Story, contacts_of, shell_path
from contactsync.domain.account import Account
from contactsync.domain.errors import ConfigurationError, Retryable
from contactsync.service.daemon import Daemon
from contactsync.settings.settings import Settings
from contactsync.spool import layout, layout_make
from contactsync.spool.home_pins import HomePins
from contactsync.telemetry import log

SAMPLE_NAME = "sample.csv"
SAMPLE = """\
Référence ;Civilité;Prénom;Nom;Email;"Téléphone Fixe";
A10023;Mme;Hélène ;LEFÈVRE ;helene.lefevre@example-mail.fr ;0299415263
B77410;M.;Yann;LE GOFF ;yann.legoff@example-mail.fr ;02.98.44.10.32
C00519;Mme;Chloé ;MÜLLER;chloe.muller@example-mail.fr ;336 90 12 34 56
"""
"""The example of protocol 2, as real files look."""

SETTLE_SECONDS, GRACE_SECONDS = 1.0, 5.0
"""Shorter than the daemon's defaults, 5 and 120 seconds: the visitor is watching."""

VISIT_SECONDS = 60.0
"""The sample is settled after about two seconds; a slow machine gets more time."""

POLL_SECONDS = 0.05
"""The visitor polls `ok/` and `ko/`, because the demo must also work without inotify."""


class DemoSettings(Settings):
    """Settings that ignore the environment: a demo must never touch the real database."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the parent's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the parent's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the constructor's arguments."""
        return (init_settings,)


def run(folder: Path, port: int) -> int:
    """Run the demo until Ctrl-C, with its data in `folder`, which is kept; returns the exit status.

    Raises ConfigurationError if `folder` or `port` cannot be used, EmbeddedUnavailable.
    """
    log.configure("console")
    try:
        with FtpServer(port) as server:
            return Demo(_settings(folder.absolute()), server).run()
    # Ctrl-C before the daemon handles the signal.
    except KeyboardInterrupt:
        return 0


def _settings(folder: Path) -> Settings:
    try:
        # Mode 0700, because the daemon clears the umask, and the FTP server runs in the same process.
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
    """One run of the demo; `status` is its exit status."""

    settings: Settings
    ftp: FtpServer
    status: int = 0
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Make what is missing, then run the daemon while the visitor uploads the sample."""
        account = self._prepare()
        self.ftp.serve(account.home_under(self.settings.ftp_root))
        visitor = threading.Thread(target=self._visit, args=[account], name="visitor")
        visitor.start()
        try:
            Daemon(self.settings).run()
        finally:
            self._ended.set()
            visitor.join()
        kept = shell_path(self.settings.data_dir.parent)
        self.console.print(f"The demo has ended. Its data remains in {kept}", markup=False)
        return self.status

    def _prepare(self) -> Account:
        # This stops the server again. The daemon starts its own, and restarts it if it fails.
        with database(*self.settings.database_source) as (url, _), connect(url) as conn:
            migrate_embedded(conn)
            if all(each.name != NAME for each in store.every(conn)):
                changes.add(conn, NAME, _desired_account, self.settings.ftp_root)
            account = store.find_account(conn, NAME)
        home = account.home_under(self.settings.ftp_root)
        pins = HomePins(self.settings.ftp_root, self.settings.data_dir)

        def admit(home: Path, fd: int, /, **_replaced: bool) -> None:
            # The user of a demo may move its folder.
            pins.admit(home, fd, replaced=True)

        layout_make.make(home, self.settings.ftp_root, layout.owners_of(account), admit=admit)
        pins.record([home])
        return account

    # --- the visitor ---------------------------------------------------------------------------------------

    def _visit(self, account: Account) -> None:
        try:
            self._upload_and_show(account)
        except (OSError, ftplib.Error, psycopg.Error, Retryable) as error:
            if not self._ended.is_set():
                self.status = 1
                self.console.print(f"The demo's upload failed: {error}", style="bold red", markup=False)

    def _upload_and_show(self, account: Account) -> None:
        imports = account.home_under(self.settings.ftp_root) / "contacts" / "import"
        before = _settled(imports)
        with ftplib.FTP(timeout=30) as client:  # noqa: S321 - FTP is what contactsync is about
            client.connect(HOST, self.ftp.port)
            client.login(NAME, NAME)
            client.storbinary(f"STOR contacts/import/in/{SAMPLE_NAME}", io.BytesIO(SAMPLE.encode("latin-1")))
        settled = self._await(imports, before)
        if settled is None:
            return
        result = json.loads(settled.with_name(f"{settled.name}.result.json").read_text(encoding="utf-8"))
        with connect(EmbeddedServer(self.settings.data_dir).url) as conn:
            story = Story(
                sample=SAMPLE_NAME,
                settled=settled,
                result=result,
                contacts=contacts_of(conn, account, result["deposit_id"]),
                report=campaigns.report(conn, account, self.settings),
                ftp=f"ftp://{NAME}:{NAME}@{HOST}:{self.ftp.port}",
                sockets=conn.info.host,
                settle_seconds=SETTLE_SECONDS,
                grace_seconds=GRACE_SECONDS,
            )
        self.console.print(story.text())

    def _await(self, imports: Path, before: set[Path]) -> Path | None:
        """The sample's path when it is settled; None after Ctrl-C."""
        deadline = time.monotonic() + VISIT_SECONDS
        while not (found := _settled(imports) - before):
            if self._ended.wait(POLL_SECONDS):
                return None
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{SAMPLE_NAME} was not settled in {VISIT_SECONDS:.0f} s; see the log above"
                )
        return found.pop()


def _desired_account(current: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    return rules.understand({"dedup": "triplet", "language": "en"}, [], current)


def _settled(imports: Path) -> set[Path]:
    """The samples in `ok/` or `ko/`, of this run and of earlier ones."""
    pattern = re.compile(rf"[0-9]+_{re.escape(SAMPLE_NAME)}")
    return {
        path for box in ("ok", "ko") for path in (imports / box).iterdir() if pattern.fullmatch(path.name)
    }
