"""The process ends some time after SIGTERM, whatever the main thread is in."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from contactsync.service import exit_guard
from tests.model.drive import ROOT

DEADLINE = 60.0

STUCK = """
import os, signal, time
from contactsync.service import exit_guard
from contactsync.telemetry import log
log.configure("json")
exit_guard.MIN_SECONDS = 0.6
signal.signal(signal.SIGTERM, lambda *_: None)
signal.signal(signal.SIGHUP, lambda *_: os.write(1, b"reloaded\\n"))
exit_guard.ExitGuard(lambda: 0.6).start()
print("ready", flush=True)
while True:
    time.sleep(3600)
"""


def test_a_process_whose_end_hangs_is_ended() -> None:
    """Its handler returned, and nothing followed. SIGHUP begins no countdown."""
    with subprocess.Popen(
        [sys.executable, "-c", STUCK],
        env={"PYTHONPATH": str(ROOT / "daemon")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        assert process.stdout.readline() == "reloaded\n"
        process.terminate()
        line = json.loads(process.stdout.readline())
        assert process.wait(DEADLINE) == exit_guard.EXIT_STATUS
    assert (line["event"], line["seconds"]) == ("daemon.end_forced", 0.6)
