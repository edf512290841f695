"""The manual page is generated from the current command line, and is valid roff; shell completion works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contactsync.settings.settings import Settings
from tools import manual

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/contactsync.1"


def test_the_page_is_current() -> None:
    """If not, run `make man`."""
    assert PAGE.read_text(encoding="utf-8") == manual.page()


def test_every_command_and_setting_is_in_it() -> None:
    """Commands of groups too, and every key."""
    page = PAGE.read_text(encoding="utf-8")
    for command in ("run", "account add NAME", "config show", "retry DEPOSIT", "doctor", "report"):
        assert f".SS contactsync {command}\n" in page
    for key in Settings.model_fields:
        assert f"\\fB{key}\\fR\n" in page


@pytest.mark.parametrize(
    "lint",
    [("mandoc", "-T", "lint", "-W", "warning"), ("groff", "-man", "-ww", "-T", "utf8", "-z")],
    ids=["mandoc", "groff"],
)
def test_the_page_is_valid_roff(lint: tuple[str, ...]) -> None:
    """The formatters print no warning."""
    if shutil.which(lint[0]) is None:
        pytest.skip(f"{lint[0]} is not installed")
    done = subprocess.run([*lint, PAGE], text=True, capture_output=True, timeout=60, check=False)
    # The page has no date, so that the same program always gives the same page.
    warnings = [line for line in (done.stdout + done.stderr).splitlines() if "missing date" not in line]
    assert warnings == []


@pytest.fixture
def bash(tmp_path: Path) -> Callable[[str], list[str]]:
    """Run a script in bash, with `contactsync` on its PATH and its own home; returns the lines it prints."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    program = tmp_path / "contactsync"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m contactsync "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "daemon"), "HOME": str(tmp_path)}
    env["PATH"] = f"{tmp_path}:{env['PATH']}"

    def run(script: str) -> list[str]:
        # Without a last command, bash would exec the program; the completion asks for its parent, a bash.
        command = ["bash", "-c", f"{script}\n:"]
        done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done
        return done.stdout.splitlines()

    return run


def test_bash_completes(bash: Callable[[str], list[str]]) -> None:
    """What --show-completion prints completes commands, options and their values."""
    script = (
        'eval "$(contactsync --show-completion)"\n'
        'complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _contactsync_completion contactsync; echo "${COMPREPLY[*]}"; }\n'
        "complete_words contactsync his\n"
        "complete_words contactsync history --state k\n"
        "complete_words contactsync config ''\n"
    )
    assert bash(script) == ["history", "ko", "show"]


def test_completion_installs_itself(bash: Callable[[str], list[str]], tmp_path: Path) -> None:
    """It installs into the user's home."""
    bash("contactsync --install-completion")
    assert "contactsync" in (tmp_path / ".bash_completions/contactsync.sh").read_text()
