"""Under what something is published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Publication:
    """A version as the broker is to know it."""

    version: str
    branch: str | None = None
    tags: tuple[str, ...] = ()
    build_url: str | None = None

    def words(self, version_option: str) -> list[str]:
        """The client's options: joined with `=`, since a value may begin with a dash; tags in one, as it takes one."""
        words = [f"{version_option}={self.version}"]
        if self.branch:
            words.append(f"--branch={self.branch}")
        if self.tags:
            words.append(f"--tag={','.join(self.tags)}")
        if self.build_url:
            words.append(f"--build-url={self.build_url}")
        return words
