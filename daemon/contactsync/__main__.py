"""argv → settings → command → exit status: 0 done, 1 the answer is no, 2 usage or configuration (protocol 7)."""

from __future__ import annotations

import logging
import sys
import threading
from typing import NoReturn

from contactsync import cli


def main() -> NoReturn:
    """Run the command that argv names, and exit with its status; what went wrong is one sentence on stderr."""
    _leave_out_texts()
    try:
        cli.app(config_first(sys.argv[1:]), prog_name="contactsync")
    except Exception as error:  # noqa: BLE001 - what is no sentence for ops ends as a bug
        told = cli.exit_status.explain(error)
        if told is None:  # a bug: its traceback is for us
            _end_by_bug(error)
        sys.stderr.write(f"contactsync: {told.sentence}\n")
        sys.exit(told.status)
    sys.exit(0)


def _leave_out_texts() -> None:
    """What libraries and Python say by themselves may hold values of a file: `run` logs it without, others drop it."""
    logging.captureWarnings(capture=True)
    logging.lastResort = None
    threading.excepthook = lambda told: told.exc_value and sys.stderr.write(f"{_bug(told.exc_value)}\n")
    sys.unraisablehook = lambda told: told.exc_value and sys.stderr.write(f"{_bug(told.exc_value)}\n")


def _bug(error: BaseException) -> str:
    """A bug as a sentence and a traceback, without the exception's text: that may hold values of a file."""
    from contactsync.telemetry.log import bare  # noqa: PLC0415 - `--help` must not pay for it

    told = bare(error)
    frames = "".join(f"\n  {frame}" for frame in told["traceback"])
    return f"contactsync: a bug ({told['error']}): send us these lines{frames}"


def _end_by_bug(error: Exception) -> NoReturn:
    from contactsync.telemetry.log import is_configured, log  # noqa: PLC0415 - as above

    if is_configured():
        log.critical("crash", exc_info=error)
    sys.exit(_bug(error))


def config_first(arguments: list[str]) -> list[str]:
    """Move `--config FILE` to the front, so that it may stand before or after the command."""
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
