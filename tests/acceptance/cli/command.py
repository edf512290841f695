"""How the tests run `contactsync`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

DAEMON = Path(__file__).parents[3] / "daemon"

Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs `contactsync` with arguments, and environment variables as keywords."""
