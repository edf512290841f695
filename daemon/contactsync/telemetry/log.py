"""Structured logs on stdout: JSON lines, or columns on a terminal (protocol 7). No line holds a cell's value.

docs/logs.md lists every event; a test compares the two.
"""

from __future__ import annotations

import atexit
import errno
import logging
import os
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from contactsync.domain.errors import ContactsyncError
from contactsync.runtime import stdio
from contactsync.telemetry import log_sink
from contactsync.telemetry.log_sink import LogSink
from contactsync.telemetry.log_throttle import Doubling

_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""sd-daemon(3): the journal reads `<N>` at the start of a line as its priority and strips it."""

MAX_CHAIN = 5
"""How many exceptions of a chain of causes are logged."""

log = structlog.get_logger()
is_configured = structlog.is_configured


class _Lines:
    """Hands lines to the sink, whatever their level."""

    def __init__(self, sink: LogSink) -> None:
        self.log = self.debug = self.info = self.warning = self.error = self.critical = sink.put


def bare(error: BaseException) -> dict[str, Any]:
    """The class of an exception and where it was raised. Not its text: that may hold values of a file (protocol 5.7)."""
    names: list[str] = []
    frames: list[str] = []
    link: BaseException | None = error
    while link is not None and len(names) < MAX_CHAIN:
        names.append(type(link).__qualname__)
        found = traceback.extract_tb(link.__traceback__)
        frames += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in found]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return {"error": " from ".join(names), "traceback": frames}


def reason_of(error: ContactsyncError | OSError) -> str:
    """Why something failed, as one sentence for operators.

    Never the kernel's own text: it ends in a path, and a path may hold the name of an uploaded file (protocol 5.7).
    """
    if isinstance(error, ContactsyncError):
        return str(error)
    if error.errno == errno.EXDEV:
        # "Invalid cross-device link" would leave operators guessing.
        return "in/, on/, ok/ and ko/ are on several file systems: deposits are renamed between them, mount them as one"
    return os.strerror(error.errno or 0)


def _bare_traceback(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event.update(bare(error))
    return event


def _with_priority(_logger: WrappedLogger, method: str, line: Any) -> str:
    return f"<{_PRIORITIES.get(method, 6)}>{line}"


def _goes_to_journal(stream: TextIO | None) -> bool:
    """Whether a stream goes to the journal: $JOURNAL_STREAM then holds its device:inode (systemd.exec(5))."""
    if stream is None:
        return False
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class _Libraries(logging.Handler):
    """Logs that a library or Python warned, without the text, which may hold values of a file."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._repeats = Doubling()

    def emit(self, record: logging.LogRecord) -> None:
        where = f"{record.pathname}:{record.lineno}"
        if times := self._repeats.count(where):
            log.warning("library.warning", library=record.name, where=where, times=times)


def _log_crash(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        log.critical("crash", exc_info=error)


def _log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None and not isinstance(crash.exc_value, SystemExit):
        log.critical("crash", exc_info=crash.exc_value)


def _log_unraisable(crash: sys.UnraisableHookArgs) -> None:
    if crash.exc_value is not None:
        log.error("crash", exc_info=crash.exc_value)


def _log_dropped(lines: int) -> None:
    log.warning("log.lines_dropped", lines=lines)


_sink: LogSink | None = None


def dropped_lines() -> int:
    """How many lines this process could not write."""
    return 0 if _sink is None else _sink.dropped


def flush(seconds: float = log_sink.FLUSH_SECONDS) -> None:
    """Wait until the log is written, but not for a reader who does not come."""
    if _sink is not None:
        _sink.flush(seconds)


def configure(log_format: Literal["json", "console"] | None = None) -> None:
    """Set up logging for this process: of the program, of the libraries, and of exceptions that nobody catches."""
    stream = stdio.stdout()
    console = log_format == "console" or (log_format is None and stdio.is_terminal(stream))
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=stdio.is_terminal(stream))
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    global _sink  # noqa: PLW0603 - stdout is one per process, and so is its sink
    _sink = LogSink(log_sink.writer(stream), _log_dropped)
    lines = _Lines(_sink)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _bare_traceback,
            renderer,
            *([_with_priority] if _goes_to_journal(stream) else []),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    logging.captureWarnings(capture=True)
    logging.getLogger().addHandler(_Libraries())
    sys.excepthook, threading.excepthook, sys.unraisablehook = (
        _log_crash,
        _log_thread_crash,
        _log_unraisable,
    )
    atexit.register(flush)
