"""Which settings a running daemon adopts on SIGHUP."""

from __future__ import annotations

from dataclasses import dataclass

from contactsync.settings.settings import Settings

LIVE = frozenset(
    {
        "settle_seconds",
        "grace_seconds",
        "rescan_seconds",
        "shutdown_seconds",
        "max_file_bytes",
        "max_inflated_bytes",
        "max_cpu_seconds",
        "min_free_bytes",
        "min_free_percent",
        "ignored_names",
        "control_names",
        "repeat_days",
        "result_files",
        "result_pages",
        "report_retention_days",
        "report_delay_seconds",
        "daily_zip_name",
        "report_phones",
        "defuse_formulas",
        "undo_days",
        "keep_settled_days",
        "keep_history_days",
        "keep_reactions_days",
        "keep_consent_days",
        "keep_contacts_idle_days",
    }
)
"""Keys that SIGHUP changes in a running daemon, effective from its next deposit; others need a restart."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The outcome of a reload: the settings to use from now on, and the keys that differ.

    `changed` are the keys that take effect now, `need_restart` those that keep their old values.
    """

    settings: Settings
    changed: tuple[str, ...]
    need_restart: tuple[str, ...]


def taken_over(old: Settings, new: Settings) -> Reloaded:
    """`new`, except that keys which need a restart keep their values from `old`."""
    differing = [key for key in Settings.model_fields if getattr(new, key) != getattr(old, key)]
    kept = tuple(key for key in differing if key not in LIVE)
    settings = new.model_copy(update={key: getattr(old, key) for key in kept})
    return Reloaded(settings, tuple(key for key in differing if key in LIVE), kept)
