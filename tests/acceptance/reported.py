"""What `status --json` reports of a program."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.acceptance.program import DEADLINE, Program

if TYPE_CHECKING:
    from collections.abc import Callable


def status(program: Program, *options: str, **env: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        program._command("status", "--json", *options),
        env=program._environment | env,
        text=True,
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def account(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in report["accounts"] if each["account"] == name)


def comes(program: Program, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask until the answer is right: the daemon's own report is up to a second old."""
    last: list[dict[str, Any]] = []

    def look() -> bool:
        last[:] = [status(program)[1]]
        return right(last[0])

    program.until(look, "the right status", alive=False)
    return last[0]
