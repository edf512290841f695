"""A link to PostgreSQL that a test can cut or stall at any message of the protocol.

Listens on loopback TCP and forwards to the server's unix socket, message by message, each way. `watch` sees each
message before it is forwarded and decides what happens to it.
"""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from contactsync.database.statements import sql_root

if TYPE_CHECKING:
    from collections.abc import Callable

NO_LINGER = struct.pack("ii", 1, 0)


class Say(Enum):
    """What happens to a message."""

    PASS = "forward it"
    DROP = "leave it out"
    CUT = "cut the link instead of forwarding it"
    PASS_AND_CUT = "forward it, then cut the link"
    STALL = "forward nothing more on this link, and keep the link"


@dataclass(frozen=True)
class Message:
    """One message: `kind` is its type's letter, empty for the first one; `link` numbers the connections."""

    link: int
    to_server: bool
    kind: bytes
    body: bytes


@dataclass(eq=False)
class Link:
    """One connection with its two ends."""

    number: int
    client: socket.socket
    server: socket.socket
    stalled: threading.Event = field(default_factory=threading.Event)

    def cut(self) -> None:
        """End both sides; what was sent is still delivered."""
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Proxy:
    """Forwards until the `with` ends; `url` is the database's URL through it."""

    def __init__(self, database_url: str) -> None:
        given: dict[str, Any] = conninfo_to_dict(database_url)
        host, port = given.pop("host"), given.pop("port", "5432")
        self._target = str(Path(host) / f".s.PGSQL.{port}")
        self._listener = socket.create_server(("127.0.0.1", 0))
        ours = {"host": "127.0.0.1", "port": self._listener.getsockname()[1], "sslmode": "disable"}
        self.url = make_conninfo(**{**given, **ours, "gssencmode": "disable"})
        self.watch: Callable[[Message], Say] = lambda _: Say.PASS
        self.refusing = False
        self._links: list[Link] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Cut every link there is."""
        with self._lock:
            links, self._links = self._links, []
        for link in links:
            link.cut()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                if self.refusing:
                    raise ConnectionRefusedError
                server.connect(self._target)
            except OSError:
                server.close()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                client.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number += 1
            link = Link(number, client, server)
            with self._lock:
                self._links.append(link)
            for to_server in (True, False):
                threading.Thread(target=self._pump, args=(link, to_server), daemon=True).start()

    def _pump(self, link: Link, to_server: bool) -> None:
        source, sink = (link.client, link.server) if to_server else (link.server, link.client)
        first = to_server  # the first message of a client has no type
        with suppress(OSError, struct.error), source.makefile("rb") as stream:
            while True:
                head = stream.read(4 if first else 5)
                (length,) = struct.unpack("!i", head[-4:])
                message = Message(link.number, to_server, head[:-4], stream.read(length - 4))
                first = False
                say = self.watch(message)
                if say is Say.STALL:
                    link.stalled.set()
                if link.stalled.is_set():
                    continue  # read and forgotten
                if say is Say.DROP:
                    continue
                if say is not Say.CUT:
                    sink.sendall(head + message.body)
                if say is not Say.PASS:
                    break
        link.cut()


class Nth:
    """A watch that acts once, at the Nth message one way of links that work on deposits."""

    def __init__(self, number: int, say: Say, *, to_server: bool) -> None:
        self._number, self._say, self._to_server = number, say, to_server
        self._workers: set[int] = set()
        self._lock = threading.Lock()
        self.seen = 0
        self.done = threading.Event()

    def __call__(self, message: Message) -> Say:
        with self._lock:
            if message.to_server and b"contactsync.deposit" in message.body:
                self._workers.add(message.link)
            if message.link in self._workers and message.to_server is self._to_server:
                self.seen += 1
                if self.seen == self._number:
                    self.done.set()
                    return self._say
        return Say.PASS


class Matching:
    """A watch that acts at the first so many messages of which `when` is true."""

    def __init__(self, when: Callable[[Message], bool], say: Say, times: int = 1) -> None:
        self._when, self._say, self._left = when, say, times
        self._lock = threading.Lock()
        self.done = threading.Event()

    def __call__(self, message: Message) -> Say:
        with self._lock:
            if self._left and self._when(message):
                self._left -= 1
                if not self._left:
                    self.done.set()
                return self._say
        return Say.PASS


class Answer:
    """A watch that forwards a statement, waits until the server has finished it, and cuts the link before any answer."""

    def __init__(self, when: Callable[[Message], bool], times: int = 1) -> None:
        self._when, self._left = when, times
        self._waiting: set[int] = set()
        self._lock = threading.Lock()
        self.done = threading.Event()

    def __call__(self, message: Message) -> Say:
        with self._lock:
            if message.to_server and self._left and self._when(message):
                self._left -= 1
                self._waiting.add(message.link)
            if message.to_server or message.link not in self._waiting:
                return Say.PASS
            if message.kind != b"Z":
                return Say.DROP
            self._waiting.discard(message.link)
            if not self._left:
                self.done.set()
            return Say.CUT


class Hold:
    """A watch that holds back one message until it is let go; the server waits meanwhile.

    It is the first message for which `when` is true, after `skip` others.
    """

    def __init__(self, when: Callable[[Message], bool], *, skip: int = 0) -> None:
        self._when, self._skip = when, itertools.count(-skip)
        self.reached, self._let_go = threading.Event(), threading.Event()

    def __call__(self, message: Message) -> Say:
        if not self.reached.is_set() and self._when(message) and next(self._skip) >= 0:
            self.reached.set()
            self._let_go.wait()
        return Say.PASS

    def let_go(self) -> None:
        """Forward it, and all that follows."""
        self._let_go.set()


def says(words: bytes) -> Callable[[Message], bool]:
    """Whether a message contains these words; the program's statements begin with a comment that describes them."""
    return lambda message: words in message.body


def runs(name: str) -> Callable[[Message], bool]:
    """Whether a message carries the statement `sql/<name>.sql`, recognised by its first line, which describes it."""
    return says(first_line(name).encode())


def first_line(name: str) -> str:
    """The comment with which `sql/<name>.sql` begins."""
    return (sql_root() / f"{name}.sql").read_text(encoding="utf-8").partition("\n")[0]


VERDICT = runs("ledger/finish")
