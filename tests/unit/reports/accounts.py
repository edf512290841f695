"""Accounts for tests that need no database."""

from __future__ import annotations

from typing import Any

from contactsync.domain.account import Account


def account(**columns: Any) -> Account:
    """An account with default settings, changed by `columns`."""
    plain = {
        "account_id": 1, "name": "a", "home": None, "unix_user": None, "unix_group": None, "separator": ";",
        "dedup": "none", "field_labels": (None,) * 15, "region": "FR", "time_zone": "Europe/Paris",
        "encoding": "auto", "blank_cells": "keep", "phone_check": "possible", "syntax_errors": "refuse",
        "language": "fr", "revision": 1,
    }  # fmt: skip
    return Account(**(plain | columns))
