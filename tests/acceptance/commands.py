"""Commands that operators run beside the daemon."""

from __future__ import annotations

import subprocess

from tests.acceptance.program import DEADLINE, Program


def cli(
    program: Program, *arguments: object, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a command with the daemon's settings."""
    return subprocess.run(
        [*prefix, *program._command(*map(str, arguments))],
        env=program._environment,
        text=True,
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
