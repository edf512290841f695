"""A watch on real folders, and the hints that it gave."""

from __future__ import annotations

import queue
from pathlib import Path

from contactsync.intake.watch import Watch

PATIENCE = 60.0


class Watched:
    """A watch, and the hints that it gave."""

    def __init__(self) -> None:
        self.hints: queue.Queue[Path] = queue.Queue()
        self.alarms: queue.Queue[bool] = queue.Queue()
        self.watch = Watch(self.hints.put, lambda: self.alarms.put(True))

    def hints_at(self, folder: Path) -> bool:
        """Whether an upload to that folder causes a hint."""
        while not self.hints.empty():
            self.hints.get()
        (folder / "a.csv").write_text("a")
        try:
            while self.hints.get(timeout=PATIENCE) != folder:
                pass
        except queue.Empty:
            return False
        return True

    def hints_before(self, folder: Path) -> list[Path]:
        """The hints before that of an upload to this folder now: events arrive in order."""
        (folder / "a.csv").write_text("a")
        return list(iter(lambda: self.hints.get(timeout=PATIENCE), folder))


def tree(root: Path) -> Path:
    """Create an `in/` below the root."""
    folder = root / "acme" / "contacts" / "import" / "in"
    folder.mkdir(parents=True)
    return folder
