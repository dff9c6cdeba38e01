"""The pact that was there before: what the broker has, and what git has."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from interceptor.broker import Broker, ask_broker
from interceptor.broker.api import refusal
from interceptor.broker.revision import file_at, is_commit
from interceptor.pact.read import Pact, parse_pact, read_pact
from interceptor.values.errors import BrokerError, PactError, UsageError
from interceptor.values.json_text import NotJsonError, parse_json


def pact_at_broker(pact: Pact, broker: Broker, version: str | None = None) -> Pact | None:
    """The broker's pact of the same pair, of a version or the latest one; None where it has none.

    Raises:
        BrokerError: the broker cannot be used.
    """
    provider, consumer = (quote(name, safe="") for name in (pact.provider, pact.consumer))
    which = "latest" if version is None else f"version/{quote(version, safe='')}"
    url = f"{broker.url}/pacts/provider/{provider}/consumer/{consumer}/{which}"
    answer = ask_broker(broker, url)
    if answer.status == 404:
        return None
    if not answer.is_success or not isinstance(answer.document, dict):
        raise BrokerError(f"the broker at {broker.url} does not show its pact: {refusal(answer)}")
    return parse_pact(answer.document, Path(url))


def pact_in_git(pact: Pact, revision: str) -> Pact | None:
    """The same file in a revision; None where it was not there.

    Raises:
        UsageError: there is no such revision.
        PactError: the file was no pact.
    """
    folder = pact.file.resolve().parent
    if not is_commit(folder, revision):
        raise UsageError(f'git knows no revision "{revision}" here', "name another one, or a file")
    content = file_at(folder, revision, pact.file.name)
    if content is None:
        return None
    file = Path(f"{revision}:{pact.file.name}")
    try:
        return parse_pact(parse_json(content), file)
    except NotJsonError as error:
        raise PactError(f"{file} is not a pact: {error}", "name another revision") from error


def pact_of_pair(pact: Pact, file: Path) -> Pact:
    """The pact of another file, which has to be of the same consumer and provider.

    Raises:
        UsageError: it is of others, or cannot be read.
    """
    other = read_pact(file)
    if (other.consumer, other.provider) != (pact.consumer, pact.provider):
        raise UsageError(
            f"{file} is a pact of {other.consumer} with {other.provider}, "
            f"and {pact.file.name} one of {pact.consumer} with {pact.provider}",
            "name the pact that is compared with it: interceptor diff PACT --against FILE",
        )
    return other
