"""stdout and stderr, which may be closed: Python then has None in their place."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO


def reserve() -> None:
    """Occupy descriptors 0 to 2 where they are closed: a connection that gets one would receive what others write."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            # open(2) takes the lowest free descriptor, which is this one.
            os.open(os.devnull, os.O_RDWR)


def stdout() -> TextIO | None:
    """The process's stdout; None if it was closed before the start."""
    # The type that Python gives it knows no None.
    found: TextIO | None = sys.stdout
    return found


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; a closed or missing one is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def complain(text: str) -> None:
    """Write to stderr, if anybody can read it."""
    stream: TextIO | None = sys.stderr
    if stream is not None:
        with suppress(OSError, ValueError):
            stream.write(text)
            stream.flush()
