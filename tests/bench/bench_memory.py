"""Peak memory of the daemon by the size of a deposit: `python -m tests.bench.bench_memory [megabytes inflated]`.

`run --once` on an empty database; the server is not in it. The zip has rows of its own all through, as large as asked
for (500 MB takes some minutes, most of them the server's).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from contactsync.accounts import store
from contactsync.database.connection import connect
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from contactsync.spool import layout_make
from tests.bench.reference_file import ROWS, Shape, write

MEGABYTES = 500


def main() -> None:
    """Print the peak of an idle run, of the reference file, and of a zip that inflates to much more."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    with tempfile.TemporaryDirectory() as name, EmbeddedServer(Path(name) / "data") as server:
        folder = Path(name)
        with connect(server.admin_url) as conn:
            migrate(conn)
            conn.execute("INSERT INTO contactsync.account (name, dedup) VALUES ('bench', 'reference')")
            (account,) = store.every(conn)
        home = account.home_under(folder / "ftp")
        layout_make.make(home, folder / "ftp", None)
        box = home / "contacts/import/in"
        idle = _run(folder, server.admin_url, "nothing to do", 0)
        size = write(box / "reference.csv", Shape())
        plain = _run(folder, server.admin_url, f"CSV of {size / 2**20:.0f} MiB, {ROWS} rows", idle)
        rows = _zip(box / "large.zip", megabytes << 20)
        packed = _run(folder, server.admin_url, f"zip inflating to {megabytes} MiB, {rows} rows", idle)
        print(f"  zip / CSV: {packed / plain:.2f} (bound ≤ 1.10)")
        assert not list(home.glob("contacts/*/ko/*")), "refused"


def _zip(path: Path, size: int) -> int:
    """A zip within the limit for deposits that inflates to `size` bytes; returns how many rows it has."""
    written = rows = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as member:
        written += member.write("Référence;Prénom;Nom;Email\n".encode("iso-8859-1"))
        while written < size:
            block = "".join(
                f"R{n:08d};Marie-Françoise;DE LA TOUR DU PIN CHAMBLY DE LA CHARCE;marie-francoise.de-la-tour-du-pin-chambly@example-mail.fr\n"
                for n in range(rows, rows + 10_000)
            )
            written += member.write(block.encode("iso-8859-1"))
            rows += 10_000
    return rows


def _run(folder: Path, url: str, what: str, idle: int) -> int:
    settings = {
        "FTP_ROOT": folder / "ftp",
        "DATA_DIR": folder,
        "DATABASE_URL": url,
        "SETTLE_SECONDS": "0",
        "GRACE_SECONDS": "0",
    }
    environment = {f"CONTACTSYNC_{key}": str(value) for key, value in settings.items()}
    started = time.monotonic()
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "contactsync", "run", "--once"], env=os.environ | environment, stdout=log
        )
        _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, (folder / "log").read_text()
    peak: int = usage.ru_maxrss
    print(
        f"{what:<44} peak {peak / 1024:4.0f} MB, {(peak - idle) / 1024:4.0f} above idle, {time.monotonic() - started:5.1f} s"
    )
    return peak


if __name__ == "__main__":
    main()
