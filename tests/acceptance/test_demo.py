"""`contactsync demo` as a newcomer meets it: read its output, upload a file with curl, look at the result, press Ctrl-C."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING

import psycopg
import pytest

from contactsync.database.embedded.server import EmbeddedServer
from tests.model.drive import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Seconds: guards against a demo that hangs.
PATIENCE = 120.0
MINE = "Référence;Prénom;Email\nZ1;Zoé;zoe@example-mail.fr\n"


@pytest.fixture
def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


class Demo:
    """A running demo and its output so far."""

    def __init__(self, port: int, folder: Path) -> None:
        # The environment names a database that the demo must not touch.
        paths = [str(ROOT / "daemon"), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "CONTACTSYNC_DATABASE_URL": "postgresql://production.invalid/contacts",
        }
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "contactsync", "demo", "--port", str(port), "--folder", str(folder)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.said = b""

    def read_until(self, word: str) -> str:
        """Read until the output contains `word`; return all of the output."""
        assert self.popen.stdout is not None
        deadline = time.monotonic() + PATIENCE
        while word not in self.said.decode(errors="replace"):
            left = deadline - time.monotonic()
            assert select.select([self.popen.stdout], [], [], max(0, left))[0], f"{word!r}: {self.said!r}"
            part = os.read(self.popen.stdout.fileno(), 1 << 16)
            assert part, f"it ended without {word!r}: {self.said.decode(errors='replace')}"
            self.said += part
        return self.said.decode()

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit status."""
        self.popen.send_signal(signal.SIGINT)
        return self.popen.wait(PATIENCE)


@pytest.fixture
def demo(free_port: int, tmp_path: Path) -> Iterator[Demo]:
    running = Demo(free_port, tmp_path / "demo")
    yield running
    if running.popen.poll() is None:
        running.popen.kill()
        running.popen.wait()
    assert running.popen.stdout is not None
    running.popen.stdout.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_newcomer_uploads_a_file_of_their_own(demo: Demo, tmp_path: Path) -> None:
    """The sample is shown in the database; the printed curl line works, and the file's contact is found by SQL."""
    said = demo.read_until("Ctrl-C ends the demo.")
    assert "rows read 3, rows applied 3, rows rejected 0, inserted 3, updated 0, unchanged 0" in said
    for word in ("LEFÈVRE", "+590690123456", "A10023", "_sample.csv"):
        assert word in said
    command = re.search(r"curl -T yourfile\.csv (ftp://\S+)", said)
    assert command is not None, said

    mine = tmp_path / "mine.csv"
    mine.write_text(MINE, encoding="latin-1")
    subprocess.run(["curl", "--silent", "--show-error", "-T", mine, command[1]], check=True, timeout=PATIENCE)
    demo.read_until("file=mine.csv")
    names = [path.name for path in (tmp_path / "demo/ftp/demo/contacts/import/ok").iterdir()]
    assert [name for name in names if re.fullmatch(r"[0-9]{10}_mine\.csv", name)]
    with psycopg.connect(EmbeddedServer(tmp_path / "demo/data").admin_url) as conn:
        found = conn.execute("SELECT first_name, email FROM contactsync.contact WHERE reference = 'Z1'")
        assert found.fetchall() == [("Zoé", "zoe@example-mail.fr")]

    assert demo.interrupt() == 0


def test_a_newcomer_sees_who_reacted(demo: Demo, tmp_path: Path) -> None:
    """Two campaigns are seeded and reported; the printed curl line fetches the day's zip."""
    said = demo.read_until("Ctrl-C ends the demo.")
    assert "_101_Soldes d" in said
    assert "_102_Invitation _ atelier.zip" in said
    command = re.search(r"curl -O (ftp://\S+/([0-9-]{10}_Daily\.zip))", said)
    assert command is not None, said
    subprocess.run(
        ["curl", "--silent", "--show-error", "-O", command[1]], check=True, timeout=PATIENCE, cwd=tmp_path
    )
    with zipfile.ZipFile(tmp_path / command[2]) as archive:
        opened, optout = (
            archive.read(f"EMAIL_{kind}.csv").decode("latin-1") for kind in ("opened", "optout")
        )
    assert ["helene" in opened, "yann" in opened, "chloe" in opened] == [True, True, False]
    assert "chloe.muller@example-mail.fr" in optout
    assert demo.interrupt() == 0


def test_the_sample_is_shown_again_by_a_second_run(free_port: int, tmp_path: Path) -> None:
    """The data stays: the same contacts are there, unchanged, and a newcomer still sees something happen."""
    for count in ("inserted 3, updated 0, unchanged 0", "inserted 0, updated 0, unchanged 3"):
        demo = Demo(free_port, tmp_path / "demo")
        try:
            demo.read_until(count)
            demo.read_until("Ctrl-C ends the demo.")
            assert demo.interrupt() == 0
        finally:
            demo.popen.kill()
            demo.popen.communicate()


def test_a_taken_port_is_reported_with_the_fix(tmp_path: Path) -> None:
    """Exit status 2, nothing is made."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        demo = Demo(port, tmp_path / "demo")
        output, _ = demo.popen.communicate(timeout=PATIENCE)
    assert demo.popen.returncode == 2
    assert f"port {port} of 127.0.0.1 is taken" in output.decode()
    assert "--port N" in output.decode()
    assert not (tmp_path / "demo").exists()
