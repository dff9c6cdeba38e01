"""Renews the documentation's table of clients, on a machine that has all of them: `python -m tests.clients.table`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.clients.rows import BEGINS, DOCUMENT, measure, table_lines


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), isolation=True)
        if measured.missing:
            sys.exit("cannot renew the table: " + "; ".join(f"{name}: {why}" for name, why in measured.missing.items()))
        lines = table_lines(measured)
    before, begins, rest = DOCUMENT.read_text().partition(BEGINS)
    if not begins:
        sys.exit(f"cannot renew the table: {DOCUMENT} has no line {BEGINS}")
    _, _, after = rest.partition("\n\n")
    DOCUMENT.write_text(f"{before}{begins}|---|---|---|---|\n{''.join(lines)}\n{after}")


if __name__ == "__main__":
    main()
