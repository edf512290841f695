"""The manual page is the command line's own, as it is now, and good roff; the shells' completion works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contactsync.config import Settings
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


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes(tmp_path: Path) -> None:
    """What --show-completion prints completes commands, options and their values."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "daemon")}
    (tmp_path / "contactsync").write_text(f'#!/bin/sh\nexec {sys.executable} -m contactsync "$@"\n')
    (tmp_path / "contactsync").chmod(0o755)
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    script = (
        'eval "$(contactsync --show-completion bash)"\n'
        'tell() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _contactsync_completion contactsync; echo "${COMPREPLY[*]}"; }\n'
        "tell contactsync his\n"
        "tell contactsync history --state k\n"
        "tell contactsync config ''\n"
    )
    done = subprocess.run(
        ["bash", "-c", script], env=env, text=True, capture_output=True, timeout=60, check=False
    )
    assert done.stdout.split("\n")[:3] == ["history", "ko", "show"], done


def test_completion_installs_itself(tmp_path: Path) -> None:
    """Into the home of who asks."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "daemon"), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "contactsync", "--install-completion", "bash"]
    subprocess.run(command, env=env, capture_output=True, timeout=60, check=True)
    assert "contactsync" in (tmp_path / ".bash_completions/contactsync.sh").read_text()
