"""The rules for secrets, read from `secrets.toml` beside this file."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("secrets.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class TokenForm:
    """The form of an issuer's tokens.

    Each such token contains one of the `hints`: without any, a text need not be searched for the form.
    """

    issuer: str
    hints: tuple[str, ...]
    form: re.Pattern[str]


def named(kind: str) -> tuple[str, ...]:
    """One of the lists of names: `named("alone")` -> `("assertion", "cvv2", ...)`."""
    words: str = _DATA["names"][kind]
    return tuple(words.split())


def token_forms() -> tuple[TokenForm, ...]:
    return tuple(
        TokenForm(issuer, tuple(rule["hints"].split()), re.compile(rule["form"], re.ASCII))
        for issuer, rule in _DATA["tokens"].items()
    )
