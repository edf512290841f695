"""Uploads by real FTP clients come to `ok/`, whole, once, and not before their end."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.ftp import have
from tests.acceptance.program import HEADER, SETTLE_SECONDS, people, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.ftp import FtpServer
    from tests.acceptance.program import Program

    Upload = Callable[[FtpServer, Path, Path], None]

EXAMPLE = """\
Référence ;Civilité;Prénom;Nom;Email;"Téléphone Fixe";
A10023;Mme;Hélène ;LEFÈVRE ;helene.lefevre@example-mail.fr ;0299415263
B77410;M.;Yann;LE GOFF ;yann.legoff@example-mail.fr ;02.98.44.10.32
C00519;Mme;Chloé ;MÜLLER;chloe.muller@example-mail.fr ;336 90 12 34 56
"""

EXAMPLE_CONTACTS = [
    ("A10023", "Mme", "Hélène", "LEFÈVRE", "helene.lefevre@example-mail.fr", "+33299415263"),
    ("B77410", "M.", "Yann", "LE GOFF", "yann.legoff@example-mail.fr", "+33298441032"),
    ("C00519", "Mme", "Chloé", "MÜLLER", "chloe.muller@example-mail.fr", "+33690123456"),
]

needs_curl = pytest.mark.skipif(not have("curl"), reason="curl is not installed")
needs_lftp = pytest.mark.skipif(not have("lftp"), reason="lftp is not installed")


def by_curl(ftp: FtpServer, local: Path, target: Path) -> None:
    ftp.curl(local, target)


def by_ftplib(ftp: FtpServer, local: Path, target: Path) -> None:
    ftp.put(local.read_bytes(), target)


def by_lftp(ftp: FtpServer, local: Path, target: Path, settings: str = "") -> None:
    command = f'put "{local}" -o "{target.relative_to(ftp.root)}"'
    ftp.lftp(command, home=local.parent, settings=settings)


def by_lftp_and_temporary_name(ftp: FtpServer, local: Path, target: Path) -> None:
    settings = "set xfer:use-temp-file yes; set xfer:temp-file-name .in.*;"
    by_lftp(ftp, local, target, settings)


@pytest.mark.parametrize(
    "upload",
    [
        pytest.param(by_curl, marks=needs_curl),
        pytest.param(by_lftp, marks=needs_lftp),
        pytest.param(by_lftp_and_temporary_name, marks=needs_lftp),
        by_ftplib,
    ],
)
def test_the_example_is_applied_within_a_second_of_its_quiet_time(
    patient: Program, ftp: FtpServer, tmp_path: Path, upload: Upload
) -> None:
    """The protocol's example, uploaded by any client, gives its three contacts in one list."""
    account = patient.add_account(upload.__name__.replace("_", "-"))
    local = tmp_path / "crm.csv"
    local.write_bytes(EXAMPLE.encode("iso-8859-1"))
    upload(ftp, local, patient.box(account, "in") / "mylist.csv")
    uploaded = time.monotonic()
    settled = patient.settled(account, "mylist.csv")
    assert settled.state == "ok", settled.result
    assert settled.at - uploaded < SETTLE_SECONDS + 1
    columns = ("reference", "civility", "first_name", "last_name", "email", "phone")
    found = [tuple(row[column] for column in columns) for row in patient.contacts(account)]
    assert sorted(found) == EXAMPLE_CONTACTS
    assert patient.lists(account) == [("mylist", 3)]
    assert settled.result["warnings"] == settled.result["errors"] == []
    assert settled.path.read_bytes() == local.read_bytes()


@needs_curl
@needs_lftp
def test_events_alone_are_enough(down: Program, ftp: FtpServer, tmp_path: Path) -> None:
    """With an hour between two looks at the folders, each client's upload is applied in time all the same."""
    account = down.add_account("prompt")
    down.configure(settle_seconds=SETTLE_SECONDS, rescan_seconds=3600)
    with down:
        for upload in (by_curl, by_lftp, by_lftp_and_temporary_name, by_ftplib):
            local = tmp_path / f"{upload.__name__}.csv"
            local.write_bytes(people(1))
            upload(ftp, local, down.box(account, "in") / local.name)
            uploaded = time.monotonic()
            assert down.settled(account, local.name).at - uploaded < SETTLE_SECONDS + 1


