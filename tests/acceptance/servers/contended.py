"""Files that somebody else wants to change, and names that nobody expects."""

from __future__ import annotations

import os
import random
import threading
import time
from contextlib import suppress
from functools import partial

import psycopg

from tests.acceptance.servers import stepwise
from tests.acceptance.servers.contents import CONTENT, LINE_END
from tests.acceptance.servers.stepwise import REFUSED, upload
from tests.acceptance.servers.uploader import DEADLINE, SETTLE_SECONDS, Uploader, outlast
from tests.acceptance.tables import people


def overwritten(u: Uploader) -> None:
    """One name uploaded again and again, at and around the moment of its claim: each deposit is one of the uploads."""
    contents = [people(4000 + 500 * n, first=10_000 * n) for n in range(6)]
    dice = random.Random(u.account)
    for n, content in enumerate(contents):
        _put(u, "list.csv", content)
        if n % 2:
            u.program.until(u.claimed, "one of them is claimed")
        else:
            time.sleep(dice.uniform(0.7, 1.3) * SETTLE_SECONDS)
    deposits = u.all_settled()
    assert {deposit.state for deposit in deposits} == {"ok"}, [d.result for d in deposits]
    found = [contents.index(deposit.path.read_bytes()) for deposit in deposits]
    assert len(set(found)) == len(found)
    assert max(found) == 5
    applied = sum(contents[n].count(b"\n") - 1 for n in found)
    assert sum(row["inserted"] for row in u.program.ledger(u.account)) == applied


def two_clients(u: Uploader) -> None:
    """A second client uploads to a name that the first is still writing: no mixture is applied, nothing before its end."""
    other = people(100, first=50_000)
    first = upload(u.server, u.remote("list.csv"))
    first.send(CONTENT[:LINE_END])
    u.arrived(LINE_END)

    def second() -> None:
        with suppress(*REFUSED):
            up = upload(u.server, u.remote("list.csv"))
            up.send(other)
            up.finish()

    thread = threading.Thread(target=second)
    # This one may wait for the first.
    thread.start()
    outlast(u.program, grace=True)
    if not u.server.kind.aside:
        assert u.claimed() == []
    first.send(CONTENT[LINE_END:])
    with suppress(*REFUSED):
        first.finish()
    thread.join(60)
    assert not thread.is_alive()
    deposits = u.all_settled()
    whole = [deposit.path.read_bytes() for deposit in deposits if deposit.state == "ok"]
    assert set(whole) <= {CONTENT, other}
    assert len(u.program.contacts(u.account)) == sum(content.count(b"\n") - 1 for content in whole)


# --- odd names ---------------------------------------------------------------------------------------------------

NAMES = {
    "Latin-1": "été.csv".encode("latin-1"),
    "UTF-8": "été 漢字 😀.csv".encode(),
    "tab": b"a\tb.csv",
    "newline": b"a\nb.csv",
    "escape": b"\x1b[31m.csv",
    "globs": b"*?[a-z]{b}.csv",
    "leading dash": b"-rf.csv",
    "shell": b"a'b\"c$d`e;f&g|h.csv",
    "backslash": b"a\\b.csv",
    "format": b"%s%n%00.csv",
    "tilde": b"~root.csv",
    "255 bytes": b"x" * 251 + b".csv",
}


def odd_names(u: Uploader) -> None:
    """Every name that the server takes is a deposit's; the ledger has its bytes."""
    taken, kind = [], u.server.kind
    for n, (what, name) in enumerate(NAMES.items()):
        if what in kind.refuses or (what == "newline" and kind.protocol != "sftp"):
            continue
        up = upload(u.server, u.remote(name.decode("latin-1")))
        up.send(people(2, first=10 * n))
        up.finish()
        taken.append(name)
    deposits = u.all_settled()
    assert [deposit.state for deposit in deposits] == ["ok"] * len(taken)
    ledger = u.program.ledger(u.account)
    assert sorted(bytes(row["name_bytes"]) for row in ledger) == sorted(taken)
    assert len(u.program.contacts(u.account)) == 2 * len(taken)


# --- after the claim ---------------------------------------------------------------------------------------------


def out_of_reach(u: Uploader, *, careless: bool) -> None:
    """In `on/` and `ok/` a file can no longer be changed by its uploader.

    Nor removed or renamed, unless somebody carelessly let the uploader's user own the folders.
    """
    attack = partial(_attack, u, removing=not careless)
    if careless:
        u.own_everything()
    _put(u, "probe.part", CONTENT)
    attack("in", "probe.part")
    assert not (u.box() / "probe.part").exists() or (u.box() / "probe.part").read_bytes() != CONTENT, (
        "no attack"
    )
    with psycopg.connect(u.program.database_url) as holder:
        holder.execute("SELECT FROM contactsync.account WHERE name = %s FOR UPDATE", [u.account])
        _put(u, "list.csv", CONTENT)
        (name,) = u.program.until(lambda: _copied(u), "the daemon has its copy")
        attack("on", name)
        assert (u.box("on") / name).read_bytes() == CONTENT
    u.applied_once("list.csv", CONTENT)
    attack("ok", name)
    u.applied_once("list.csv", CONTENT)


def _put(u: Uploader, name: str, content: bytes) -> None:
    """Upload; retry if the server refuses at once, as vsftpd does while the daemon claims a file of that name."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            up = upload(u.server, u.remote(name))
        except REFUSED:
            if time.monotonic() > deadline:
                raise
        else:
            up.send(content)
            up.finish()
            return


def _copied(u: Uploader) -> list[str]:
    """The files in `on/` that are the daemon's own."""
    return [n for n in u.program.files_in(u.account, "on") if (u.box("on") / n).stat().st_uid == os.geteuid()]


def _attack(u: Uploader, box: str, name: str, *, removing: bool) -> None:
    """Try all that may change a file."""
    target = u.remote(name, box)
    for at, append in ((10, False), (0, True), (0, False)):
        with suppress(*REFUSED):
            up = upload(u.server, target, at=at, append=append)
            up.send(b"R0;forged;p0@example.com;0600000000\n" * 1000)
            up.finish()
    if not removing:
        return
    remote = stepwise.remote(u.server)
    taken = u.remote("taken.part")
    for old, new in ((target, taken), (taken, target)):
        with suppress(*REFUSED):
            remote.rename(old, new)
    with suppress(*REFUSED):
        remote.remove(target)
    remote.close()
