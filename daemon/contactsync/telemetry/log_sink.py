"""Writes the log from a thread of its own: a pipe that nobody reads blocks write(2), and must block nothing else."""

from __future__ import annotations

import errno
import io
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from typing import TextIO

MAX_BYTES = 4 << 20
"""How much waits to be written: some 15,000 lines. Further lines are dropped, and counted."""

BATCH_BYTES = 64 << 10
"""How much is written at once: what a pipe holds."""

FLUSH_SECONDS = 1.0
"""How long the end of the process waits for a log that nobody reads."""

Write = Callable[[bytes], None]
"""Writes bytes, all of them, or raises OSError or ValueError."""


class LogSink:
    """A bounded queue of lines, and the thread that writes them. `put` never blocks, whatever the reader does."""

    def __init__(
        self, write: Write, report_dropped: Callable[[int], None], *, max_bytes: int = MAX_BYTES
    ) -> None:
        """Prepare the thread, which starts with the first line.

        After lines were dropped and one could be written again, the thread calls `report_dropped` with their number.
        """
        self._write, self._report_dropped, self._max_bytes = write, report_dropped, max_bytes
        # Reentrant: the garbage collector may raise an exception in a thread that is logging, which logs it too.
        self._changed = threading.Condition(threading.RLock())
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._is_writing = False
        self._thread: threading.Thread | None = None
        self._unreported = 0
        self.dropped = 0
        """How many lines were dropped since the start of the process."""

    def put(self, line: str) -> None:
        """Take one line, without its end. It is dropped if too much waits already."""
        # A name that is not UTF-8 must not cost the line.
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        with self._changed:
            if self._bytes and self._bytes + len(data) > self._max_bytes:
                self._drop(1)
                return
            self._waiting.append(data)
            self._bytes += len(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until every line is written, for `seconds` at most. Returns whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_writing, seconds)

    def _drop(self, lines: int) -> None:
        self.dropped += lines
        self._unreported += lines

    def _run(self) -> None:
        while True:
            batch = self._take()
            try:
                self._write(b"".join(batch))
            except (OSError, ValueError):
                self._end_batch(failed=len(batch))
                continue
            if dropped := self._end_batch():
                self._report_dropped(dropped)

    def _take(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            while self._waiting and size < BATCH_BYTES:
                batch.append(self._waiting.popleft())
                size += len(batch[-1])
            self._bytes -= size
            self._is_writing = True
        return batch

    def _end_batch(self, failed: int = 0) -> int:
        """Note that a batch is written, or has failed. Returns how many dropped lines are to be reported."""
        with self._changed:
            self._is_writing = False
            self._drop(failed)
            reported = 0 if failed else self._unreported
            self._unreported -= reported
            self._changed.notify_all()
            return reported


class _Descriptor:
    """Writes to a descriptor, without the buffer of a stream, which other threads could hold locked."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._is_cut = False

    def __call__(self, data: bytes) -> None:
        # A disk that was full may have taken half a line.
        left = memoryview(b"\n" + data if self._is_cut else data)
        while left:
            try:
                written = os.write(self._fd, left)
            except BlockingIOError:
                self._await_reader()
                continue
            self._is_cut = True
            left = left[written:]
        self._is_cut = False

    def _await_reader(self) -> None:
        """Wait until the other end reads: another process that shares the descriptor may have made it non-blocking."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        poll.poll()


def writer(stream: TextIO | None) -> Write:
    """What writes to a stream. Without one (stdout was closed before the start), every write fails."""

    def fail(_data: bytes) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def to_text(data: bytes) -> None:
        assert stream is not None
        stream.write(data.decode())
        stream.flush()

    if stream is None:
        return fail
    try:
        return _Descriptor(stream.fileno())
    except (OSError, ValueError, io.UnsupportedOperation):
        return to_text
