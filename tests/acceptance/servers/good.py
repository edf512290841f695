"""Uploads that end well, quick or slow: each is applied once, whole, and not before its end."""

from __future__ import annotations

import ftplib
import json
import time

import pytest

from tests.acceptance.servers import clients, stepwise
from tests.acceptance.servers.clients import put, put_command
from tests.acceptance.servers.contents import CONTENT, LINE_END
from tests.acceptance.servers.stepwise import upload
from tests.acceptance.servers.uploader import GRACE_SECONDS, SETTLE_SECONDS, Uploader, outlast


def normal(u: Uploader, client: str) -> None:
    """An upload is applied once, whole."""
    put(client, u.server, u.file("list.csv", CONTENT), u.folder(), "list.csv")
    u.applied_once("list.csv", CONTENT)


def slow(u: Uploader) -> None:
    """A client that pauses, for less or more than the quiet time, is waited for, though each part looks whole."""
    up = upload(u.server, u.remote("list.csv"))
    sent = 0
    for share in range(1, 6):
        end = CONTENT.index(b"\n", len(CONTENT) * share // 6) + 1
        up.send(CONTENT[sent:end])
        sent = end
        u.arrived(sent)
        if share % 2:
            outlast(u.program)
        else:
            time.sleep(SETTLE_SECONDS / 2)
        assert u.claimed() == []
    up.send(CONTENT[sent:])
    up.finish()
    u.applied_once("list.csv", CONTENT)


def stalled(u: Uploader) -> None:
    """A client that stays connected but silent beyond all waiting times is waited for."""
    up = upload(u.server, u.remote("list.csv"))
    up.send(CONTENT[:LINE_END])
    u.arrived(LINE_END)
    outlast(u.program, grace=True)
    assert u.claimed() == []
    up.send(CONTENT[LINE_END:])
    up.finish()
    u.applied_once("list.csv", CONTENT)


def renamed(u: Uploader) -> None:
    """A file under a temporary name is not claimed. Once it is renamed it is applied, and the client's rename succeeds."""
    up = upload(u.server, u.remote("list.csv.part"))
    up.send(CONTENT)
    up.finish()
    outlast(u.program, grace=True)
    assert u.program.everywhere(u.account) == [("in", "list.csv.part")]
    remote = stepwise.remote(u.server)
    remote.rename(u.remote("list.csv.part"), u.remote("list.csv"))
    remote.close()
    u.applied_once("list.csv", CONTENT)


def renamed_by_lftp(u: Uploader) -> None:
    """lftp's own temporary names."""
    local = u.file("list.csv", CONTENT)
    settings = "set xfer:use-temp-file yes; set xfer:temp-file-name .in.*;"
    target = clients.path(u.server, u.remote("list.csv"))
    clients.run(clients.lftp(u.server, f'put "{local}" -o "{target}"', settings), u.server)
    u.applied_once("list.csv", CONTENT)


def renamed_by_ncftp(u: Uploader) -> None:
    """ncftpput's own temporary names."""
    command = put_command("ncftp", u.server, u.file("list.csv", CONTENT), u.folder(), "list.csv")
    clients.run([command[0], "-S", ".part", *command[1:]], u.server)
    u.applied_once("list.csv", CONTENT)


def times_and_mode_kept(u: Uploader) -> None:
    """`sftp put -p` sets times and mode after the last byte: the client reports no error, and the file is applied."""
    local = u.file("list.csv", CONTENT)
    local.chmod(0o600)
    target = clients.path(u.server, u.remote("list.csv"))
    clients.sftp_batch(u.server, u.account, f'put -p "{local}" "{target}"')
    u.applied_once("list.csv", CONTENT)


def folder(u: Uploader) -> None:
    """An uploaded folder stays in `in/`, and `ko/` says where files belong."""
    clients.make_folder(u.server, u.account, u.remote("exports"))
    (answer,) = u.program.until(
        lambda: [*u.box("ko").glob("*_exports.result.json")], "the folder is answered"
    )
    assert json.loads(answer.read_bytes())["reason"] == "a_folder"
    assert (u.box() / "exports").is_dir()


def folder_denied(u: Uploader) -> None:
    """The server refuses to make a folder; uploads work."""
    with pytest.raises((ftplib.error_perm, AssertionError)):
        clients.make_folder(u.server, u.account, u.remote("exports"))
    assert not (u.box() / "exports").exists()
    put(u.server.kind.clients[0], u.server, u.file("list.csv", CONTENT), u.folder(), "list.csv")
    u.applied_once("list.csv", CONTENT)


def empty(u: Uploader) -> None:
    """A file without bytes waits for its content, in the end it is refused."""
    upload(u.server, u.remote("list.csv")).finish()
    settled = u.settled("list.csv")
    assert (settled.state, settled.result["reason"]) == ("ko", "empty_file")
    u.waited(GRACE_SECONDS)
    u.applied_nothing()
