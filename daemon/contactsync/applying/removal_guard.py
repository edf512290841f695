"""The most contacts that one file may remove without a confirmation (protocol 4). Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from contactsync.domain.account import Account
from contactsync.domain.errors import FileRefused


@dataclass(frozen=True, slots=True)
class RemovalGuard:
    """An account's limits: a count, and percent of the list (mode 3) or of the account's contacts (delete)."""

    most: int | None = None
    percent: float | None = None

    @classmethod
    def of(cls, account: Account) -> RemovalGuard:
        """The account's own limits; None means no limit."""
        return cls(account.max_removals, account.max_removal_percent)

    @property
    def limits(self) -> bool:
        """Whether there is any limit, so that removals have to be counted first."""
        return self.most is not None or self.percent is not None

    def require_few(self, removed: int, total: int, **details: Any) -> None:
        """Raise FileRefused (`too_many_removals`) if `removed` of `total` contacts are more than a limit allows.

        `details` are further blanks of its sentence.
        """
        if self.most is not None and removed > self.most:
            raise FileRefused(
                "too_many_removals", {"count": removed, "total": total, "limit": self.most, **details}
            )
        share = 100 * removed / total if total else 0.0
        if self.percent is not None and share > self.percent:
            # Rounded up, so that it is never shown as the limit itself.
            shown = math.ceil(share * 10) / 10
            raise FileRefused(
                "too_many_removals",
                {
                    "count": removed,
                    "total": total,
                    "share": shown,
                    "limit": self.percent,
                    "variant": "percent",
                    **details,
                },
            )
