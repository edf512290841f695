"""What the model expects of a deposit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .reading import Warnings


@dataclass
class Expected:
    """The outcome of a deposit.

    `reason` is the code of a refusal, as far as the protocol determines it; `why` explains it to a
    human. `warnings` maps codes to lines. Neither is part of what random deposits are judged on.
    """

    state: str = "ok"
    reason: str = ""
    why: str = ""
    rows_read: int = 0
    rows_applied: int = 0
    rows_rejected: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    list_name: str | None = None
    mode: int | None = None
    dry_run: bool = False
    separator: str = ""
    rejected_lines: list[int] = field(default_factory=list)
    rejected_for: dict[int, tuple[str | None, str]] = field(default_factory=dict)
    warnings: Warnings = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return self.state == "ko"
