"""The URLs that a project keeps out of everything."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable


class Exclusion:
    """Globs of URLs, compiled once; each is held against a URL with its query and without."""

    def __init__(self, globs: Iterable[str] = ()) -> None:
        patterns = "|".join(map(fnmatch.translate, globs))
        self._pattern = re.compile(patterns) if patterns else None

    def covers(self, url: str) -> bool:
        """True where a glob matches the URL."""
        pattern = self._pattern
        return pattern is not None and any(map(pattern.match, (url, url.partition("?")[0])))
