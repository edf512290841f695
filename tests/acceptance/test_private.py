"""No output contains an e-mail address, phone number, name or cell, whatever happens to a file (protocol 5.7)."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from contactsync.database.embedded.server import EmbeddedServer
from tests.acceptance.hostile import packed
from tests.acceptance.tables import HEADER, people
from tests.acceptance.watched import Watched
from tests.catalogue import of_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME, EMAIL, PHONE, CELL = "Kwyjibos", "kwyjibo.secret@example.com", "0687654329", "Cellule-Kwyjibo"
SECRETS = re.compile(r"kwyjibo|687\D?65\D?43\D?29", re.IGNORECASE)
# The test's database takes no such contact.
REFUSED_NAME = "Kwyjibos-refusé"

# A program with bugs of its own: the planted values are in every exception's and warning's text.
DEFECTS = f'''
import logging, os, signal, threading, warnings
import contactsync.reading.examination as examine

good = examine.validate

class Unraisable:
    def __del__(self):
        raise ValueError("{EMAIL}")

def fail(text):
    raise RuntimeError(text)

def validate(table, account, action, **options):
    cells = {{key: column.to_pylist() for key, column in table.columns.items()}}
    reference = cells["reference"][0] if cells.get("reference") else ""
    if reference == "BUG":
        try:
            fail(str(cells))
        except RuntimeError as error:
            raise KeyError(str(cells)) from error
    if reference == "MEMORY":
        raise MemoryError("{EMAIL}")
    if reference == "POISON":
        os.kill(os.getpid(), signal.SIGKILL)
    if reference == "NOISE":
        warnings.warn("{EMAIL}", RuntimeWarning)
        logging.getLogger("psycopg").warning("error ignored: %s", "{EMAIL}")
        logging.getLogger("other").error("{NAME}")
        thread = threading.Thread(target=fail, args=["{PHONE}"])
        thread.start()
        thread.join()
        Unraisable()
    return good(table, account, action, **options)

examine.validate = validate
'''


def rows(*lines: str) -> bytes:
    return (HEADER + "".join(f"{line}\n" for line in lines)).encode("latin-1")


GOOD_ROW = f"R1;{NAME};{EMAIL};{PHONE}"

FILES: dict[tuple[str, str], bytes] = {
    ("import", "good.csv"): rows(GOOD_ROW),
    ("import", "zipped.zip"): packed((f"{EMAIL}.csv", rows(GOOD_ROW))),
    ("import", "rejected.csv"): rows(
        GOOD_ROW, f"R2;{NAME};kwyjibo.secret;", f";{NAME};{EMAIL};", f"R3;{CELL};;"
    ),
    ("import", "none-valid.csv"): rows(f"R2;{NAME};kwyjibo.secret;{CELL}"),
    ("import", "no-header.csv"): f"{GOOD_ROW}\n".encode(),
    ("import", "commas.csv"): rows(GOOD_ROW).replace(b";", b","),
    ("import", "ragged.csv"): rows(GOOD_ROW, f"R2;{NAME};{EMAIL};{PHONE};{CELL};{CELL}", f"R3;{NAME}"),
    ("import", "open-quote.csv"): rows(GOOD_ROW, f'R2;"{NAME};{EMAIL};{PHONE}'),
    ("import", "after-quote.csv"): rows(f'R2;"{NAME}"{CELL};{EMAIL};'),
    ("import", "nul.csv"): rows(f"R2;{NAME}\0{CELL};{EMAIL};"),
    ("import", "broken-utf8.csv"): b"\xef\xbb\xbf" + rows(f"R2;{NAME}\xe9;{EMAIL};"),
    ("import", "long-cell.csv"): rows(f"R2;{CELL * 4000};{EMAIL};"),
    ("import", "refused-by-database.csv"): rows(f"R2;{REFUSED_NAME};{EMAIL};{PHONE}"),
    ("import", "noise.csv"): rows(f"NOISE;{NAME};{EMAIL};{PHONE}"),
    ("optoutEMAIL", "optout.csv"): rows(f"R1;{NAME};{EMAIL};", "R1;x;kwyjibo.secret;"),
    ("optinSMS", "optin.csv"): rows(f"R1;{NAME};;{PHONE}", f"R1;{NAME};;687654329000000"),
    ("delete", "delete.csv"): rows(f"R9;{NAME};{EMAIL};{PHONE}", f";{NAME};{EMAIL};"),
}


class Planted(Watched):
    """A daemon over an embedded PostgreSQL of its own, with the defects."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "defects").mkdir()
        (folder / "defects/sitecustomize.py").write_text(DEFECTS)
        super().__init__(folder, EmbeddedServer(folder / "data").admin_url)
        del self._environment["CONTACTSYNC_DATABASE_URL"]
        self._environment["PYTHONPATH"] = f"{folder / 'defects'}{os.pathsep}{self._environment['PYTHONPATH']}"
        self.said = folder / "commands.txt"

    def command(self, *arguments: str) -> int:
        """Run a command; its outputs are kept."""
        ran = subprocess.run(
            self._command(*arguments),
            env=self._environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        with self.said.open("ab") as said:
            said.write(ran.stdout + ran.stderr)
        return ran.returncode

    def outputs(self) -> dict[str, str]:
        """Every output: logs (PostgreSQL's too), commands, result files, metrics."""
        found = [self._log_path, self.stderr, self.said, self.folder / "data/postgresql.log"]
        found += [*self.ftp.rglob("*.result.json"), *self.ftp.rglob("*.result.html")]
        outputs = {str(path): path.read_text("utf-8", "replace") for path in found if path.exists()}
        return outputs | {path: self.get(path)[1] for path in ("/metrics", "/healthz")}


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Planted]:
    with closing(Planted(tmp_path / "planted")) as program:
        yield program


