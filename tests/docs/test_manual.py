"""The manual page is the command line's own, as it is now, and good roff; the shells' completion works."""

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
    """Else: make man."""
    assert PAGE.read_text(encoding="utf-8") == manual.page()


def test_every_command_and_setting_is_in_it() -> None:
    """With each account command, and each key's default."""
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
def test_the_page_is_good_roff(lint: tuple[str, ...]) -> None:
    """No warning from the formatters."""
    if shutil.which(lint[0]) is None:
        pytest.skip(f"{lint[0]} is not installed")
    done = subprocess.run([*lint, PAGE], text=True, capture_output=True, timeout=60, check=False)
    # For the date: a page of the same program is the same whenever it is made.
    told = [line for line in (done.stdout + done.stderr).splitlines() if "missing date" not in line]
    assert told == []


@pytest.fixture
def bash(tmp_path: Path) -> Callable[[str], list[str]]:
    """Run a script in bash, with `contactsync` on its PATH and a home of its own; the lines it prints."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    program = tmp_path / "contactsync"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m contactsync "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "daemon"), "HOME": str(tmp_path)}
    env["PATH"] = f"{tmp_path}:{env['PATH']}"

    def run(script: str) -> list[str]:
        command = [
            "bash",
            "-c",
            f"{script}\n:",
        ]  # with something after it bash stays the parent, which is asked for
        done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done
        return done.stdout.splitlines()

    return run


def test_bash_completes(bash: Callable[[str], list[str]]) -> None:
    """What --show-completion prints completes commands, options and their values."""
    script = (
        'eval "$(contactsync --show-completion)"\n'
        'tell() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _contactsync_completion contactsync; echo "${COMPREPLY[*]}"; }\n'
        "tell contactsync his\n"
        "tell contactsync history --state k\n"
        "tell contactsync config ''\n"
    )
    assert bash(script) == ["history", "ko", "show"]


def test_completion_installs_itself(bash: Callable[[str], list[str]], tmp_path: Path) -> None:
    """Into the home of who asks."""
    bash("contactsync --install-completion")
    assert "contactsync" in (tmp_path / ".bash_completions/contactsync.sh").read_text()
