"""The processor time per MB of pathological cells: `python -m tests.bench.bench_hostile [MB]`.

Every cell of a file is different, so that no cache helps. The target is 1.5 s per MB for each kind.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import FileRefused
from contactsync.reading.examination import Examination
from contactsync.reading.findings import Findings

ACCOUNT = Account(
    1, "acme", None, None, None, ";", "none", (None,) * 15, "FR", "Europe/Paris", "auto", "keep", "possible", "refuse",
    "fr", 1,
)  # fmt: skip

# Combining marks that NFC has to put in another order.
MARKS = "\u0315\u0300\u05ae\u0323"

KINDS: dict[str, tuple[str, Callable[[int], str]]] = {
    "phone: 249 marks": ("optoutSMS", lambda n: f"0{'-' * 240}{n}"),
    "phone: 39 marks": ("optoutSMS", lambda n: f"0{'-' * 30}{n}"),
    "phone: few digits": ("optoutSMS", str),
    "phone: foreign": ("optoutSMS", lambda n: f"+49{30_000_000 + n}"),
    "phone: Arabic digits": ("optoutSMS", lambda n: f"٠٦{10_000_000 + n}"),
    "phone: American form": ("optoutSMS", lambda n: f"({n // 9973 % 999:03}) {n % 999:03}-{n % 9973:04}"),
    "phone: too many zeros": ("optoutSMS", lambda n: f"000{10_000_000 + n}"),
    "phone: zero after the plus": ("optoutSMS", lambda n: f"+0{100_000_000 + n}"),
    "phone: too many trunk zeros": ("optoutSMS", lambda n: f"+3300{10_000_000 + n}"),
    "phone: without an area": ("optoutSMS", lambda n: f"+1{2_000_000 + n}"),
    "phone: a word before": ("optoutSMS", lambda n: f"T:06{10_000_000 + n}"),
    "phone: an apostrophe before": ("optoutSMS", lambda n: f"'#06{10_000_000 + n}"),
    "phone: a star within": ("optoutSMS", lambda n: f"06*{10_000_000 + n}"),
    "phone: two pluses": ("optoutSMS", lambda n: f"++336{10_000_000 + n}"),
    "phone: letters for digits": ("optoutSMS", lambda n: f"061{10_000 + n:05}AB"),
    "phone: keys": ("optoutSMS", lambda n: f"061{n:05}ABC"),
    "phone: tilde": ("optoutSMS", lambda n: f"06{10_000_000 + n}~1"),
    "phone: extension": ("optoutSMS", lambda n: f"0612345678 x{n}"),
    "phone: foreign extension": ("optoutSMS", lambda n: f"+49 30 {1_000_000 + n} ext. 1"),
    "phone: a digit too many": ("optoutSMS", lambda n: f"1{612_345_678 + n}"),
    "phone: long foreign": ("optoutSMS", lambda n: f"+32{10**15 + n}"),
    "phone: all countries": ("optoutSMS", lambda n: f"+{1 + n % 999}{20_000_000 + n}"),
    "phone: letters": ("optoutSMS", lambda n: f"06FLOWERS{n}"),
    "e-mail: one accented domain": ("optoutEMAIL", lambda n: f"a{n}@éléphant.fr"),
    "e-mail: accented domains": ("optoutEMAIL", lambda n: f"a@é{n}.fr"),
    "e-mail: long accented domains": ("optoutEMAIL", lambda n: f"a@{'é' * 20}{n}.fr"),
    "e-mail: Chinese domains": ("optoutEMAIL", lambda n: f"a@日本{n}.fr"),
    "e-mail: Hebrew domains": ("optoutEMAIL", lambda n: f"a@א{n}א.fr"),
    "e-mail: Punycode": ("optoutEMAIL", lambda n: f"a@xn--bcher{n}-kva.fr"),
    "e-mail: many labels": ("optoutEMAIL", lambda n: f"a@{'a.' * 20}é.a{n}a"),
    "e-mail: quoted, short": ("optoutEMAIL", lambda n: f'"""a {n}""@x.fr"'),
    "e-mail: one mark": ("optoutEMAIL", lambda n: f"e\u0301{n}@x.fr"),
    "e-mail: symbols": ("optoutEMAIL", lambda n: f"€{n}@x.fr"),
    "e-mail: quoted": ("optoutEMAIL", lambda n: f'"""a""{n}@x.fr"'),
    "e-mail: combining marks": ("optoutEMAIL", lambda n: f"a{n}{MARKS[:2] * 25}@x.fr"),
    "reference: piled marks": ("import", lambda n: f"a{MARKS * 1_800}{n};a@x.fr"),
    "e-mail: no address": ("optoutEMAIL", lambda n: f"x{n}"),
}
"""For each kind its action and its n-th cell."""


def _file(path: Path, kind: str, size: int) -> None:
    action, cell = KINDS[kind]
    # With one valid row, so that the file is not refused for its rows before it is read.
    header, good = {
        "import": ("Référence;Email", "1;a@example-mail.fr"),
        "optoutEMAIL": ("Email", "a@example-mail.fr"),
        "optoutSMS": ("Mobile", "0612345678"),
    }[action]
    lines, written, number = [header, good], 0, 0
    while written < size:
        lines.append(cell(number))
        written += len(lines[-1].encode()) + 1
        number += 1
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _wide_header(path: Path) -> None:
    """A header line of names that grow 18 times longer when they are compared."""
    path.write_text(
        "Email;" + ";".join("\ufdfa" * 250 + str(n) for n in range(250)) + "\na@x.fr\n", encoding="utf-8"
    )


def _show(kind: str, path: Path, action: str, account: Account = ACCOUNT) -> None:
    started = time.process_time()
    try:
        for _ in Examination(path, account, ACTIONS[action], Findings(), max_inflated_bytes=1 << 30):
            pass
    except FileRefused as refused:
        kind = f"{kind} ({refused.code})"
    seconds = (time.process_time() - started) / (path.stat().st_size / 1e6)
    print(f"{kind:50} {seconds:6.2f} s/MB", flush=True)


def main() -> None:
    """Print processor seconds per MB, one line per kind."""
    size = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.csv"
        # What a daemon does once in its life is not measured.
        _file(path, "phone: all countries", 30_000)
        _show("(warm)", path, "optoutSMS")
        for kind, (action, _) in KINDS.items():
            _file(path, kind, size)
            _show(kind, path, action)
        _wide_header(path)
        _show("header: long expansions", path, "import", replace(ACCOUNT, separator="auto"))


if __name__ == "__main__":
    main()
