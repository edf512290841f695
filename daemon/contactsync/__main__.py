"""argv → settings → command → exit status: 0 done, 1 the answer is no, 2 usage or configuration (SPEC 7)."""

from __future__ import annotations

import sys
from typing import NoReturn

from contactsync import cli


def main() -> NoReturn:
    """Run the command that argv names, and exit with its status; what went wrong is one sentence on stderr."""
    try:
        cli.app(config_first(sys.argv[1:]), prog_name="contactsync")
    except Exception as error:
        told = cli.failure.explain(error)
        if told is None:  # a bug: its traceback is for us
            raise
        sys.stderr.write(f"contactsync: {told.sentence}\n")
        sys.exit(told.status)
    sys.exit(0)


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
