"""Writes CI workflows: the consumer's, and one for each provider's own repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Literal, TypeAlias

from jinja2 import Environment, StrictUndefined

CiServiceName: TypeAlias = Literal["github", "gitlab"]

_CONSUMER: dict[CiServiceName, str] = {"github": ".github/workflows/contract.yml", "gitlab": ".gitlab/contract.yml"}
_PROVIDERS = "provider-workflows"
"""Not where the CI service looks: these files are for other repositories."""


def workflow_files(service: CiServiceName, consumer: str, providers: Mapping[str, bool]) -> dict[str, bytes]:
    """The files by path below the project, to be edited: only the team knows how to start its tests and providers.

    Args:
        service: whose CI it is.
        consumer: the project's.
        providers: by name, whether it has an OpenAPI document; if so, it gets a second workflow, for
            PactFlow, which tests it against the document.

    Returns:
        `{".github/workflows/contract.yml": ..., "provider-workflows/product-api.yml": ...}`
    """
    written = {_CONSUMER[service]: _rendered(f"{service}-consumer.yml.j2", consumer=consumer)}
    for provider, is_documented in providers.items():
        slug = _slug(provider)
        stems = (slug, *(f"{slug}-{number}" for number in range(2, len(providers) + 1)))
        free = next(stem for stem in stems if _provider_file(stem) not in written)
        written[_provider_file(free)] = _rendered(f"{service}-provider.yml.j2", provider=provider)
        if is_documented:
            own = _rendered(f"{service}-documented.yml.j2", provider=provider)
            written[_provider_file(f"{free}.documented")] = own
    return written


def _provider_file(stem: str) -> str:
    return f"{_PROVIDERS}/{stem}.yml"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "provider"


def _rendered(template: str, **values: str) -> bytes:
    """Between `<<` and `>>`, since `{{ }}` belongs to the services."""
    environment = Environment(  # noqa: S701  # it writes YAML, not HTML
        undefined=StrictUndefined, keep_trailing_newline=True, variable_start_string="<<", variable_end_string=">>"
    )
    source = files("interceptor.templates") / "ci" / template
    return environment.from_string(source.read_text("utf-8")).render(values).encode()
