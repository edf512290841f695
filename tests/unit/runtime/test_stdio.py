"""Streams that are closed or missing."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from contactsync.runtime import stdio

DEADLINE = 60.0


def test_a_missing_or_closed_stream_is_no_terminal() -> None:
    """Neither raises."""
    closed = io.StringIO()
    closed.close()
    assert not stdio.is_terminal(None)
    assert not stdio.is_terminal(closed)


def test_complaints_without_a_stderr_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed stderr is None."""
    monkeypatch.setattr(sys, "stderr", None)
    stdio.complain("x")


def test_no_file_gets_the_number_of_a_closed_stream() -> None:
    """A connection must not be descriptor 1: what others write to stdout would go there."""
    script = "import os; from contactsync.runtime import stdio; stdio.reserve(); print(os.dup(0), file=open('/dev/fd/9', 'w'))"
    ran = subprocess.run(
        ["bash", "-c", 'exec 9>&1 <&- >&- 2>&-; exec "$@"', "bash", sys.executable, "-c", script],
        capture_output=True,
        check=True,
        timeout=DEADLINE,
    )
    assert int(ran.stdout) > 2
