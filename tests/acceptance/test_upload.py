"""Uploads by real FTP clients reach `ok/`: whole, once, and not before their end."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.ftp import TIMEOUT
from tests.acceptance.program import SETTLE_SECONDS
from tests.acceptance.service import configure_by_file
from tests.acceptance.tables import HEADER, people, table
from tests.acceptance.uploads import (
    Trickle,
    arrived,
    by_curl,
    by_ftplib,
    by_lftp,
    by_lftp_and_temporary_name,
    needs_curl,
    needs_lftp,
    outlast_quiet_time,
)

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
    ("C00519", "Mme", "Chloé", "MÜLLER", "chloe.muller@example-mail.fr", "+590690123456"),
]


@pytest.mark.parametrize(
    "upload",
    [
        pytest.param(by_curl, marks=needs_curl),
        pytest.param(by_lftp, marks=needs_lftp),
        pytest.param(by_lftp_and_temporary_name, marks=needs_lftp),
        by_ftplib,
    ],
)
def test_the_example_is_applied_after_its_quiet_time(
    patient: Program, ftp: FtpServer, tmp_path: Path, upload: Upload
) -> None:
    """The protocol's example, uploaded by any client, gives its three contacts in one list."""
    account = patient.add_account(upload.__name__.replace("_", "-"))
    local = tmp_path / "crm.csv"
    local.write_bytes(EXAMPLE.encode("iso-8859-1"))
    upload(ftp, local, patient.box(account, "in") / "mylist.csv")
    settled = patient.settled(account, "mylist.csv")
    assert settled.state == "ok", settled.result
    columns = ("reference", "civility", "first_name", "last_name", "email", "phone")
    found = [tuple(row[column] for column in columns) for row in patient.contacts(account)]
    assert sorted(found) == EXAMPLE_CONTACTS
    assert patient.lists(account) == [("mylist", 3)]
    assert settled.result["warnings"] == settled.result["errors"] == []
    assert settled.path.read_bytes() == local.read_bytes()


@needs_curl
@needs_lftp
def test_events_alone_are_enough(down: Program, ftp: FtpServer, tmp_path: Path) -> None:
    """The next rescan and the end of the grace time are an hour away, so only the event can have brought each upload in."""
    account = down.add_account("prompt")
    down.configure(settle_seconds=SETTLE_SECONDS, grace_seconds=3600, rescan_seconds=3600)
    with down:
        for upload in (by_curl, by_lftp, by_lftp_and_temporary_name, by_ftplib):
            local = tmp_path / f"{upload.__name__}.csv"
            local.write_bytes(people(1))
            upload(ftp, local, down.box(account, "in") / local.name)
            assert down.settled(account, local.name).state == "ok"


