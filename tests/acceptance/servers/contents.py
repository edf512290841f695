"""What is uploaded, and where an upload of it may break off."""

from __future__ import annotations

from tests.acceptance.tables import people

HALF = people(1500)
LONG_ROW = b"R0;" + b"x" * 30_000 + b";p0@example.com;0600000000\n"
CONTENT = HALF + LONG_ROW + people(1500, first=1501).partition(b"\n")[2]
LINE_END = len(HALF)
"""Where a half looks whole."""
MID_LINE = len(HALF) + 25_000
"""Where a half is always recognisable, even if some of it is lost: a row has too few fields."""
