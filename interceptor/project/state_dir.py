"""The folder in which a project keeps its state."""

from __future__ import annotations

from pathlib import Path


def make_state_dir(state_dir: Path) -> None:
    """Make the folder for what must never be committed; it ignores itself in git."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    state_dir.chmod(0o700)
    ignore = state_dir / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
