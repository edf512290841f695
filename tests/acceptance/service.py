"""The daemon as a service of systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.acceptance.program import Program
from tests.acceptance.systemd import Systemd

if TYPE_CHECKING:
    from pathlib import Path


# The watchdog of these tests; it is fed four times as often.
FEED_SECONDS = 1.0


def run_as_service(program: Program, systemd: Systemd) -> None:
    program._environment |= {
        "NOTIFY_SOCKET": systemd.address,
        "WATCHDOG_USEC": str(int(FEED_SECONDS * 1e6)),
    }


def configure_by_file(program: Program, text: str) -> Path:
    """The settings of the test in a file, so that they can change."""
    file = program.folder / "contactsync.toml"
    file.write_text(text, encoding="utf-8")
    for key in ("settle_seconds", "grace_seconds"):
        program._environment.pop(f"CONTACTSYNC_{key.upper()}", None)
    return file
