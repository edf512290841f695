"""Uploads that break off, and are resumed or not: no half is applied that is recognisable as one."""

from __future__ import annotations

import subprocess
from contextlib import suppress

from tests.acceptance.servers import clients
from tests.acceptance.servers.clients import put, put_command
from tests.acceptance.servers.contents import CONTENT, LINE_END, MID_LINE
from tests.acceptance.servers.stepwise import REFUSED, upload
from tests.acceptance.servers.uploader import GRACE_SECONDS, Uploader, outlast
from tests.acceptance.tables import HEADER, table

LONG_ROWS = table(HEADER.strip(), *(f"R{n};{'x' * 20_000};p{n}@example.com;06{n:08d}" for n in range(300)))
"""Rows so long that no client is killed just at a line end, and so many that it takes half a minute at RATE."""

# Bytes per second.
RATE = 200_000


def broken_off(u: Uploader, how: str) -> None:
    """A half file waits for the rest, in the end it is refused; nothing of it is applied."""
    _break_off(u, how)
    deposits = u.all_settled()
    u.applied_nothing()
    kind = u.server.kind
    if not deposits:
        assert how in kind.deletes | kind.may_delete
        return
    assert how not in kind.deletes
    (half,) = deposits
    assert (half.state, half.result["reason"]) == ("ko", "too_few_fields")
    assert CONTENT.startswith(half.path.read_bytes())
    u.waited(GRACE_SECONDS)


def _break_off(u: Uploader, how: str, cut: int = MID_LINE) -> None:
    up = upload(u.server, u.remote("list.csv"))
    up.send(CONTENT[:cut])
    u.arrived(cut)
    if how == "reset":
        up.reset()
    else:
        up.kill()


def deleted_by_the_server(u: Uploader, how: str) -> None:
    """Where the server deletes what was broken off, even a half that looks whole is never applied."""
    _break_off(u, how, LINE_END)
    u.program.until(lambda: not u.lies_in_in(), "the server deletes the half")
    outlast(u.program)
    assert u.program.everywhere(u.account) == []
    u.applied_nothing()


def resumed(u: Uploader, client: str) -> None:
    """A client is killed; what came outlasts the quiet time; the same client resumes: applied once, whole."""
    local = u.file("list.csv", LONG_ROWS)
    if command := _slowly(u, client):
        with subprocess.Popen(
            command, env=clients.environment(u.server), stderr=subprocess.DEVNULL
        ) as process:
            u.arrived(130_000)
            process.kill()
    else:
        up = upload(u.server, u.remote("list.csv"))
        up.send(LONG_ROWS[:200_000])
        u.arrived(200_000)
        up.kill()
    kind = u.server.kind
    if "killed" in kind.deletes:
        # By name: it would delete what comes next, too.
        u.program.until(lambda: not u.lies_in_in(), "the server deletes the half")
    outlast(u.program)
    assert u.claimed() == []
    can = (kind.appends if client == "curl" else kind.resumes) and "killed" not in kind.deletes
    put(client, u.server, local, u.folder(), "list.csv", resume=can)
    u.applied_once("list.csv", LONG_ROWS)


def _slowly(u: Uploader, client: str) -> list[str] | None:
    """The command of a client that has an option to limit its rate; None for the others."""
    local = u.local / u.account / "list.csv"
    command = put_command(client, u.server, local, u.folder(), "list.csv") if client != "ftplib" else []
    if client == "curl":
        return [*command, "--limit-rate", str(RATE)]
    if client == "lftp":
        return [*command[:2], f"set net:limit-rate 0:{RATE}; {command[2]}"]
    if client == "sftp":
        return [command[0], "-l", str(RATE * 8 // 1000), *command[1:]]
    return None


def resumed_by_hand(u: Uploader, *, append: bool) -> None:
    """REST and STOR, or APPE alone, bring the rest of a half, which is then applied whole.

    A server that cannot says so, and gets all of it; or keeps the rest alone, which is refused.
    """
    kind = u.server.kind
    can = kind.appends if append else kind.resumes
    _break_off(u, "killed")
    outlast(u.program)
    assert u.claimed() == []
    try:
        _send_rest(u, append=append)
    except REFUSED:
        assert not can
        put(kind.clients[0], u.server, u.file("list.csv", CONTENT), u.folder(), "list.csv")
        can = True
    if can:
        u.applied_once("list.csv", CONTENT)
    else:
        assert u.settled("list.csv").state == "ko"
        u.applied_nothing()


def _send_rest(u: Uploader, *, append: bool) -> None:
    up = upload(u.server, u.remote("list.csv"), at=0 if append else MID_LINE, append=append)
    up.send(CONTENT[MID_LINE:])
    up.finish()


def resumed_too_late(u: Uploader, *, append: bool) -> None:
    """The rest of a half that was refused meanwhile is refused too, and changes the half no more."""
    _break_off(u, "killed")
    before = [(deposit.path, deposit.path.read_bytes()) for deposit in u.all_settled()]
    with suppress(*REFUSED):
        _send_rest(u, append=append)
    deposits = u.all_settled()
    u.applied_nothing()
    assert {deposit.state for deposit in deposits} <= {"ko"}
    assert [(path, path.read_bytes()) for path, _ in before] == before