@needs_curl
def test_a_slow_upload_is_not_claimed_before_its_end(patient: Program, ftp: FtpServer) -> None:
    """curl trickles for several quiet times: the file stays in `in/`, though each part looks whole; then it is applied."""
    account, other = patient.add_account("slow"), patient.add_account("slow-meanwhile")
    target = patient.box(account, "in") / "slow.csv"
    content = people(20_000)
    with Trickle(ftp, target) as curl:
        sent = 0
        for part in range(1, 5):
            end = content.index(b"\n", len(content) * part // 5) + 1
            curl.send(content[sent:end])
            sent = end
            arrived(patient, target, sent)
            outlast_quiet_time(patient, other, f"{part}.csv")
            assert patient.everywhere(account) == [("in", "slow.csv")]
        curl.send(content[sent:])
        curl.finish()
    assert patient.settled(account, "slow.csv").result["rows_applied"] == 20_000


def test_a_connected_writer_that_pauses_is_waited_for(patient: Program, ftp: FtpServer) -> None:
    """Silence longer than the quiet time claims nothing as long as the server has the file open."""
    account, other = patient.add_account("pausing"), patient.add_account("meanwhile")
    content = people(1000)
    # This half looks whole.
    half = content.index(b"\n", len(content) // 2) + 1
    target = patient.box(account, "in") / "pausing.csv"
    with ftp.login() as session:
        data = session.transfercmd(f"STOR {target.relative_to(ftp.root)}")
        data.sendall(content[:half])
        arrived(patient, target, half)
        outlast_quiet_time(patient, other, "other.csv")
        assert patient.everywhere(account) == [("in", "pausing.csv")]
        data.sendall(content[half:])
        data.close()
        session.voidresp()
    assert patient.settled(account, "pausing.csv").result["rows_applied"] == 1000


@needs_curl
def test_an_interrupted_upload_that_is_resumed_is_applied_once_and_whole(
    patient: Program, ftp: FtpServer, tmp_path: Path
) -> None:
    """curl is killed half-way; the part outlasts the quiet time in `in/`; `curl -C -` uploads the rest."""
    account, other = patient.add_account("resumed"), patient.add_account("resumed-meanwhile")
    local = tmp_path / "local.csv"
    content = table(HEADER.strip(), *(f"R{n};{'x' * 20_000};p{n}@example.com;06{n:08d}" for n in range(20)))
    local.write_bytes(content)
    target = patient.box(account, "in") / "resumed.csv"
    with Trickle(ftp, target) as curl:
        # This ends within a row.
        curl.send(content[:110_000])
        arrived(patient, target, 110_000)
        curl.kill()
    outlast_quiet_time(patient, other, "other.csv")
    assert patient.everywhere(account) == [("in", "resumed.csv")]
    assert target.stat().st_size == 110_000
    ftp.curl(local, target, "-C", "-")
    settled = patient.settled(account, "resumed.csv")
    assert settled.path.read_bytes() == content
    assert [(row["state"], row["inserted"]) for row in patient.ledger(account)] == [("ok", 20)]


def test_a_file_overwritten_while_it_settles_is_applied_once_as_it_was_last(
    down: Program, ftp: FtpServer
) -> None:
    """The second upload of a name within the quiet time replaces the first. The quiet time ends by a reload."""
    account = down.add_account("overwritten")
    settings = configure_by_file(down, "settle_seconds = 3600\n")
    down.start("--config", str(settings))
    down.started()
    target = down.box(account, "in") / "list.csv"
    ftp.put(people(5), target)
    ftp.put(people(2, first=100), target)
    assert down.everywhere(account) == [("in", "list.csv")]
    settings.write_text("settle_seconds = 0\n", encoding="utf-8")
    down.send_signal(signal.SIGHUP)
    assert down.settled(account, "list.csv").result["inserted"] == 2
    assert [row["reference"] for row in down.contacts(account)] == ["R100", "R101"]
    assert len(down.ledger(account)) == 1


@needs_curl
def test_two_accounts_at_once(patient: Program, ftp: FtpServer, tmp_path: Path) -> None:
    """Uploads to two accounts at the same time, under one name, both end in `ok/` of their own account."""
    accounts = [patient.add_account("left"), patient.add_account("right")]
    curls = []
    for number, account in enumerate(accounts):
        local = tmp_path / f"{account}.csv"
        local.write_bytes(people(500, first=1 + 1000 * number))
        target = patient.box(account, "in") / "list.csv"
        curls.append(subprocess.Popen(ftp.curl_command(local, target, "--limit-rate", "100k")))
    assert [curl.wait(TIMEOUT) for curl in curls] == [0, 0]
    for number, account in enumerate(accounts):
        assert patient.settled(account, "list.csv").state == "ok"
        references = {row["reference"] for row in patient.contacts(account)}
        assert references == {f"R{n}" for n in range(1 + 1000 * number, 501 + 1000 * number)}


def test_nothing_but_log_lines_is_written(patient: Program) -> None:
    """After all of these, accounts made while it ran among them, standard error is empty and the log all JSON."""
    assert patient.events("deposit.settled")
    assert patient.events("bug") == []
    assert patient.stderr.read_text() == ""
