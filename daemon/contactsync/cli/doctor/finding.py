"""What `doctor` finds: how bad it is, a sentence, and the command that mends it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `fix` is a command or None where there is nothing to do, or no command does it.

    error: something does not work, or will not. warning: it works, less well than it could. note: good to know.
    """

    level: Level
    check: str
    message: str
    fix: str | None = None
