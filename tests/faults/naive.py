"""A naive program: claim, apply, commit, move, without a ledger. The kill loop must find its fault.

python -m tests.faults.naive ROOT URL
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg

from tests.faults import scene
from tests.faults.kill_points import Contactsync

STAMP = "1700000000_"


def main(root: Path, url: str) -> None:
    """Apply what a crash left in `on/`, then what is in `in/`."""
    with psycopg.connect(url) as conn:
        for deposit in scene.DEPOSITS:
            folder = root / scene.ACCOUNT / "contacts" / deposit.action
            claimed = folder / "on" / f"{STAMP}{deposit.name}"
            if not claimed.exists() and (folder / "in" / deposit.name).exists():
                (folder / "in" / deposit.name).rename(claimed)
            if claimed.exists():
                for line in claimed.read_text("latin-1").splitlines()[1:]:
                    conn.execute(
                        "INSERT INTO contactsync.contact (account_id, reference)"
                        " SELECT account_id, %s FROM contactsync.account",
                        [line],
                    )
                conn.commit()
                claimed.rename(folder / "ok" / claimed.name)


class Naive(Contactsync):
    """The naive program instead of the real one."""

    def _command(self, *_: str) -> list[str]:
        return [*self.prefix, sys.executable, "-m", "tests.faults.naive", str(self.ftp), self.database_url]

    def once(self, *prefix: str, seconds: float = 180.0) -> int:
        self.prefix = prefix
        return subprocess.run(self._command(), env=self._environment, timeout=seconds, check=False).returncode

    def traced_paths(self) -> list[Path]:
        folders = [self.ftp / scene.ACCOUNT / "contacts" / deposit.action for deposit in scene.DEPOSITS]
        files = zip(folders, scene.DEPOSITS, strict=True)
        return [path for f, d in files for path in (f / "in" / d.name, f / "on" / f"{STAMP}{d.name}")]

    def wrong(self, wanted: object | None) -> list[str]:
        return scene.wrong_places(self) + (
            scene.differences(self, wanted) if isinstance(wanted, dict) else []
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
