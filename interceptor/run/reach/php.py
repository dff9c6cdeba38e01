"""PHP: an ini file of ours beside the user's own, since PHP's curl reads no trust variable."""

from __future__ import annotations

import os

from interceptor.run.reach.means import Ground, Means


def php(ground: Ground) -> Means:
    """The empty entry before a separator stands for the folder that PHP was built with."""
    folder = ground.folder / "php"
    lines = "".join(f'{key} = "{ground.bundle}"\n' for key in ("curl.cainfo", "openssl.cafile"))
    theirs = ground.environ.get("PHP_INI_SCAN_DIR", "")
    return Means(
        "php", {"PHP_INI_SCAN_DIR": f"{theirs}{os.pathsep}{folder}"}, {folder / "interceptor.ini": lines.encode()}
    )
