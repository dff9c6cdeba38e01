"""Where the broker is, how to log in, and how patient to be with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from interceptor.values.errors import UsageError

SECRETS = ("PACT_BROKER_TOKEN", "PACT_BROKER_PASSWORD")
CREDENTIALS = (*SECRETS, "PACT_BROKER_USERNAME")


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker; its credentials go to the client through the environment only.

    Where it fails, the client makes `retries` further attempts; after `seconds` of silence the client is stopped.
    """

    url: str
    credentials: Mapping[str, str] = field(repr=False)
    retries: int
    seconds: float


def find_broker(environ: Mapping[str, str], *, retries: int, seconds: float) -> Broker:
    """The broker that the environment names, by the variables that the client reads too.

    `PACT_BROKER_HOST` is the host alone. A user and a password inside the address are taken out of it, since the
    client prints addresses.

    Raises:
        UsageError: where no variable names a broker, or not with an http address.
    """
    given = environ.get("PACT_BROKER_BASE_URL") or environ.get("PACT_BROKER_HOST")
    if not given:
        raise UsageError("no broker is configured: set PACT_BROKER_BASE_URL, for example to https://broker.example.com")
    try:
        parts = urlsplit(given if "://" in given else f"https://{given}")
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError("PACT_BROKER_BASE_URL is not an HTTP URL", "write for example https://broker.example.com")
    credentials = {name: environ[name] for name in CREDENTIALS if environ.get(name)}
    if parts.username:
        credentials["PACT_BROKER_USERNAME"] = unquote(parts.username)
        credentials["PACT_BROKER_PASSWORD"] = unquote(parts.password or "")
    if "PACT_BROKER_TOKEN" in credentials:
        credentials = {"PACT_BROKER_TOKEN": credentials["PACT_BROKER_TOKEN"]}
    address = (parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", "")
    return Broker(urlunsplit(address), credentials, retries, seconds)
