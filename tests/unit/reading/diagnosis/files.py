"""Files that are refused, and why."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from contactsync.domain.deposit import ACTIONS, Mode
from contactsync.domain.errors import FileRefused
from contactsync.reading.examination import Examination
from contactsync.reading.findings import Findings
from tests.unit.reading.verdicts import account


def refusal(
    data: bytes | str, action: str = "import", *, mode: Mode | None = None, **settings: Any
) -> FileRefused:
    """Why a file is refused; a text is written in UTF-8. The account deduplicates by Référence."""
    owner = account(**{"dedup": "reference", **settings})
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data.encode() if isinstance(data, str) else data)
        with pytest.raises(FileRefused) as caught:
            for _ in Examination(
                Path(file.name), owner, ACTIONS[action], Findings(), max_inflated_bytes=1 << 28, mode=mode
            ):
                pass
    return caught.value


def why(data: bytes | str, action: str = "import", **settings: Any) -> tuple[str, str]:
    """The code of the refusal, and the variant of its sentence."""
    found = refusal(data, action, **settings)
    return found.code, found.details.get("variant", "")
