"""Settled deposits and their result files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Settled:
    """A deposit in `ok/` or `ko/`."""

    path: Path
    # time.monotonic() when it was first seen there.
    at: float

    @property
    def state(self) -> str:
        return self.path.parent.name

    def beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    @property
    def result(self) -> dict[str, Any]:
        return json.loads(self.beside(".result.json").read_bytes())


def is_result(name: str) -> bool:
    """Whether a name is that of a result file; a name with two stamps is a rejected file that came back as a deposit."""
    result = r"[0-9]{10}_(.*\.result\.(json|html)|(?![0-9]{10}_).*\.rejected\.csv)"
    return re.fullmatch(result, name, re.DOTALL) is not None
