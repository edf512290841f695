"""`--help`, settings, an unreachable database, and `migrate`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.acceptance.cli.command import DAEMON, Run


def test_help_is_quick_and_imports_no_heavy_library(bare: Run) -> None:
    """`--help` pays for typer and rich, not for what the commands need."""
    code = (
        "import sys; sys.argv = ['contactsync', '--help']\n"
        "from contactsync.__main__ import main\n"
        "try: main()\n"
        "finally: print([m for m in ('pyarrow', 'psycopg', 'pydantic', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(DAEMON)},
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("run", "demo", "migrate", "init", "account", "check", "status", "history"):
        assert command in done.stdout
    assert bare("--version").stdout == "contactsync 0.1.0\n"


def test_every_problem_of_the_settings_at_once(bare: Run, tmp_path: Path) -> None:
    """Unknown keys and bad values: exit status 2, each on a line; `--config` may follow the command."""
    config = tmp_path / "c.toml"
    config.write_text('ftp_rot = "/x"\nworkers = 0\n')
    done = bare("account", "list", "--config", config)
    assert done.returncode == 2
    assert "ftp_rot" in done.stderr
    assert "workers" in done.stderr
    assert "Traceback" not in done.stderr
    assert bare("--config", tmp_path / "none.toml", "status").returncode == 2
    assert bare("account", "list", "--config").returncode == 2


def test_a_database_that_is_unreachable_or_not_migrated(bare: Run, server_url: str, tmp_path: Path) -> None:
    """Unreachable: 1 with one sentence. Without the schema: 2, and the sentence names the fix. A bad URL: 2."""
    away = {"CONTACTSYNC_DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    done = bare("account", "list", **away)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "unreachable" in done.stderr
    shown = bare("status", "--json", **away)
    assert shown.returncode == 1
    assert json.loads(shown.stdout)["database"]["reachable"] is False
    done = bare(
        "history", CONTACTSYNC_DATABASE_URL=psycopg.conninfo.make_conninfo(server_url, dbname="template1")
    )
    assert done.returncode == 2
    assert "contactsync migrate" in done.stderr
    done = bare("history", CONTACTSYNC_DATABASE_URL="secret nonsense")
    assert done.returncode == 2
    assert "secret" not in done.stderr


def test_config_show(bare: Run, tmp_path: Path) -> None:
    """Each key once, with its value as in the file and its source; values of `database_*` keys are hidden."""
    file = tmp_path / "c.toml"
    file.write_text("workers = 7\n")
    url = "postgresql://u:geheim@h/x"
    done = bare("config", "show", "--config", file, CONTACTSYNC_DATABASE_URL=url)
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in done.stdout.splitlines()}
    assert rows["workers"].split() == ["7", str(file)]
    assert rows["grace_seconds"].split() == ["120", "default"]
    assert rows["database_url"].split() == ['"********"', "CONTACTSYNC_DATABASE_URL"]
    assert "geheim" not in done.stdout
    shown = json.loads(
        bare("config", "show", "--json", "--config", file, CONTACTSYNC_DATABASE_URL=url).stdout
    )
    assert next(row for row in shown if row["key"] == "workers") == {
        "key": "workers",
        "value": 7,
        "from": str(file),
    }


def test_migrate_and_run_once_on_the_embedded_database(bare: Run, tmp_path: Path) -> None:
    """Without `database_url` the commands bring their own PostgreSQL, migrated."""
    assert bare("migrate").stdout.startswith("applied 0001")
    assert bare("account", "add", "acme").returncode == 0
    assert bare("init").returncode == 0
    assert bare("migrate").stdout == "up to date\n"


def test_unknown_variables_are_reported(bare: Run) -> None:
    """A variable that is named like a setting and is none has no effect: each command says so, without its value."""
    done = bare("config", "show", CONTACTSYNC_FTP_ROT="/srv/secret", CONTACTSYNC_COLOUR="red")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "contactsync: warning: CONTACTSYNC_COLOUR: there is no such setting; see contactsync config show",
        "contactsync: warning: CONTACTSYNC_FTP_ROT: there is no such setting; did you mean CONTACTSYNC_FTP_ROOT?",
    ]


def test_no_arguments_print_help(bare: Run) -> None:
    """A newcomer who types the name alone gets the list of commands."""
    done = bare()
    assert "Usage: contactsync" in done.stdout + done.stderr
    assert "migrate" in done.stdout + done.stderr
