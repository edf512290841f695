"""What a deposit does in each folder and mode: the ten actions, markers, corrected files, zips."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.tables import HEADER, people, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.ftp import FtpServer
    from tests.acceptance.program import Program

    Upload = Callable[[FtpServer, Path, Path], None]


def test_all_ten_actions(patient: Program, ftp: FtpServer) -> None:
    """import, the four opt-outs, the four opt-ins and delete, each dropped into its folder, do their work."""
    account = patient.add_account("ten")
    header = "Référence;Email;Mobile;Téléphone Fixe"
    content = table(
        header, "R1;p1@example.com;0600000001;0299415263", "R2;p2@example.com;0600000002;0298441032"
    )
    media = ("EMAIL", "SMS", "VOICE", "VOICEMAIL")
    first = ["import", *(f"optout{medium}" for medium in media)]
    for action in first:
        ftp.put(content, patient.box(account, "in", action) / f"{action}.csv")
    for action in first:
        assert patient.settled(account, f"{action}.csv", action).state == "ok"
    assert patient.opt_outs(account) == {
        ("EMAIL", "p1@example.com"),
        ("EMAIL", "p2@example.com"),
        ("SMS", "+33600000001"),
        ("SMS", "+33600000002"),
        ("VOICE", "+33299415263"),
        ("VOICE", "+33298441032"),
        ("VOICEMAIL", "+33600000001"),
        ("VOICEMAIL", "+33600000002"),
    }
    assert len(patient.contacts(account)) == 2
    second = [*(f"optin{medium}" for medium in media), "delete"]
    for action in second:
        ftp.put(content, patient.box(account, "in", action) / f"{action}.csv")
    for action in second:
        assert patient.settled(account, f"{action}.csv", action).state == "ok"
    assert patient.opt_outs(account) == set()
    assert patient.contacts(account) == []
    counts = [(row["action"], row["inserted"], row["removed"]) for row in patient.ledger(account)]
    assert counts == [(action, 2, 0) for action in first] + [(action, 0, 2) for action in second]


@pytest.mark.parametrize("folder", ["import", "import/in"])
def test_a_marker_chooses_the_mode(patient: Program, ftp: FtpServer, folder: str) -> None:
    """`.addToExistingList`, put into `import/` or `import/in/`, makes the next files fill one list."""
    account = patient.add_account(folder.replace("/", "-"))
    home = patient.ftp / account / "contacts"
    ftp.put(b"", home / folder / ".addToExistingList")
    marker = home / "import" / ".addToExistingList"
    patient.until(marker.exists, "the marker is in import/")
    for number in (1, 2):
        ftp.put(people(2, first=2 * number), home / "import" / "in" / "list.csv")
        settled = patient.settled(account, "list.csv", nth=number)
        assert (settled.state, settled.result["mode"]) == ("ok", 2)
    assert patient.lists(account) == [("list", 4)]
    assert [row["rows_applied"] for row in patient.ledger(account)] == [2, 2]


def test_a_marker_in_in_takes_the_place_of_the_one_there(patient: Program, ftp: FtpServer) -> None:
    """A marker that comes through `import/in/` is then the only one."""
    account = patient.add_account("changed-mode")
    home = patient.ftp / account / "contacts" / "import"
    (home / ".syncExistingList").touch()
    ftp.put(b"", home / "in" / ".createNewList")
    patient.until((home / ".createNewList").exists, "the marker is in import/")
    patient.until(lambda: not (home / "in" / ".createNewList").exists(), "it has left in/")
    assert not (home / ".syncExistingList").exists()


def test_a_rejected_file_comes_back_corrected(patient: Program, ftp: FtpServer) -> None:
    """Fetched by FTP, corrected with its two columns left in place and uploaded, it completes the list."""
    account = patient.add_account("corrected")
    rows = ("R1;Un;p1@example.com;", "R2;Deux;sans-arobase;", "R3;Trois;p3@example.com;")
    ftp.put(table(HEADER.strip(), *rows), patient.box(account, "in") / "clients.csv")
    original = patient.settled(account, "clients.csv")
    assert (original.state, original.result["rows_rejected"]) == ("ok", 1)
    rejected = original.beside(".rejected.csv")
    fetched = ftp.get(rejected)
    assert fetched.splitlines()[1].startswith(b"R2;Deux;sans-arobase;;3;")
    corrected = fetched.replace(b"sans-arobase", b"p2@example.com")
    ftp.put(corrected, patient.box(account, "in") / rejected.name)
    settled = patient.settled(account, rejected.name)
    assert settled.state == "ok", settled.result
    assert (settled.result["warnings"], settled.result["rows_applied"]) == ([], 1)
    assert not settled.beside(".rejected.csv").exists()
    assert patient.lists(account) == [("clients", 3)]
    emails = {row["reference"]: row["email"] for row in patient.contacts(account)}
    assert emails == {"R1": "p1@example.com", "R2": "p2@example.com", "R3": "p3@example.com"}


def test_a_zip(patient: Program, ftp: FtpServer) -> None:
    """One CSV in a zip is applied like the CSV, under the zip's name."""
    account = patient.add_account("zipped")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/été.csv", people(100))
    ftp.put(packed.getvalue(), patient.box(account, "in") / "clients.csv.zip")
    settled = patient.settled(account, "clients.csv.zip")
    assert (settled.state, settled.result["inserted"]) == ("ok", 100)
    assert patient.lists(account) == [("clients", 100)]


def test_nothing_but_log_lines_is_written(patient: Program) -> None:
    """After all of these, accounts made while it ran among them, standard error is empty and the log all JSON."""
    assert patient.events("deposit.settled")
    assert patient.events("bug") == []
    assert patient.stderr.read_text() == ""
