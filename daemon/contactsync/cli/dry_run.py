"""Judges a file without applying it: the daemon's own reading, reported in the shape of result.json."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from contactsync.database.connection import Connection
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import Action, Claimed, Counts, FileIdentity, Mode
from contactsync.domain.errors import ConfigurationError, FileRefused, LineError
from contactsync.domain.messages.outcome import would_be
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, row_error
from contactsync.processing import result_json
from contactsync.processing.result_json import Subject
from contactsync.processing.returned import Originals
from contactsync.reading.examination import Examination, Judged
from contactsync.reading.findings import Findings
from contactsync.reading.returned import Original
from contactsync.runtime import stdio
from contactsync.settings.settings import Settings
from contactsync.spool import markers
from contactsync.spool.settled_files import SettledFiles

PROGRESS_BYTES = 1 << 20
"""Smaller files are judged so fast that a progress bar would only flicker."""

_ONLY_A_DEPOSIT_HAS = (
    *("deposit_id", "claimed_name", "deposited_at", "finished_at"),
    *("inserted", "updated", "unchanged", "removed"),
    *("rejected_complete", "rejected_left_out", "dry_run"),
)


Session: TypeAlias = Callable[[], AbstractContextManager[Connection]]


class RowFate(NamedTuple):
    """The outcome of one row; the last three are None unless it is rejected."""

    line: int
    state: str
    column: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much to report: all rejected rows or the first 100; `each_row` is called for every row in order."""

    every_reject: bool
    each_row: Callable[[RowFate], None] | None


def of(
    path: Path, account: Account, action: Action, settings: Settings, wanted: Wanted, *, session: Session
) -> dict[str, Any]:
    """Judge the file at `path` as if it had been uploaded; raises ConfigurationError if it cannot be read.

    `session` gives a connection to the ledger, where a corrected rejected file finds its original. Returns the fields of result.json that do not depend on the database, and `is_a_deposit`: False if
    the daemon would ignore a file of this name.
    """
    claimed = _claimed(path, account, action, settings)
    subject = Subject(account, claimed, 0, Findings())
    findings = subject.findings
    if claimed.several_markers:
        findings.warnings["several_markers"] = 1
    try:
        _read(path, subject, settings, wanted, session)
    except FileRefused as refusal:
        found, _ = result_json.refused(subject, refusal)
    else:
        if claimed.mode is Mode.SYNC:
            findings.warn_of_nobody_removed()
        applied = findings.rows_read - findings.rows_rejected
        counts = Counts(findings.rows_read, applied, findings.rows_rejected)
        list_name = names.list_name(names.as_text(claimed.name)) if claimed.mode else None
        found = result_json.applied(subject, counts, list_name)
        found["message"] = would_be(subject.context, counts)
    found = {key: value for key, value in found.items() if key not in _ONLY_A_DEPOSIT_HAS}
    return {**found, "is_a_deposit": not settings.ignores(claimed.name)}


def _claimed(path: Path, account: Account, action: Action, settings: Settings) -> Claimed:
    """The file as the daemon would claim it."""
    try:
        status = os.lstat(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    identity = FileIdentity.of(status)
    if stat.S_ISDIR(identity.mode):
        raise ConfigurationError(f"{path} is a folder: name a file")
    if identity.is_plain and not os.access(path, os.R_OK):
        raise ConfigurationError(f"{path}: you may not read it")
    name = os.fsencode(path.name)
    mode, several = None, False
    if action.kind == "import":
        mode, several = _mode(account.home_under(settings.ftp_root) / "contacts" / action.name)
        if names.is_rejected_file(names.as_text(name)):
            mode = Mode.ADD
    refusal = identity.refusal(settings.max_file_bytes)
    return Claimed(action, name, name, datetime.now(UTC), identity.size, None, refusal, mode, several)


def _mode(folder: Path) -> tuple[Mode, bool]:
    """The mode that the account's markers select now; the default if its folder cannot be read."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return markers.mode_of([])
    try:
        return markers.mode_of(markers.present(fd))
    finally:
        os.close(fd)


def _read(path: Path, subject: Subject, settings: Settings, wanted: Wanted, session: Session) -> None:
    """Read the whole file as the daemon would; the results are in the subject's findings."""
    account, claimed, findings = subject.account, subject.claimed, subject.findings
    if claimed.refusal:
        raise FileRefused(claimed.refusal, {"limit": settings.max_file_bytes >> 20})
    every: list[LineError] = []
    with _progress(path) as advance:
        try:
            examination = Examination(
                path,
                account,
                claimed.action,
                findings,
                mode=claimed.mode,
                max_inflated_bytes=settings.max_inflated_bytes,
                original=_original(path, subject, settings, session),
            )
            for judged in examination:
                if wanted.every_reject:
                    every += [
                        LineError(judged.batch.line(r.place), r.column, r.code, r.variant)
                        for r in judged.rejects
                    ]
                if wanted.each_row:
                    for fate in _fates(judged, subject.context):
                        wanted.each_row(fate)
                advance(judged.batch.rows.consumed)
        finally:
            if wanted.every_reject:
                findings.errors = every


def _original(path: Path, subject: Subject, settings: Settings, session: Session) -> Original | None:
    """What the daemon would compare the rows of a corrected rejected file with."""
    settled = SettledFiles(subject.account.home_under(settings.ftp_root))
    originals = Originals(session, settled, subject.account, settings.max_inflated_bytes, lambda: None)
    try:
        return originals.of(subject.claimed, path)
    except PermissionError:
        raise ConfigurationError(
            f"{path.name}: you may not read its original, with which it is compared: run check as the daemon's user"
        ) from None


def _fates(judged: Judged, context: Context) -> Iterator[RowFate]:
    """Every row of a batch, in file order."""
    rejects = {reject.place: reject for reject in judged.rejects}
    for place in sorted({*rejects, *judged.batch.table.places.tolist()}):
        line = judged.batch.line(place)
        if reject := rejects.get(place):
            message = row_error(ERRORS, reject.code, context, reject.column, reject.variant)
            yield RowFate(line, "rejected", reject.column, reject.code, message)
        else:
            yield RowFate(line, "ok")


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], None]]:
    """On a terminal, show a progress bar for a large file; yields a function that takes the bytes done."""
    size = path.stat().st_size
    if size < PROGRESS_BYTES or not stdio.is_terminal(sys.stderr):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with path.open("rb") as file:
        # A zip's real size is unknown: only its directory states it, and that may be wrong.
        zipped = file.read(2) == b"PK"
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("checking", total=None if zipped else size)
        yield lambda done: progress.advance(task, done)
