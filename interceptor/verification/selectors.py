"""Which of a broker's pacts to verify: https://docs.pact.io/pact_broker/advanced_topics/consumer_version_selectors"""

from __future__ import annotations

from collections.abc import Sequence

from interceptor.values.errors import UsageError
from interceptor.values.json_text import Json, NotJsonError, parse_json

_FLAGS = {"main-branch": "mainBranch", "matching-branch": "matchingBranch", "deployed": "deployedOrReleased"}
_NAMED = ("branch", "environment", "tag", "consumer")


def selectors(given: Sequence[str], *, has_branch: bool) -> tuple[Json, ...]:
    """The selectors as the broker reads them: `branch=feat` is `{"branch": "feat"}`.

    Args:
        given: by the user; where there are none, those that Pact recommends.
        has_branch: whether the provider's branch is known; without one, no branch can match it.

    Raises:
        UsageError: a text that is not a selector.
    """
    recommended = [name for name in _FLAGS if has_branch or name != "matching-branch"]
    return tuple(_selector(text) for text in given or recommended)


def _selector(text: str) -> Json:
    if text in _FLAGS:
        return {_FLAGS[text]: True}
    name, equals, value = text.partition("=")
    if equals and name in _NAMED:
        return {name: value}
    try:
        selector = parse_json(text.encode("utf-8", "replace"))
    except NotJsonError:
        selector = None
    if not isinstance(selector, dict):
        known = ", ".join([*_FLAGS, *(f"{name}=..." for name in _NAMED)])
        raise UsageError(f'--selector "{text}" is not a selector', f"write one of {known}, or JSON")
    return selector
