"""`in/` → `on/`: the rename that takes a finished upload away from its uploader."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from contactsync.domain import names
from contactsync.domain.deposit import Action, Incoming
from contactsync.runtime.kernel import Lease, claim_noreplace, lease_is_broken, rename_noreplace
from contactsync.spool.files import NAME, create_file, has_entry, read_lease, renaming
from contactsync.spool.inbox import Inbox
from contactsync.spool.settled import result_names


class Claiming(Inbox):
    """The chapter on claims."""

    def claim(
        self, incoming: Incoming, taken: Callable[[Action, bytes], bool], deposited: int | None = None
    ) -> bytes | None:
        """Rename a finished upload to `on/<stamp>_<name>` and return that name (steps 6 to 9 of docs/ftp-facts.md).

        Returns None if it is gone, has changed, or turns out to be open for writing. `taken` recognises the names
        that the ledger has. `deposited` is the deposit date in nanoseconds since 1970; by default the change time.
        """
        when = incoming.identity.ctime if deposited is None else deposited
        stamp = max(0, min(when // 1_000_000_000, int(self._clock.wall())))
        # `taken` asks the database. Ask before there is a lease, for which a client would have to wait.
        stamp = self._free_stamp(incoming, stamp, taken)
        if not incoming.identity.is_plain:
            return self._rename_in(incoming, stamp, taken)
        file = self.open_incoming(incoming)
        if file is None:
            return None
        with file, read_lease(file) as lease:
            if lease is Lease.WRITER:
                return None
            self.leases = lease is Lease.FREE
            claimed = self._rename_in(incoming, stamp, taken)
            if claimed is None:
                return None
            moved = os.lstat(claimed, dir_fd=self._dir(incoming.action, "on"))
            broken = lease is Lease.FREE and lease_is_broken(file.fileno())
            if broken or moved.st_ino != incoming.identity.inode:
                self._put_back(incoming, claimed)
                return None
        return claimed

    def _rename_in(
        self, incoming: Incoming, stamp: int, taken: Callable[[Action, bytes], bool]
    ) -> bytes | None:
        """Rename to the first free name from `stamp` on, which is free in `ok/`, `ko/` and the ledger already."""
        action = incoming.action
        self._folders.note_change(action, "on")
        while True:
            claimed = names.claimed_name(stamp, incoming.name)
            self._keep_name(action, claimed, incoming.name)
            try:
                with renaming(incoming.name, f"from {action.name}/in/ to {action.name}/on/"):
                    claim_noreplace(self._dir(action, "in"), incoming.name, self._dir(action, "on"), claimed)
            except FileNotFoundError:
                return None
            except FileExistsError:
                stamp = self._free_stamp(incoming, stamp + 1, taken)
            else:
                return claimed

    def _free_stamp(self, incoming: Incoming, stamp: int, taken: Callable[[Action, bytes], bool]) -> int:
        """The first stamp from this one on whose claimed name is in neither `ok/`, `ko/` nor the ledger."""
        while True:
            claimed = names.claimed_name(stamp, incoming.name)
            if self._is_free(incoming.action, claimed) and not taken(incoming.action, claimed):
                return stamp
            stamp += 1

    def _is_free(self, action: Action, claimed: bytes) -> bool:
        """Whether neither `ok/` nor `ko/` has a deposit or a result file of that name."""
        return not any(
            has_entry(self._dir(action, box), name)
            for box in ("ok", "ko")
            for name in (claimed, *result_names(claimed))
        )

    def _keep_name(self, action: Action, claimed: bytes, name: bytes) -> None:
        """Store the original of a shortened name, in case the daemon restarts before the ledger has it."""
        if names.split_claimed(claimed)[1] != name:
            with create_file(self._dir(action, "on"), NAME + claimed) as file:
                file.write(name)

    def _put_back(self, incoming: Incoming, claimed: bytes) -> None:
        # If the uploader has used the name again meanwhile, the file stays in on/ and is admitted when it is quiet.
        with suppress(FileExistsError):
            rename_noreplace(
                self._dir(incoming.action, "on"), claimed, self._dir(incoming.action, "in"), incoming.name
            )