def _leaks(program: Planted) -> list[str]:
    return [
        f"{where}: …{text[max(0, match.start() - 200) : match.end() + 40]}…"
        for where, text in program.outputs().items()
        for match in SECRETS.finditer(text)
    ]


def _cut_amid_copy(program: Planted) -> None:
    """End a session in the middle of its COPY: PostgreSQL then logs the line that it had reached."""
    content = people(200_000).replace(b";Nom", f";{NAME}".encode()).replace(NAME.encode(), b"Nom", 1)
    numbers = itertools.count()
    name = ""

    def ended() -> bool:
        """Whether a COPY was ended: of the next big file, where that of the last one was over too soon."""
        nonlocal name
        if not name or any(each.endswith(name) for each in program.files_in("acme", "ok")):
            name = f"big-{next(numbers)}.csv"
            program.drop("acme", name, content)
        found = program.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~* '^ *copy' AND state = 'active'"
        )
        return bool(found)

    program.until(ended, "a COPY is ended")


def test_no_planted_value_is_in_any_output(planted: Planted) -> None:
    """Every kind of file and fault, with the planted values in each: none is in any output, and each path was taken."""
    planted.start()
    planted.started()
    for account in ("acme", "buggy", "memory", "poison"):
        planted.add_account(account)
    planted.connection.execute(
        f"ALTER TABLE contactsync.contact ADD CONSTRAINT planted CHECK (last_name <> '{REFUSED_NAME}')"
    )

    for (action, name), content in FILES.items():
        planted.drop("acme", name, content, action)
    planted.drop("buggy", "bug.csv", rows(f"BUG;{NAME};{EMAIL};{PHONE}"))
    planted.drop("memory", "memory.csv", rows(f"MEMORY;{NAME};{EMAIL};{PHONE}"))
    for action, name in FILES:
        planted.settled("acme", name, action)
    assert planted.settled("acme", "refused-by-database.csv").result["reason"] == "database_refused"
    planted.until(lambda: len(planted.events("bug")) >= 3, "bugs are logged")
    assert planted.settled("memory", "memory.csv").result["reason"] == "poison"
    planted.until(lambda: planted.value("accounts_in_trouble") == 1, "and seen")
    _cut_amid_copy(planted)
    planted.until(lambda: planted.events("database.away"), "the end of a session is logged")
    assert _leaks(planted) == []

    _commands(planted)

    planted.drop("poison", "poison.csv", rows(f"POISON;{NAME};{EMAIL};{PHONE}"))
    for _ in range(3):
        assert planted.wait() == -signal.SIGKILL
        planted.start()
    assert planted.settled("poison", "poison.csv").result["reason"] == "poison"
    planted.until(lambda: planted.health()[0] == 200, "it answers")
    assert planted.terminate() == 0

    planted.configure(log_format="console")
    planted.start()
    planted.until(lambda: re.search(r"\[error *\] .*bug ", planted.log()), "the bug is logged in columns")
    planted.terminate()
    assert _leaks(planted) == []
    _was_thorough(planted)


def _commands(program: Planted) -> None:
    """What ops run, on files with the planted values, and on a bug."""
    folder = program.folder / "desk"
    folder.mkdir()
    for name in ("rejected.csv", "ragged.csv", "noise.csv"):
        (folder / name).write_bytes(FILES["import", name])
        assert program.command("check", str(folder / name), "--account", "acme") == (name == "ragged.csv")
    bug = folder / "bug.csv"
    bug.write_bytes(rows(f"BUG;{NAME};{EMAIL};{PHONE}"))
    assert program.command("check", str(bug), "--account", "acme") == 1
    assert "a bug (KeyError from RuntimeError)" in program.said.read_text()
    assert program.command("status") == program.command("history", "--json") == 0
    assert program.command("run", "--no-such-option") == 2


def _was_thorough(program: Planted) -> None:
    """The paths were taken; each line is in the catalogue with its level and fields."""
    catalogue = of_page()
    lines = [json.loads(line) for line in program.log().splitlines() if line.startswith("{")]
    for line in lines:
        known = catalogue[line["event"]]
        assert line["level"] in known.levels
        assert set(line) - {"event", "level", "timestamp"} <= known.fields
    seen = {line["event"] for line in lines}
    assert seen >= {"bug", "crash", "library.warning", "deposit.settled", "database.away", "daemon.stopped"}
    assert len({line["reason"] for line in lines if line["event"] == "deposit.settled"}) >= 12
    assert program.stderr.read_text() == ""
    server_log = (program.folder / "data/postgresql.log").read_text()
    assert "terminating connection due to administrator command" in server_log
