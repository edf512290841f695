"""The accounts that this daemon serves: those in the database whose schema fits and whose homes are their own."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path

import structlog

from contactsync.accounts import homes, store
from contactsync.database.connection import Connection, Session
from contactsync.database.migrations import MigrationError, pending
from contactsync.domain.account import Account
from contactsync.domain.errors import ConfigurationError
from contactsync.intake.rescan import Rescan
from contactsync.runtime.attended import STALL_SECONDS, Attended
from contactsync.spool.home_pins import HomePins
from contactsync.telemetry.log_throttle import Once

HUNG_SECONDS = 5.0
"""A home that does not answer for this long hangs: its account waits, and the log names it."""

SCAN_SECONDS = 2.0
"""How long a pass waits for the answers of homes. A scan takes 60 µs per home, unless its file system hangs."""

DEEP_SCAN_SECONDS = 30.0
"""How often `on/` is scanned too, for what a killed daemon left, and how often homes are checked."""

log = structlog.get_logger()


class SchemaRefused(ConfigurationError):  # noqa: N818 - it names a state of the database
    """The database answers, but its schema or its encoding does not fit this program."""

    fix = "contactsync doctor"


class Roster:
    """The accounts served, and where their homes are. Main thread only, except `homes` and `hung`.

    The main thread feeds systemd's watchdog and reacts to signals, so it never touches a home: `attended` does.
    """

    def __init__(
        self,
        ftp_root: Path,
        pins: HomePins,
        session: Session,
        folders: Rescan,
        attended: Attended[Path] | None = None,
    ) -> None:
        """No account is known yet. `pins` recognise the homes; the roster keeps them up to date."""
        self.attended = attended or Attended()
        self._root = ftp_root
        self._pins = pins
        self._session = session
        self._folders = folders
        self._accounts: list[Account] = []
        self._fingerprint: str | None = None
        self._schema_fits = False
        self._homes_due = 0.0
        self._deep_scan_due = 0.0
        self._refused: set[str] = set()
        self._faults = Once()
        self.homes: dict[Path, str] = {}
        """Home to account name. Replaced as a whole, never changed, so any thread may read it."""
        self.hung: frozenset[str] = frozenset()
        """The accounts whose home does not answer. Replaced as a whole too."""
        self.unanswered: frozenset[Path] = frozenset()
        """The homes that did not answer when they were last judged, or that have not answered for a while."""

    def refresh(self) -> list[Account] | None:
        """Read the accounts. Returns those to serve if they may have changed, else None.

        Raises Retryable if the database is unreachable, SchemaRefused if its schema does not fit.
        """
        with self._session() as conn:
            self._check_schema(conn)
            fingerprint = store.fingerprint(conn)
            # Read after the fingerprint: a change in between changes the fingerprint again.
            found = store.every(conn) if fingerprint != self._fingerprint else None
        if found is not None:
            self._accounts, self._fingerprint, self._homes_due = found, fingerprint, 0.0
        # An operator may just have allowed a home.
        answered = self.unanswered - self.attended.silent(0).keys()
        if not self._pins.refresh() and time.monotonic() < self._homes_due and not answered:
            return None
        self._homes_due = time.monotonic() + DEEP_SCAN_SECONDS
        served = self._with_own_homes(self._accounts)
        self.homes = {account.home_under(self._root): account.name for account in served}
        self._folders.keep(set(self.homes))
        return served

    def watched_folders(self) -> set[Path]:
        """Return the folders below which uploads arrive."""
        return {self._root, *(home / "contacts" for home in self.homes)}

    def account_of(self, folder: Path) -> str | None:
        """Return the account that `<home>/contacts/<action>/in` belongs to."""
        return self.homes.get(folder.parent.parent.parent)

    def homes_elsewhere(self) -> dict[str, str]:
        """Return the homes, by account name, that are not at their default place below the FTP root."""
        return {name: str(home) for home, name in self.homes.items() if home != self._root / name}

    def rescan(self, idle: Collection[str]) -> list[str]:
        """Return the accounts, out of the idle ones, whose folders hold something or lack something.

        This scan is authoritative; events only make the daemon faster.
        """
        deep = time.monotonic() >= self._deep_scan_due
        if deep:
            self._deep_scan_due = time.monotonic() + DEEP_SCAN_SECONDS
        asked = [home for home, name in self.homes.items() if name in idle]
        found = self.attended.over(
            asked, lambda home: self._folders.needs_a_look(home, deep=deep), SCAN_SECONDS
        )
        return [self.homes[home] for home in asked if home in found and found[home].get()]

    def probe(self, names: Collection[str]) -> None:
        """Ask the homes of accounts whose step takes long whether they still answer; `note_hung` knows then."""
        asked = [home for home, name in self.homes.items() if name in names]
        self.attended.over(asked, lambda home: self._folders.needs_a_look(home, deep=True), STALL_SECONDS)

    def note_hung(self) -> None:
        """Find out which homes do not answer, and log what has changed."""
        silent = self.attended.silent(HUNG_SECONDS)
        names = {account.home_under(self._root): account.name for account in self._accounts}
        hung = {names[home]: home for home in silent if home in names}
        for name in hung.keys() - self.hung:
            fault = homes.hung(hung[name])
            log.error("account.home_hung", account=name, reason=fault.reason, fix=fault.fix)
        for name in self.hung - hung.keys():
            log.info("account.home_answers", account=name)
        self.hung = frozenset(hung)
        self.unanswered |= frozenset(hung.values())

    @property
    def waits(self) -> bool:
        """Whether the home of an account that is served has not answered."""
        disabled = {each.home_under(self._root) for each in self._accounts if each.disabled}
        return bool(self.unanswered - disabled)

    def _check_schema(self, conn: Connection) -> None:
        """Raise SchemaRefused until somebody migrates the database or upgrades this program."""
        if self._schema_fits:
            return
        try:
            missing = pending(conn)
            problem = f"it lacks {', '.join(missing)}: run `contactsync migrate`" if missing else None
        except MigrationError as error:
            problem = str(error)
        if self._faults.news("schema", problem):
            log.error("database.schema", reason=problem)
        if problem is not None:
            raise SchemaRefused(problem)
        self._schema_fits = True

    def _with_own_homes(self, found: list[Account]) -> list[Account]:
        """Return the accounts without those whose home is not their own, or is another folder than before."""
        faults = homes.examine(found, self._root, self._pins, self.attended)
        own = {account.name: account.home_under(self._root) for account in found}
        self.unanswered = frozenset(
            own[name] for name, fault in faults.items() if fault.event == "account.home_hung"
        )
        # One that has answered before stays: `note_hung` makes it wait. The others are judged once they answer.
        known = {name for home, name in self.homes.items() if home in self.unanswered}
        faults = {name: fault for name, fault in faults.items() if name not in known}
        for name in self._refused - faults.keys():
            self._faults.news(f"home of {name}", None)
        for name, fault in faults.items():
            if self._faults.news(f"home of {name}", fault):
                _log_fault(name, fault)
        self._refused = set(faults)
        if self._faults.news("pins", self._pins.problem):
            log.warning("homes.unsaved", reason=self._pins.problem)
        return [account for account in found if account.name not in faults and not account.disabled]


def _log_fault(name: str, fault: homes.HomeFault) -> None:
    if fault.event == "account.home_hung":
        # `note_hung` logs it, once it has lasted.
        return
    if fault.event == "account.bad_home":
        log.error("account.bad_home", account=name, reason=fault.reason, fix=fault.fix)
    else:
        log.error("account.home_changed", account=name, reason=fault.reason, fix=fault.fix)
