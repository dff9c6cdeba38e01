"""`interceptor verify`: pacts against a running provider."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from interceptor.cli.context import Context, say
from interceptor.cli.options import RETRIES, SECONDS, AsJson, Retries, pacts_of_project, root, write_output
from interceptor.values.errors import PactError, UsageError
from interceptor.values.json_text import Json, NotJsonError, parse_json

if TYPE_CHECKING:
    from interceptor.broker import Broker
    from interceptor.pact.read import Pact
    from interceptor.verification import Publishing, Source, Verification

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_FLAGS = {"main-branch": "mainBranch", "matching-branch": "matchingBranch", "deployed": "deployedOrReleased"}
_NAMED = ("branch", "environment", "tag", "consumer")


def verify(
    ctx: typer.Context,
    provider_url: Annotated[str, typer.Option(metavar="URL", help="Where it runs, base path included.")],
    pacts: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PACT", help="Pact files. Default: the project's.", show_default=False),
    ] = None,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="The provider, where the pacts name several.")
    ] = None,
    consumer: Annotated[str | None, typer.Option(metavar="NAME", help="Only pacts of this consumer.")] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="A pact by its address, as a webhook hands over.")
    ] = None,
    from_broker: Annotated[bool, typer.Option("--from-broker", help="The pacts that the broker has for it.")] = False,
    selector: Annotated[
        list[str] | None,
        typer.Option(
            metavar="S",
            help="With --from-broker: main-branch, matching-branch, deployed, branch=B, environment=E or JSON; may be "
            "repeated. Default: the first three.",
            show_default=False,
        ),
    ] = None,
    pending: Annotated[
        bool, typer.Option("--pending/--no-pending", help="New pacts may fail until they have passed once.")
    ] = True,
    wip_since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Also work in progress since a day like 2026-01-31.")
    ] = None,
    states_url: Annotated[str | None, typer.Option(metavar="URL", help="Where provider states are set up.")] = None,
    teardown: Annotated[bool, typer.Option("--teardown", help="Tell it too when an interaction is over.")] = False,
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="K=V",
            help="The real value of a header that the pacts have masked; ${NAME} in it is a variable. May be repeated.",
        ),
    ] = None,
    query: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="The same for a query parameter. May be repeated.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="K=V", help="The same for a member of a JSON body or a form. May be repeated."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="S", min=0.1, help="Seconds that the provider may take for an answer.")
    ] = 10,
    broker_timeout: Annotated[
        float,
        typer.Option(
            metavar="S", min=0.1, envvar="INTERCEPTOR_BROKER_TIMEOUT", help="Seconds that the broker may be silent."
        ),
    ] = SECONDS,
    retries: Retries = RETRIES,
    publish: Annotated[bool, typer.Option("--publish", help="Tell the broker the result.")] = False,
    provider_version: Annotated[
        str | None, typer.Option(metavar="V", help="Version of the provider. Default: the git commit.")
    ] = None,
    provider_branch: Annotated[
        str | None, typer.Option(metavar="B", help="Branch of the version. Default: what CI or git says.")
    ] = None,
    provider_tag: Annotated[list[str] | None, typer.Option(metavar="T", help="Tag; may be repeated.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result as JUnit XML too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay pacts against a running provider; exit code 1 where it does not give what they ask for."""
    from interceptor import verification
    from interceptor.broker import find_broker

    context: Context = ctx.obj
    _require_address("--provider-url", provider_url)
    if states_url is not None:
        _require_address("--states-url", states_url)
    if sum(map(bool, (pacts, url, from_broker))) > 1:
        raise UsageError("pact files, --url and --from-broker do not go together", "give one of them")
    publishing = _publishing(context, provider_version, provider_branch, provider_tag or [], publish=publish)
    source: Source
    if url or from_broker:
        if provider is None:
            raise UsageError("the provider's name is not known here", "give it with --provider")
        if url:
            broker = _broker_of(url, publishing, retries=retries, seconds=broker_timeout)
            source = verification.FromUrl(url, broker, broker_timeout)
        else:
            broker = find_broker(os.environ, retries=retries, seconds=broker_timeout)
            source = _from_broker(broker, selector or [], publishing, pending=pending, wip_since=wip_since)
    else:
        if publish:
            raise UsageError("the result of local files cannot be published", "verify with --from-broker, or --url")
        source, provider = _files(context, pacts or [], provider, states_url)
    asked = verification.RunningProvider(
        provider,
        provider_url,
        states_url=states_url,
        teardown=teardown,
        values=verification.RealValues(
            _header_values(header or [], os.environ),
            _values("--query", query or [], os.environ),
            _values("--field", field or [], os.environ),
        ),
        seconds=timeout,
    )
    result = verification.verify(source, asked, publishing, consumer=consumer)
    if junit is not None:
        write_output(junit, verification.junit(result))
    if as_json:
        print(json.dumps(result.plain(), indent=2, ensure_ascii=False))
    else:
        _print(result, publishing)
    if not result.success:
        raise typer.Exit(1)


