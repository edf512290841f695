"""The soak of `make soak`, for some seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.soak import soak

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 12.0


def test_uploads_under_crashes_and_kills(tmp_path: Path) -> None:
    """Files in are files out, database and results are the model's, and the daemon does not grow."""
    outcome = soak(tmp_path, SECONDS, seed=5)
    assert outcome.wrong == []
    assert outcome.files_in == outcome.files_out > 0
    assert outcome.kills + outcome.crashes > 0
