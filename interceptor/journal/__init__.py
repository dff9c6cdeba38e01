"""The journal: one writer, one reader, versioned; the one seam between the proxy and everything offline.

A JSON Lines file per run: a header, then one exchange per line in the form that the specification of the product
fixes, then and between them lines that count exact repeats: `{"repeats": [[exchange number from 0, total], ...]}`,
and at the end a line with what the run saw beside them: `{"ended": {...}}`.
Secrets are masked before a line is written.
"""

from interceptor.journal.reader import Recording, latest_recording, read_journal
from interceptor.journal.writer import JournalWriter, new_recording, timestamp

__all__ = ["JournalWriter", "Recording", "latest_recording", "new_recording", "read_journal", "timestamp"]
