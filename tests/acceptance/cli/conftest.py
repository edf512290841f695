"""The command line as operators use it: the real program in a process of its own, against a real database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.acceptance.cli.command import DAEMON, Run
from tests.acceptance.program import DEADLINE
from tests.roles import as_daemon


@pytest.fixture
def bare(tmp_path: Path) -> Run:
    """Run `contactsync` with these arguments and no database; output is captured."""

    def run(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("CONTACTSYNC_")}
        given = {"PYTHONPATH": str(DAEMON), "CONTACTSYNC_FTP_ROOT": str(tmp_path / "ftp")}
        return subprocess.run(
            [sys.executable, "-m", "contactsync", *map(str, arguments)],
            env={**clean, **given, "CONTACTSYNC_DATA_DIR": str(tmp_path / "data"), **env},
            cwd=tmp_path,
            text=True,
            capture_output=True,
            timeout=DEADLINE,
            check=False,
        )

    return run


@pytest.fixture
def contactsync(bare: Run, database_url: str) -> Run:
    """Run `contactsync` on the test's database."""
    return lambda *arguments: bare(*arguments, CONTACTSYNC_DATABASE_URL=as_daemon(database_url))


@pytest.fixture
def acme(conn: psycopg.Connection[Any]) -> int:
    """An account `acme` without a criterion, whose uploaders speak English."""
    row = conn.execute(
        "INSERT INTO contactsync.account (name, language) VALUES ('acme', 'en') RETURNING account_id"
    ).fetchone()
    assert row
    return int(row[0])
