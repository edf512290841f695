"""argv → command → exit status: 0 done, 1 the answer is no, 2 usage or configuration (protocol 7)."""

from __future__ import annotations

import logging
import sys
import threading
from typing import NoReturn

from contactsync import cli
from contactsync.runtime import stdio


def main() -> NoReturn:
    """Run the command that argv names and exit with its status; an error is one sentence on stderr."""
    stdio.reserve()
    _hide_exception_texts()
    try:
        cli.app(config_first(sys.argv[1:]), prog_name="contactsync")
    except Exception as error:  # noqa: BLE001 - an error without an explanation for operators is a bug
        ending = cli.exit_status.explain(error)
        if ending is None:
            _end_by_bug(error)
        stdio.complain(f"contactsync: {ending.sentence}\n")
        sys.exit(ending.status)
    sys.exit(0)


def _hide_exception_texts() -> None:
    """Keep warnings and uncaught exceptions of threads from printing their text, which may hold cell values.

    `run` configures a log that masks these texts. The other commands drop warnings.
    """
    logging.captureWarnings(capture=True)
    logging.lastResort = None
    threading.excepthook = _write_bug
    sys.unraisablehook = _write_bug


def _write_bug(raised: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
    if raised.exc_value:
        stdio.complain(f"{_bug(raised.exc_value)}\n")


def _bug(error: BaseException) -> str:
    """A sentence and a traceback for a bug, without the exception's text, which may hold cell values."""
    from contactsync.telemetry.log import bare  # noqa: PLC0415 - `--help` must not import structlog

    fields = bare(error)
    frames = "".join(f"\n  {frame}" for frame in fields["traceback"])
    return f"contactsync: a bug ({fields['error']}): send us these lines{frames}"


def _end_by_bug(error: Exception) -> NoReturn:
    from contactsync.telemetry.log import is_configured, log  # noqa: PLC0415 - as above

    if is_configured():
        log.critical("crash", exc_info=error)
    stdio.complain(f"{_bug(error)}\n")
    sys.exit(1)


def config_first(arguments: list[str]) -> list[str]:
    """Move `--config FILE` to the front, so that it may also follow the command."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    ours, found = arguments[:end], []
    for place, argument in enumerate(ours):
        if argument == "--config" or argument.startswith("--config="):
            found = ours[place : place + 1 + (argument == "--config")]
            ours = ours[:place] + ours[place + len(found) :]
            break
    return [*found, *ours, *arguments[end:]]


if __name__ == "__main__":
    main()
