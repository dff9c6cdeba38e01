"""Origins that were asked and are none of a provider's, but look like one: most often the project file is a bit off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from interceptor.project.config import Provider
from interceptor.values.origins import Origin

_ALIKE = 0.9
"""Of two hosts of common length: one letter more, less or another."""


def lookalike(asked: str, providers: Mapping[str, Provider]) -> str | None:
    """How an origin differs from a provider's: `like Product API, but http for https`.

    Args:
        asked: `http://api.example.com`.
        providers: of the project.
    """
    origin = Origin.parse(asked)
    for name, provider in providers.items():
        for url in provider.url:
            known = Origin.parse(url)
            differences = list(_differences(origin, known))
            if origin == known:
                return f"a path outside {url} ({name})"
            if len(differences) == 1 and known.exact:
                return f"like {name}, but {differences[0]}"
    return None


def _differences(origin: Origin, known: Origin) -> Iterator[str]:
    if origin.host != known.host:
        alike = SequenceMatcher(None, origin.host, known.host).ratio() >= _ALIKE
        yield f"{origin.host} for {known.host}"
        if not alike:
            yield "another host"
    if origin.scheme != known.scheme:
        yield f"{origin.scheme} for {known.scheme}"
    elif origin.port != known.port:
        yield f"port {origin.port} for {known.port}"
