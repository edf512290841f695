"""Which boot of the machine this is."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

VARIABLE = "BOOT_ID"
"""Set by the unit (`%b` in systemd.unit(5)), which hides the kernel's own files in /proc (ProcSubset=pid)."""


@cache
def boot_id() -> str:
    """The id of this boot as 32 hexadecimal digits (random(4), machine-id(5)); "" if this process cannot know it."""
    try:
        found = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8")
    except OSError:
        found = os.environ.get(VARIABLE, "")
    return found.strip().replace("-", "")
