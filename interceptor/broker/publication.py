"""The version, branch and tags under which something is published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Publication:
    """A version as the broker gets to know it."""

    version: str
    branch: str | None = None
    tags: tuple[str, ...] = ()
    build_url: str | None = None

    def arguments(self, version_option: str) -> list[str]:
        """The client's options, joined with `=` since values may begin with a dash; all tags in the only tag option."""
        arguments = [f"{version_option}={self.version}"]
        if self.branch:
            arguments.append(f"--branch={self.branch}")
        if self.tags:
            arguments.append(f"--tag={','.join(self.tags)}")
        if self.build_url:
            arguments.append(f"--build-url={self.build_url}")
        return arguments
