"""Why a whole file is refused: `reason` of the ledger and of result.json, with its sentence (protocol 2, 7). Pure."""

from __future__ import annotations

from types import MappingProxyType

from contactsync.domain.messages.reasons_file import FILE_REASONS
from contactsync.domain.messages.reasons_header import HEADER_REASONS
from contactsync.domain.messages.reasons_processing import PROCESSING_REASONS
from contactsync.domain.messages.reasons_quotes import QUOTE_REASONS
from contactsync.domain.messages.reasons_rows import ROW_REASONS
from contactsync.domain.messages.reasons_zip import ZIP_REASONS
from contactsync.domain.messages.text import Sentences

REASONS: Sentences = MappingProxyType(
    {**FILE_REASONS, **ZIP_REASONS, **HEADER_REASONS, **ROW_REASONS, **QUOTE_REASONS, **PROCESSING_REASONS}
)
"""In the order of the uploader pages: the file, its zip, its header line, its rows, what it would do."""