def _require_address(option: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        if parts.username is not None:
            raise UsageError(f"{option} holds a user and a password", "use --header 'authorization=Basic ...' instead")
    except ValueError:
        known = False
    if not known:
        raise UsageError(f'{option} "{url}" is not an http address', "write for example http://localhost:8000/v1")


def _publishing(
    context: Context, version: str | None, branch: str | None, tags: Sequence[str], *, publish: bool
) -> Publishing:
    from interceptor.broker.revision import detect
    from interceptor.verification import Publishing

    found = detect(root(context), os.environ)
    number = version or found.version
    if publish and number is None:
        raise UsageError("no version to publish the result under", "name it with --provider-version")
    named = branch or found.branch
    if publish and named is None:
        say("warning: no branch is known here; name it with --provider-branch")
    return Publishing(number, named, tuple(tags), found.build_url, publish)


def _files(context: Context, paths: Sequence[Path], name: str | None, states_url: str | None) -> tuple[Source, str]:
    from interceptor.pact.read import read_pact
    from interceptor.verification import Files

    pacts = [read_pact(path) for path in paths or pacts_of_project(context)]
    names = sorted({pact.provider for pact in pacts})
    if name is None:
        if len(names) > 1:
            raise UsageError(f"the pacts are with {' and '.join(names)}", "say with --provider which one is meant")
        (name,) = names
    own = [pact for pact in pacts if pact.provider == name]
    if not own:
        raise PactError(f"there is no pact with {name}", f"there are pacts with {' and '.join(names)}")
    if states_url is None:
        _warn_of_states(own)
    return Files(tuple(pact.file for pact in own)), name


def _warn_of_states(pacts: Sequence[Pact]) -> None:
    count = sum(bool(each.states) for pact in pacts for each in pact.interactions)
    if count:
        have = "interaction has" if count == 1 else "interactions have"
        say(f"warning: {count} {have} provider states that nothing sets up; give --states-url")


def _broker_of(url: str, publishing: Publishing, *, retries: int, seconds: float) -> Broker | None:
    """The broker that has the pact of an address; None where it is another server's."""
    from interceptor.broker import find_broker

    known = os.environ.get("PACT_BROKER_BASE_URL") or os.environ.get("PACT_BROKER_HOST")
    if not known and not publishing.publish:
        return None
    broker = find_broker(os.environ, retries=retries, seconds=seconds)
    if url.startswith(f"{broker.url}/"):
        return broker
    if publishing.publish:
        raise UsageError(f"the result can be published to {broker.url} only for a pact from there", "check --url")
    return None


def _from_broker(
    broker: Broker, selectors: Sequence[str], publishing: Publishing, *, pending: bool, wip_since: str | None
) -> Source:
    from interceptor.verification import FromBroker

    usual = [name for name in _FLAGS if publishing.branch or name != "matching-branch"]
    chosen = [_selector(text) for text in selectors or usual]
    if (pending or wip_since) and publishing.branch is None:
        say("warning: no branch is known here, so no pact is pending; name it with --provider-branch")
        pending, wip_since = False, None
    return FromBroker(broker, tuple(chosen), pending, wip_since)


def _selector(text: str) -> Json:
    """A consumer version selector: https://docs.pact.io/pact_broker/advanced_topics/consumer_version_selectors"""
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
        raise UsageError(f'--selector "{text}" says nothing to a broker', f"write one of {known}, or JSON")
    return selector


def _header_values(given: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    # Files and secrets of CI services like to end with a line break.
    values = {name: value.strip() for name, value in _values("--header", given, environ).items()}
    for name, value in values.items():
        if not value.isprintable() or not value.isascii():
            raise UsageError(
                f"--header {name}: the value has characters that no header may have", "give ASCII, one line"
            )
    return values


def _values(option: str, given: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (equals and name.strip()):
            example = {"--header": "authorization=Bearer ${TOKEN}"}.get(option, "password=${PASSWORD}")
            raise UsageError(f"{option} does not say name and value", f"write {option} '{example}'")
        for variable in _VARIABLE.findall(value):
            if not environ.get(variable):
                raise UsageError(f"{option} {name}: the variable {variable} is not set", f"export {variable}=...")
        values[name.strip()] = _VARIABLE.sub(lambda match: environ[match[1]], value)
    return values


def _print(result: Verification, publishing: Publishing) -> None:
    for each in result.checked:
        consumer = f"{each.consumer}: " if each.consumer else ""
        given = f", given {each.given}" if each.given else ""
        print(f"interceptor  {each.outcome:7}  {consumer}{each.description}{given}")
        for reason in each.reasons:
            for line in reason.splitlines():
                print(f"                      {line}")
    total = len(result.checked)
    counts = [
        f"{total} {'interaction' if total == 1 else 'interactions'}",
        f"{result.count('ok')} ok",
        f"{result.count('failed')} failed",
    ]
    if pending := result.count("pending"):
        counts.append(f"{pending} pending")
    print(f"interceptor  {result.provider}: {' · '.join(counts)}")
    if result.published:
        print(f"interceptor  the broker knows it as the result of version {publishing.version}")
    elif result.unpublished_because is not None:
        print(f"interceptor  the result could not be published: {result.unpublished_because}")
