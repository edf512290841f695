"""Structured logs on stdout: JSON lines, or columns on a terminal (protocol 7). No line holds a cell's value.

docs/logs.md lists every event; a test holds it to the code.
"""

from __future__ import annotations

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

from contactsync.domain.errors import Retryable
from contactsync.telemetry.log_throttle import Doubling

_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""sd-daemon(3): the journal takes `<N>` at a line's start for its priority, and away from the message."""

MAX_CHAIN = 5
"""How many exceptions that led to each other are told of."""

log = structlog.get_logger()
is_configured = structlog.is_configured


class _Stdout:
    """Writes lines; a log that cannot be written (full disk, closed pipe) must not stop a deposit."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    log = debug = info = warning = error = critical = exception = fatal = msg


def bare(error: BaseException) -> dict[str, Any]:
    """What an exception is and where it was raised, without its text: that may hold values of a file (protocol 5.7)."""
    names: list[str] = []
    frames: list[str] = []
    link: BaseException | None = error
    while link is not None and len(names) < MAX_CHAIN:
        names.append(type(link).__qualname__)
        found = traceback.extract_tb(link.__traceback__)
        frames += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in found]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return {"error": " from ".join(names), "traceback": frames}


def reason_of(error: Retryable | OSError) -> str:
    """Return what operators read about an error. No path of the kernel's: it may hold a file's name (protocol 5.7)."""
    if isinstance(error, Retryable):
        return str(error)
    if error.errno == errno.EXDEV:
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


def _goes_to_journal(stream: TextIO) -> bool:
    """Whether a stream is the journal's own, as sd_journal_stream_fd(3) has it: $JOURNAL_STREAM is its device:inode."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class _Libraries(logging.Handler):
    """What libraries log, and Python's warnings, without their texts, which may hold values of a file."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._repeats = Doubling()

    def emit(self, record: logging.LogRecord) -> None:
        where = f"{record.pathname}:{record.lineno}"
        if times := self._repeats.count(where):
            log.warning("library.warning", library=record.name, where=where, times=times)


def _tell_crash(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        log.critical("crash", exc_info=error)


def _tell_thread_crash(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        log.critical("crash", exc_info=told.exc_value)


def _tell_unraisable(told: sys.UnraisableHookArgs) -> None:
    if told.exc_value is not None:
        log.error("crash", exc_info=told.exc_value)


def configure(log_format: Literal["json", "console"] | None = None) -> None:
    """Set up logging for this process: ours, the libraries', and of what nobody catches."""
    console = log_format == "console" or (log_format is None and sys.stdout.isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _bare_traceback,
            renderer,
            *([_with_priority] if _goes_to_journal(sys.stdout) else []),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=lambda *_: _Stdout(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.captureWarnings(capture=True)
    logging.getLogger().addHandler(_Libraries())
    sys.excepthook, threading.excepthook, sys.unraisablehook = (
        _tell_crash,
        _tell_thread_crash,
        _tell_unraisable,
    )
