"""What `doctor` reports: a level, a sentence, and the command that fixes the problem. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "warning", "error"]
"""error: something does not work, or will not. warning: it works, but worse than it could. note: good to know."""

SKEW_SECONDS = 2.0
"""Two clocks that differ by more affect timestamps and reports."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `fix` is a command, or None if nothing is wrong or no command fixes it."""

    level: Level
    check: str
    message: str
    fix: str | None = None