@needs_curl
def test_a_slow_upload_is_not_claimed_before_its_end(
    patient: Program, ftp: FtpServer, tmp_path: Path
) -> None:
    """While curl trickles, the file stays in `in/`; then it is applied whole."""
    account = patient.add_account("slow")
    local = tmp_path / "local.csv"
    local.write_bytes(people(20_000))  # curl sends the first 64 KiB at once
    target = patient.box(account, "in") / "slow.csv"
    rate = local.stat().st_size / (4 * SETTLE_SECONDS)
    with subprocess.Popen(ftp.curl_command(local, target, "--limit-rate", f"{rate:.0f}")) as curl:
        seen = set()
        while curl.poll() is None:
            seen |= {box for box, _ in patient.everywhere(account)}
            time.sleep(0.01)
    assert curl.returncode == 0
    assert seen == {"in"}
    assert patient.settled(account, "slow.csv").result["rows_applied"] == 20_000


def test_a_connected_writer_that_pauses_is_waited_for(patient: Program, ftp: FtpServer) -> None:
    """Silence longer than the quiet time claims nothing as long as the server has the file open."""
    account, other = patient.add_account("pausing"), patient.add_account("meanwhile")
    content = people(1000)
    half = content.index(b"\n", len(content) // 2) + 1  # what is there looks whole
    target = patient.box(account, "in") / "pausing.csv"
    with ftp.login() as session:
        data = session.transfercmd(f"STOR {target.relative_to(ftp.root)}")
        data.sendall(content[:half])
        patient.until(lambda: target.exists() and target.stat().st_size == half, "the first half arrives")
        patient.drop(other, "other.csv", people(1))
        patient.settled(other, "other.csv")  # after its own quiet time, which began later
        assert patient.everywhere(account) == [("in", "pausing.csv")]
        data.sendall(content[half:])
        data.close()
        session.voidresp()
    assert patient.settled(account, "pausing.csv").result["rows_applied"] == 1000


@needs_curl
def test_an_interrupted_upload_that_is_resumed_is_applied_once_and_whole(
    patient: Program, ftp: FtpServer, tmp_path: Path
) -> None:
    """curl is killed half-way; the part outlasts the quiet time in `in/`; `curl -C -` brings the rest."""
    account, other = patient.add_account("resumed"), patient.add_account("resumed-meanwhile")
    local = tmp_path / "local.csv"
    rows = [f"R{n};{'x' * 20_000};p{n}@example.com;06{n:08d}" for n in range(20)]
    local.write_bytes(table(HEADER.strip(), *rows))  # so long that no part ends in a line end by chance
    target = patient.box(account, "in") / "resumed.csv"
    with subprocess.Popen(ftp.curl_command(local, target, "--limit-rate", "150k")) as curl:
        patient.until(lambda: target.exists() and target.stat().st_size > 100_000, "a part arrives")
        os.kill(curl.pid, signal.SIGKILL)
    assert target.stat().st_size < local.stat().st_size
    patient.drop(other, "other.csv", people(1))
    patient.settled(other, "other.csv")
    assert patient.everywhere(account) == [("in", "resumed.csv")]
    ftp.curl(local, target, "-C", "-")
    settled = patient.settled(account, "resumed.csv")
    assert settled.path.read_bytes() == local.read_bytes()
    assert [(row["state"], row["inserted"]) for row in patient.ledger(account)] == [("ok", 20)]


def test_a_file_overwritten_while_it_settles_is_applied_once_as_it_was_last(
    patient: Program, ftp: FtpServer
) -> None:
    """The second upload of a name within the quiet time takes the first one's place."""
    account = patient.add_account("overwritten")
    target = patient.box(account, "in") / "list.csv"
    ftp.put(people(5), target)
    ftp.put(people(2, first=100), target)
    assert patient.settled(account, "list.csv").result["inserted"] == 2
    assert [row["reference"] for row in patient.contacts(account)] == ["R100", "R101"]
    assert len(patient.ledger(account)) == 1


@needs_curl
def test_two_accounts_at_once(patient: Program, ftp: FtpServer, tmp_path: Path) -> None:
    """Uploads to two accounts at the same time, under one name, both come to `ok/` of their own account."""
    accounts = [patient.add_account("left"), patient.add_account("right")]
    curls = []
    for number, account in enumerate(accounts):
        local = tmp_path / f"{account}.csv"
        local.write_bytes(people(500, first=1 + 1000 * number))
        target = patient.box(account, "in") / "list.csv"
        curls.append(subprocess.Popen(ftp.curl_command(local, target, "--limit-rate", "100k")))
    assert [curl.wait(30) for curl in curls] == [0, 0]
    for number, account in enumerate(accounts):
        assert patient.settled(account, "list.csv").state == "ok"
        references = {row["reference"] for row in patient.contacts(account)}
        assert references == {f"R{n}" for n in range(1 + 1000 * number, 501 + 1000 * number)}


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
    patient.until(marker.exists, "the marker lies in import/")
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
    patient.until((home / ".createNewList").exists, "the marker lies in import/")
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
