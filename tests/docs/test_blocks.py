"""Each fenced block of README, SECURITY.md and docs/ is read by the program that it is for.

The language of a block names its check here. Server configurations are started in test_server_configurations.py, and
docs/operations.md's lines for an existing PostgreSQL are run in test_existing_postgresql.py.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import typer

from contactsync.__main__ import config_first
from contactsync.cli import app
from contactsync.settings.load import load
from tests.docs.blocks import ROOT, Block, blocks, commands_of, complaint_of_bash
from tests.roles import as_daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Databases

    Check = Callable[[str], Any]

CHECKED = {"sh", "console", "sql", "psql", "csv", "json", "toml", "yaml"}
SERVERS = {"vsftpd", "proftpd", "pure-ftpd", "passwd", "sshd_config"}
# By the beginning of their first line: no program reads these.
UNCHECKED = {
    "─────": "what `make run` prints; tests/acceptance/test_demo.py runs it",
    "reporting/": "a drawing of folders",
    "contacts/": "a drawing of folders",
    "<home>/": "a drawing of folders",
    "6 interfaces": "a drawing of the packages",
    "Civilité;Prénom;Nom;Email;Téléphone Fixe;Mobile;Fax;…": "a report's file with columns left out",
    "/srv/ftp/globex/contacts/delete/ok: mode is": "one line of `contactsync init --check`",
    "install -d -o root": "modes of folders, with a placeholder for the home",
}


def each(*languages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", blocks(*languages), ids=str)


def test_every_block_has_a_check_or_a_reason_for_none() -> None:
    """A block without a language, or drawn without being in the list, fails."""
    unknown = [
        str(block)
        for block in blocks()
        if block.language not in CHECKED | SERVERS
        and not (block.language == "text" and block.first_line.startswith(tuple(UNCHECKED)))
    ]
    assert unknown == []


def test_every_reason_is_still_needed() -> None:
    lines = [block.first_line for block in blocks("text")]
    assert [start for start in UNCHECKED if not any(line.startswith(start) for line in lines)] == []


@each("sh", "console")
def test_bash_can_read_the_commands(block: Block) -> None:
    assert block.typed()
    assert "".join(complaint_of_bash(text) for text in block.typed()) == ""


def parse(arguments: list[str]) -> None:
    """Read a command line as the program would, without running the command; raises click's UsageError."""
    command = typer.main.get_command(app)
    context = command.make_context("contactsync", config_first(arguments))
    while hasattr(context.command, "resolve_command"):
        name, command, rest = context.command.resolve_command(context, context._protected_args + context.args)
        context = command.make_context(name, rest, parent=context)


@each("sh", "console")
def test_the_command_line_is_ours(block: Block) -> None:
    """Commands and options exist, and arguments have their type."""
    for words in commands_of(block):
        if words[0] == "contactsync":
            parse([re.sub(r"^\$\w+$", "1", word) for word in words[1:]])


@each("sh")
def test_make_has_the_target(block: Block) -> None:
    for words in commands_of(block):
        if words[0] == "make":
            done = subprocess.run(
                ["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[psycopg.Connection]:
    with databases() as url, psycopg.connect(url, autocommit=True) as connection:
        yield connection


def plan(database: psycopg.Connection, statement: str) -> None:
    """Let PostgreSQL plan a statement, or execute what has no plan, such as GRANT; nothing of it remains."""
    planned = statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"))
    with database.transaction(force_rollback=True):
        # The user of the sending platform in docs/operations.md.
        database.execute("CREATE ROLE sender")
        database.execute(f"EXPLAIN {statement}" if planned else statement)


def statements(text: str) -> Iterator[str]:
    """Split at the semicolons that end a line, as all of these blocks are written."""
    for part in re.split(r";\s*(?:--.*)?$", text, flags=re.MULTILINE):
        if part.strip():
            yield part.strip()


@each("sql")
def test_postgresql_can_plan_it(block: Block, database: psycopg.Connection) -> None:
    for statement in statements(block.text):
        plan(database, statement)


@each("psql")
def test_postgresql_can_plan_it_and_names_the_columns_shown(
    block: Block, database: psycopg.Connection
) -> None:
    """The first paragraph is the statement, the second begins with the names of its columns."""
    typed, _, shown = block.text.partition("\n\n")
    (statement,) = statements(typed)
    columns = database.execute(f"SELECT * FROM ({statement}) AS pasted LIMIT 0").description
    assert columns is not None
    assert [column.name for column in columns] == [
        name.strip() for name in shown.partition("\n")[0].split("|")
    ]


@each("sh", "console")
def test_postgresql_can_plan_what_psql_is_given(block: Block, database: psycopg.Connection) -> None:
    """Without psql's own commands, such as \\password."""
    for words in commands_of(block):
        for option, given in itertools.pairwise(words):
            if words[0] == "psql" and re.fullmatch(r"-[At]*c", option) and not given.startswith("\\"):
                plan(database, given)


@pytest.fixture(scope="module")
def check(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    """`contactsync check` of a file's text, for an account with the default settings; gives its answer as JSON."""
    folder = tmp_path_factory.mktemp("csv")
    with databases() as url:
        environment = {"CONTACTSYNC_DATABASE_URL": as_daemon(url), "CONTACTSYNC_FTP_ROOT": str(folder)}

        def run(*words: str) -> str:
            command = [sys.executable, "-m", "contactsync", *words]
            return subprocess.run(
                command,
                env=os.environ | environment,
                cwd=folder,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout

        def answer(text: str) -> Any:
            (folder / "list.csv").write_text(text, encoding="utf-8")
            return json.loads(run("check", "list.csv", "--account", "acme", "--json"))

        run("account", "add", "acme", "--dedup", "reference")
        yield answer


@each("csv")
def test_every_row_would_be_applied(block: Block, check: Check) -> None:
    answer = check(block.text)
    assert (answer["state"], answer["warnings"], answer["rows_rejected"]) == ("ok", [], 0)
    assert answer["rows_read"] == block.text.count("\n") - 1


@each("json")
def test_each_line_is_an_event(block: Block) -> None:
    for line in block.text.splitlines():
        assert json.loads(line)["event"]


@each("toml")
def test_the_settings_are_valid(block: Block, tmp_path: Path) -> None:
    (tmp_path / "contactsync.toml").write_text(block.text, encoding="utf-8")
    load(tmp_path / "contactsync.toml")


@each("yaml")
def test_prometheus_can_read_it(block: Block, tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    (tmp_path / "prometheus.yml").write_text(block.text, encoding="utf-8")
    done = subprocess.run(
        ["promtool", "check", "config", "--syntax-only", tmp_path / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
