"""CI workflows: the consumer's, and one for each provider's own repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Literal, TypeAlias

from jinja2 import Environment, StrictUndefined

CiServiceName: TypeAlias = Literal["github", "gitlab"]

_CONSUMER: dict[CiServiceName, str] = {"github": ".github/workflows/contract.yml", "gitlab": ".gitlab/contract.yml"}
_PROVIDERS = "provider-workflows"
"""Not where the service looks: these files are for other repositories."""


def workflow_files(service: CiServiceName, consumer: str, providers: Sequence[str]) -> dict[str, bytes]:
    """The files by path below the project, ready to be edited: how tests and providers start is the team's.

    Returns:
        `{".github/workflows/contract.yml": ..., "provider-workflows/product-api.yml": ...}`
    """
    written = {_CONSUMER[service]: _rendered(f"{service}-consumer.yml.j2", consumer=consumer)}
    for provider in providers:
        path = _PROVIDERS + "/{}.yml"
        names = (_slug(provider), *(f"{_slug(provider)}-{number}" for number in range(2, len(providers) + 1)))
        free = next(path.format(name) for name in names if path.format(name) not in written)
        written[free] = _rendered(f"{service}-provider.yml.j2", provider=provider, slug=_slug(consumer))
    return written


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "provider"


def _rendered(template: str, **values: str) -> bytes:
    """Between `<<` and `>>`, since `{{ }}` belongs to the services."""
    environment = Environment(  # noqa: S701  # it writes YAML, not HTML
        undefined=StrictUndefined, keep_trailing_newline=True, variable_start_string="<<", variable_end_string=">>"
    )
    source = files("interceptor.templates") / "ci" / template
    return environment.from_string(source.read_text("utf-8")).render(values).encode()
