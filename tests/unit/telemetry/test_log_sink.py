"""The log is written by a thread of its own: nobody waits for its reader, and what is lost is counted."""

from __future__ import annotations

import errno
import os
import threading

from contactsync.telemetry.log_sink import LogSink, writer

DEADLINE = 60.0


class Reader:
    """What a sink writes to: it blocks, or fails, until the test lets it go on."""

    def __init__(self) -> None:
        self.got = b""
        self.goes_on = threading.Event()
        self.waits = threading.Event()
        self.error: OSError | None = None

    def write(self, data: bytes) -> None:
        self.waits.set()
        assert self.goes_on.wait(DEADLINE)
        if self.error is not None:
            raise self.error
        self.got += data


class Reports:
    """The numbers of dropped lines that were reported."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.came = threading.Event()

    def add(self, lines: int) -> None:
        self.numbers.append(lines)
        self.came.set()


def test_lines_are_written_in_order() -> None:
    """Each with its line end."""
    reader, reports = Reader(), Reports()
    reader.goes_on.set()
    sink = LogSink(reader.write, reports.add)
    for n in range(100):
        sink.put(str(n))
    assert sink.flush(DEADLINE)
    assert reader.got == b"".join(b"%d\n" % n for n in range(100))
    assert (sink.dropped, reports.numbers) == (0, [])


def test_nobody_waits_for_a_reader_who_does_not_read() -> None:
    """Beyond the bound, lines are dropped and counted; their number is reported once, when the reader reads again."""
    reader, reports = Reader(), Reports()
    sink = LogSink(reader.write, reports.add, max_bytes=100)
    sink.put("first")
    # From here on the thread is in write(2), with that line.
    assert reader.waits.wait(DEADLINE)
    for _ in range(50):
        sink.put("x" * 9)
    assert sink.dropped == 40
    assert not sink.flush(0)
    reader.goes_on.set()
    assert reports.came.wait(DEADLINE)
    assert sink.flush(DEADLINE)
    assert (reader.got, reports.numbers) == (b"first\n" + b"xxxxxxxxx\n" * 10, [40])


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    """They are counted, and reported when there is room again."""
    reader, reports = Reader(), Reports()
    reader.goes_on.set()
    reader.error = OSError(errno.ENOSPC, "full")
    sink = LogSink(reader.write, reports.add)
    sink.put("lost")
    assert sink.flush(DEADLINE)
    assert (sink.dropped, reports.numbers) == (1, [])
    reader.error = None
    sink.put("written")
    assert reports.came.wait(DEADLINE)
    assert (reader.got, reports.numbers) == (b"written\n", [1])


def test_a_closed_stdout_loses_every_line() -> None:
    """Python has None in its place."""
    sink = LogSink(writer(None), lambda _lines: None)
    sink.put("lost")
    assert sink.flush(DEADLINE)
    assert sink.dropped == 1


def test_a_reader_who_has_gone_loses_every_line() -> None:
    """EPIPE; Python ignores SIGPIPE."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        sink = LogSink(writer(stream), lambda _lines: None)
        sink.put("lost")
        assert sink.flush(DEADLINE)
    assert sink.dropped == 1


def test_a_pipe_that_does_not_block_gets_every_line() -> None:
    """Another process may share the descriptor, and have made it non-blocking."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with os.fdopen(read, "rb") as reader, os.fdopen(write, "w") as stream:
        sink = LogSink(writer(stream), lambda _lines: None)
        # More than a pipe holds.
        for _ in range(300):
            sink.put("x" * 999)
        assert reader.read(300_000) == (b"x" * 999 + b"\n") * 300
        assert sink.flush(DEADLINE)
    assert sink.dropped == 0


def test_a_line_that_is_no_utf_8_is_written() -> None:
    """A name on disk may hold any byte: it is escaped."""
    reader = Reader()
    reader.goes_on.set()
    sink = LogSink(reader.write, lambda _lines: None)
    sink.put("caf\udce9")
    assert sink.flush(DEADLINE)
    assert reader.got == b"caf\\udce9\n"
