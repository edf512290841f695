"""Structured logs on stdout: JSON lines, or columns on a terminal (SPEC 7). No line holds a cell's value."""

from __future__ import annotations

import sys
import traceback
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger


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


def _bare_traceback(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A traceback without the exceptions' texts: those may hold values of a file (SPEC 5.7)."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["exception"] = type(error).__qualname__
        event["traceback"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def configure(log_format: Literal["json", "console"] | None = None) -> None:
    """Set up structlog for this process."""
    console = log_format == "console" or (log_format is None and sys.stdout.isatty())
    renderer: Any = (
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
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=lambda *_: _Stdout(sys.stdout),
        cache_logger_on_first_use=True,
    )
