"""What to check in a file that was applied: `warnings` of result.json, with its sentences (protocol 7). Pure."""

from __future__ import annotations

from types import MappingProxyType

from contactsync.domain.messages.notes import NOTES
from contactsync.domain.messages.text import Sentences
from contactsync.domain.messages.warnings_effect import EFFECT_WARNINGS
from contactsync.domain.messages.warnings_reading import READING_WARNINGS
from contactsync.domain.messages.warnings_values import VALUE_WARNINGS

WARNINGS: Sentences = MappingProxyType({**VALUE_WARNINGS, **READING_WARNINGS, **EFFECT_WARNINGS, **NOTES})
"""In the order of the uploader pages: the values, how the file was read, what it did, notes."""
