"""The skeleton of the daemon's background threads: one loop per thread, started and stopped the same way."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

Account_contra = TypeVar("Account_contra", contravariant=True)
Settings_contra = TypeVar("Settings_contra", contravariant=True)


class Background(ABC, Generic[Account_contra, Settings_contra]):
    """A named thread that runs `_run` until `stop`. Generic, because this floor knows no accounts and no settings.

    A subclass guards what it shares with its thread by `_changed`, and waits with `_pause` or on `_changed` itself,
    so that `stop` ends the wait at once.
    """

    max_stop_seconds: ClassVar[float] = threading.TIMEOUT_MAX
    """`stop` never waits for longer than this, whatever its caller allows."""

    def __init__(self, name: str) -> None:
        """Prepare the thread. It is a daemon thread: one that hangs does not keep the process from ending."""
        self.name = name
        self._changed = threading.Condition()
        self._stopping = False
        self._replaced: set[threading.Thread] = set()
        self._thread = self._new_thread()

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name=self.name, daemon=True)

    @property
    def _is_over(self) -> bool:
        """Whether the current thread has to end: because of `stop`, or because it hung and was replaced."""
        return self._stopping or threading.current_thread() in self._replaced

    def replace_hung(self) -> None:
        """Replace the thread by a new one if it hangs, as far as the subclass can see. See `_hangs`."""
        with self._changed:
            if self._thread.is_alive() and not self._stopping and self._hangs():
                self._replaced.add(self._thread)
                self._thread = self._new_thread()
                self._thread.start()

    def _hangs(self) -> bool:
        """Whether the thread waits for a file system that does not answer. Called with `_changed` held."""
        return False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def update(self, accounts: Iterable[Account_contra]) -> None:
        """Apply the current list of accounts. Not abstract: some threads serve no accounts."""

    def configure(self, settings: Settings_contra) -> None:
        """Apply new settings. Not abstract: some threads have none that change."""

    def stop(self, seconds: float = threading.TIMEOUT_MAX) -> bool:
        """Ask the thread to end, and wait for that. Returns False if it still runs after `seconds`."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(max(0.0, min(seconds, self.max_stop_seconds)))
        return not self._thread.is_alive()

    @abstractmethod
    def _run(self) -> None:
        """Work until `_stopping`."""

    def _pause(self, seconds: float) -> None:
        """Wait, but only until `stop`."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, seconds)
