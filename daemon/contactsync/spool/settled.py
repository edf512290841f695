"""`ok/` and `ko/`: a settled deposit and its result files, each found by the deposit's claimed name."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from contactsync.domain.deposit import Action, Settled
from contactsync.runtime.kernel import flush_to_disk, rename_noreplace
from contactsync.spool import files, unopened
from contactsync.spool.base import SpoolBase
from contactsync.spool.files import has_entry

RESULT, PAGE, REJECTED = b".result.json", b".result.html", b".rejected.csv"
"""What is appended to a deposit's claimed name."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The contents of result.json and result.html; None for a file that is not written."""

    result: bytes | None = None
    page: bytes | None = None

    def each(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """For each file its prefix in `on/`, its suffix and its content; result.json last, because programs await it."""
        if self.page is not None:
            yield files.PAGE, PAGE, self.page
        if self.result is not None:
            yield files.RESULT, RESULT, self.result


def result_names(claimed: bytes) -> tuple[bytes, ...]:
    """The names that a deposit's result files may have."""
    return claimed + REJECTED, claimed + PAGE, claimed + RESULT


class Settling(SpoolBase):
    """The chapter on `ok/` and `ko/`.

    `keep` are names of deposits, which are never removed as result files: an upload may be called `x.rejected.csv`
    and arrive in the same second as `x`.
    """

    def settle(
        self, action: Action, claimed: bytes, state: Settled, answers: Answers, *, opened: bool = True
    ) -> None:
        """Move the deposit from `on/` to `ok/` or `ko/`, its result files first; may be repeated after a crash.

        `opened` is false if `on/` has the uploader's own object and not a copy: see `unopened`.
        Raises FileExistsError if that folder has something else of the deposit's name: nothing is overwritten.
        """
        source, target = self._dir(action, "on"), self._dir(action, state)
        renamed = partial(files.renaming, way=f"from {action.name}/on/ to {action.name}/{state}/")
        for prefix, suffix, content in answers.each():
            with files.create_file(source, prefix + claimed) as file:
                file.write(content)
                flush_to_disk(file)
            with renamed(prefix + claimed):
                os.rename(prefix + claimed, claimed + suffix, src_dir_fd=source, dst_dir_fd=target)
        with suppress(FileNotFoundError), renamed(files.REJECTED + claimed):
            os.rename(files.REJECTED + claimed, claimed + REJECTED, src_dir_fd=source, dst_dir_fd=target)
        if not opened:
            with renamed(claimed):
                unopened.put_away(source, target, claimed)
        # Another daemon has settled it.
        with suppress(FileNotFoundError), renamed(claimed):
            rename_noreplace(source, claimed, target, claimed)
        with suppress(FileNotFoundError):
            os.unlink(files.NAME + claimed, dir_fd=source)
        # No fsync of the folders: the ledger has the verdict, and a restart repeats what a power cut undoes.

    def write_answers(self, action: Action, claimed: bytes, answers: Answers) -> None:
        """Write the result files of a deposit that has no file, to `ko/`; those that exist are kept."""
        source, target = self._dir(action, "on"), self._dir(action, "ko")
        for prefix, suffix, content in answers.each():
            if not has_entry(target, claimed + suffix):
                with files.create_file(source, prefix + claimed) as file:
                    file.write(content)
                    flush_to_disk(file)
                os.rename(prefix + claimed, claimed + suffix, src_dir_fd=source, dst_dir_fd=target)

    @contextmanager
    def reading_settled(self, action: Action, state: Settled, claimed: bytes) -> Iterator[Path]:
        """A path of a settled deposit that stays that file until the block ends.

        Raises FileNotFoundError if there is no plain file of that name.
        """
        file = files.open_file(claimed, self._dir(action, state), lambda found: found.is_plain)
        if file is None:
            raise FileNotFoundError(claimed)
        with file:
            yield Path(f"/proc/self/fd/{file.fileno()}")

    def rewrite(
        self, action: Action, state: Settled, name: bytes, write: Callable[[Path, BinaryIO], bool]
    ) -> bool:
        """Replace a settled deposit, or a result file, by what `write` makes of it, in one step.

        `write` is given a path of the file and a new file. If it returns False, nothing changes; returns the same. Owner,
        mode and times stay. Raises FileNotFoundError if there is no plain file of that name.
        """
        source, target = self._dir(action, "on"), self._dir(action, state)
        new = files.REWRITTEN + name
        with self.reading_settled(action, state, name) as path:
            try:
                with files.create_file(source, new) as file:
                    if not write(path, file):
                        return False
                    found = os.stat(path)
                    if os.geteuid() != found.st_uid:
                        os.fchown(file.fileno(), found.st_uid, found.st_gid)
                    os.fchmod(file.fileno(), stat.S_IMODE(found.st_mode))
                    flush_to_disk(file)
                os.utime(new, ns=(found.st_atime_ns, found.st_mtime_ns), dir_fd=source)
                os.rename(new, name, src_dir_fd=source, dst_dir_fd=target)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(new, dir_fd=source)
        os.fsync(target)
        return True

    def replace_result(self, action: Action, claimed: bytes, result: bytes) -> None:
        """Replace the result file of a deposit in `ok/`. One that does not exist is not written."""

        def write(_: Path, file: BinaryIO) -> bool:
            file.write(result)
            return True

        with suppress(FileNotFoundError):
            self.rewrite(action, "ok", claimed + RESULT, write)

    def where(self, action: Action, claimed: bytes) -> str | None:
        """The folder that holds a deposit under its claimed name: `on`, `ok`, `ko` or None."""
        return next((box for box in ("on", "ok", "ko") if has_entry(self._dir(action, box), claimed)), None)

    def put_in_line(self, action: Action, claimed: bytes, name: bytes, keep: Collection[bytes]) -> bool:
        """Rename `ko/<claimed>` to `in/<name>`, then remove its old result files; may be repeated after a crash.

        Returns False if the file was gone. Raises FileExistsError if `in/` has something of that name.
        """
        source, target = self._dir(action, "ko"), self._dir(action, "in")
        moved = unopened.take_back(source, claimed, target, name)
        if moved is None:
            try:
                with files.renaming(claimed, f"from {action.name}/ko/ to {action.name}/in/"):
                    rename_noreplace(source, claimed, target, name)
                moved = True
            except FileNotFoundError:
                moved = False
        _remove_results(source, claimed, keep)
        os.fsync(target)
        os.fsync(source)
        return moved

    def discard(
        self, action: Action, state: Settled, claimed: Iterable[bytes], keep: Collection[bytes]
    ) -> int:
        """Remove settled deposits with their result files; returns how many bytes that frees."""
        folder = self._dir(action, state)
        freed = sum(
            _remove_results(folder, name, keep) + unopened.discard(folder, name) + _remove(folder, name)
            for name in claimed
        )
        # Before the ledger records it.
        os.fsync(folder)
        return freed


def _remove_results(folder: int, claimed: bytes, keep: Collection[bytes]) -> int:
    """Remove the result files of a deposit; returns their bytes."""
    return sum(_remove(folder, name) for name in result_names(claimed) if name not in keep)


def _remove(folder: int, name: bytes) -> int:
    """Remove a file and return its bytes. A folder of that name is not ours, and stays."""
    with suppress(FileNotFoundError, IsADirectoryError):
        size = os.lstat(name, dir_fd=folder).st_size
        os.unlink(name, dir_fd=folder)
        return size
    return 0
