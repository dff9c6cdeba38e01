"""`fake` in templates: names, addresses and the like, invented by Faker, the same in every run.

What is drawn depends on the seed, the handler, the call, the request's address, and the place where it is written; so
it depends on nothing that other handlers do, nor on how often the same value is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from interceptor.answering.sources import current
from interceptor.values.did_you_mean import did_you_mean

if TYPE_CHECKING:
    from faker import Faker

_OF_THE_CLOCK = frozenset({"credit_card_expire", "credit_card_full", "profile", "simple_profile"})
"""Their values depend on the day, as those of the provider of dates do."""
_TIMELESS_DATES = frozenset({"century", "timezone"})
_NO_VALUES = frozenset({
    "add_provider", "binary", "csv", "del_arguments", "dsv", "enum", "fixed_width", "format", "get_arguments",
    "get_formatter", "get_providers", "image", "items", "json", "json_bytes", "optional", "parse", "provider", "psv",
    "pyobject", "pystruct", "random", "seed", "seed_instance", "seed_locale", "set_arguments", "set_formatter",
    "sets", "tar", "tsv", "unique", "xml", "zip",
})  # fmt: skip
"""Members of Faker that change it, need more than a template may have, or write files and large bodies."""


class Fakes:
    """What `fake` is in the templates of one response.

    Args:
        source: what decides about the values, computed once one is wanted.
        locale: as Faker names it.
    """

    __slots__ = ("_drawn", "_locale", "_source")

    def __init__(self, source: Callable[[], str], locale: str = "en_US") -> None:
        self._source = source
        self._locale = locale
        self._drawn: dict[tuple[int, str], int] = {}

    def __call__(self, locale: str) -> Fakes:
        """`fake('de_DE')`"""
        return Fakes(self._source, locale)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_") or name not in fake_names():
            raise AttributeError(name)

        def draw(*arguments: Any, **named: Any) -> Any:
            times = (id(current()), name)  # a template is asked again with stand-ins of what is volatile
            count = self._drawn[times] = self._drawn.get(times, 0) + 1
            generator = _generator(self._locale)
            generator.seed_instance(f"{self._source()}\n{name}\n{count}")
            return getattr(generator, name)(*arguments, **named)

        return draw


def placed(values: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """The values for a template at a place of a response: its fakes are its own."""
    fakes = values["fake"]
    item = values.get("item")
    return {**values, "fake": Fakes(lambda: f"{fakes._source()}\n{place}\n{item!r}")}  # noqa: SLF001  # of this module


@cache  # one for each locale of a project
def _generator(locale: str) -> Faker:
    from faker import Faker  # noqa: PLC0415  # slow, and seldom needed

    try:
        return Faker(locale)
    except AttributeError:
        from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415  # as above

        raise ValueError(f'fake has no locale "{locale}"{did_you_mean(locale, sorted(AVAILABLE_LOCALES))}') from None


@cache
def fake_names() -> frozenset[str]:
    """What can be invented: `name`, `email`, ..."""
    from faker.providers.date_time import Provider as Dates  # noqa: PLC0415  # slow, and seldom needed

    (factory,) = _generator("en_US").factories
    names = {name for name in dir(factory) if not name.startswith("_") and callable(getattr(factory, name))}
    dated = {name for name in vars(Dates) if not name.startswith("_")} - _TIMELESS_DATES
    return frozenset(names - dated - _OF_THE_CLOCK - _NO_VALUES)


def unknown_fake(name: str) -> str | None:
    """Why there is no fake of a name; None if there is."""
    if name in fake_names():
        return None
    from faker.providers.date_time import Provider as Dates  # noqa: PLC0415  # slow, and seldom needed

    if name in _OF_THE_CLOCK or name in vars(Dates):
        return f"fake.{name} depends on the clock; write date(...) with an offset"
    close = did_you_mean(name, sorted(fake_names()))
    return f"there is no fake.{name}{close if 'did you mean' in close else ''}"
