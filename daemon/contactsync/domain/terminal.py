"""Characters that a terminal or an editor acts on, made visible (protocol 7). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# C0, DEL and C1; marks, overrides and isolates of the bidirectional algorithm (UAX 9), which reorder what follows;
# line and paragraph separators; interlinear annotation and tags, which hide text.
_ACTS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def harmless(text: str) -> str:
    """The text with an escape for each such character."""
    return _ACTS.sub(lambda found: repr(found[0])[1:-1], text)


def harmless_content(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a JSON file, each text in it harmless."""
    return {key: _harmless(value) for key, value in content.items()}


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, Mapping):
        return harmless_content(value)
    return [_harmless(each) for each in value] if isinstance(value, list) else value
