"""argv → settings → command → exit status: 0 done, 1 the answer is no, 2 usage or configuration (SPEC 7)."""

from __future__ import annotations

import sys
from typing import NoReturn

from contactsync import cli


def main() -> NoReturn:
    """Run the command that argv names, and exit with its status; what went wrong is one sentence on stderr."""
    try:
        cli.app(config_first(sys.argv[1:]), prog_name="contactsync")
    except Exception as error:  # noqa: BLE001 - what is no sentence for ops ends as a bug
        told = cli.failure.explain(error)
        if told is None:  # a bug: its traceback is for us
            sys.exit(_tell_bug(error))
        sys.stderr.write(f"contactsync: {told.sentence}\n")
        sys.exit(told.status)
    sys.exit(0)


def _tell_bug(error: Exception) -> str:
    """A bug as a sentence and a traceback, without the exception's text: that may hold values of a file."""
    from contactsync.log import bare, is_configured, log  # noqa: PLC0415 - `--help` must not pay for it

    if is_configured():
        log.critical("crash", exc_info=error)
    told = bare(error)
    frames = "".join(f"\n  {frame}" for frame in told["traceback"])
    return f"contactsync: a bug ({told['exception']}): send us these lines{frames}"


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
