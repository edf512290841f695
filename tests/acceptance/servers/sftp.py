"""As much of SFTP (draft-ietf-secsh-filexfer-02, version 3) as it takes to upload badly: each step by hand."""

from __future__ import annotations

import struct
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

INIT, OPEN, CLOSE, WRITE, SETSTAT, REMOVE, RENAME = 1, 3, 4, 6, 9, 13, 18
STATUS, HANDLE = 101, 102
FOR_WRITING, APPENDING, CREATING, TRUNCATING = 2, 4, 8, 16
# What every server takes in one packet.
CHUNK = 32_000


class SftpError(Exception):
    """The server's answer is no."""


class Sftp:
    """A session over a program that speaks SFTP on its standard input and output."""

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        self._requests = 0
        self._send(INIT, struct.pack(">I", 3))
        self._receive()

    def open(self, path: bytes, flags: int = FOR_WRITING | CREATING | TRUNCATING) -> bytes:
        """Open a file; returns its handle."""
        return self._ask(OPEN, _string(path), struct.pack(">II", flags, 0))

    def write(self, handle: bytes, offset: int, data: bytes) -> None:
        for start in range(0, len(data), CHUNK):
            piece = data[start : start + CHUNK]
            self._ask(WRITE, _string(handle), struct.pack(">Q", offset + start), _string(piece))

    def close(self, handle: bytes) -> None:
        self._ask(CLOSE, _string(handle))

    def remove(self, path: bytes) -> None:
        self._ask(REMOVE, _string(path))

    def rename(self, old: bytes, new: bytes) -> None:
        self._ask(RENAME, _string(old), _string(new))

    def truncate(self, path: bytes) -> None:
        size_alone = 1
        self._ask(SETSTAT, _string(path), struct.pack(">IQ", size_alone, 0))

    def end(self, *, kill: bool = False) -> None:
        """Close the session cleanly, or kill the client."""
        if kill:
            self.process.kill()
        self.process.communicate(timeout=60)

    def _ask(self, kind: int, *parts: bytes) -> bytes:
        self._requests += 1
        self._send(kind, struct.pack(">I", self._requests), *parts)
        answer, body = self._receive()
        payload = body[4:]
        if answer == HANDLE:
            return payload[4:]
        code = struct.unpack_from(">I", payload)[0] if answer == STATUS else -1
        if code:
            raise SftpError(code)
        return b""

    def _send(self, kind: int, *parts: bytes) -> None:
        body = bytes([kind]) + b"".join(parts)
        assert self.process.stdin is not None
        left = memoryview(struct.pack(">I", len(body)) + body)
        while left:
            left = left[self.process.stdin.write(left) :]

    def _receive(self) -> tuple[int, bytes]:
        (length,) = struct.unpack(">I", self._read(4))
        body = self._read(length)
        return body[0], body[1:]

    def _read(self, size: int) -> bytes:
        assert self.process.stdout is not None
        data = b""
        while len(data) < size:
            more = self.process.stdout.read(size - len(data))
            if not more:
                raise SftpError("the server has hung up")
            data += more
        return data


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value
