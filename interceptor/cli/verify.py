"""`interceptor verify`: replays pacts against a running provider."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from interceptor.cli.context import Context, say, show, show_json
from interceptor.cli.named_values import header_values, named_values
from interceptor.cli.options import (
    RETRIES,
    SECONDS,
    AsJson,
    BranchOfVersion,
    PactPaths,
    Retries,
    chosen_pacts,
    root,
    say_passed_over,
    write_output,
)
from interceptor.values.errors import PactError, UsageError

if TYPE_CHECKING:
    from interceptor.broker import Broker
    from interceptor.pact.read import Pact
    from interceptor.verification import Publishing, Source, Verification


def verify(
    ctx: typer.Context,
    provider_url: Annotated[str, typer.Option(metavar="URL", help="The provider's URL, with its base path.")],
    pacts: PactPaths = None,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="The provider, if the pacts name several.")
    ] = None,
    consumer: Annotated[str | None, typer.Option(metavar="NAME", help="Only pacts of this consumer.")] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="The URL of a pact, as a webhook passes it on.")
    ] = None,
    from_broker: Annotated[
        bool, typer.Option("--from-broker", help="Verify the broker's pacts for the provider.")
    ] = False,
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
        bool, typer.Option("--pending/--no-pending", help="New pacts may fail until they pass once.")
    ] = True,
    wip_since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Also verify work in progress since a date such as 2026-01-31.")
    ] = None,
    states_url: Annotated[str | None, typer.Option(metavar="URL", help="The URL that sets up provider states.")] = None,
    teardown: Annotated[bool, typer.Option("--teardown", help="Call it after each interaction, too.")] = False,
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="K=V",
            help="The real value of a header that is masked in the pacts. ${NAME} is an environment variable. "
            "May be repeated.",
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
        float, typer.Option(metavar="S", min=0.1, help="Seconds to wait for a response of the provider.")
    ] = 10,
    broker_timeout: Annotated[
        float,
        typer.Option(metavar="S", min=0.1, envvar="INTERCEPTOR_BROKER_TIMEOUT", help="Seconds to wait for the broker."),
    ] = SECONDS,
    retries: Retries = RETRIES,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the result to the broker.")] = False,
    provider_version: Annotated[
        str | None, typer.Option(metavar="V", help="Version of the provider. Default: the git commit.")
    ] = None,
    provider_branch: BranchOfVersion = None,
    provider_tag: Annotated[list[str] | None, typer.Option(metavar="T", help="Tag; may be repeated.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the result as JUnit XML.")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay pacts against a running provider; the exit code is 1 if a response differs."""
    from interceptor import verification
    from interceptor.broker import find_broker
    from interceptor.report.verified import verification_json, verification_junit

    context: Context = ctx.obj
    _require_address("--provider-url", provider_url)
    if states_url is not None:
        _require_address("--states-url", states_url)
    if sum(map(bool, (pacts, url, from_broker))) > 1:
        raise UsageError("pact files, --url and --from-broker exclude each other", "give one of them")
    publishing = _publishing(context, provider_version, provider_branch, provider_tag or [], publish=publish)
    source: Source
    if url or from_broker:
        if provider is None:
            raise UsageError("the provider's name is missing", "give it with --provider")
        if url:
            broker = _broker_of(url, publishing, retries=retries, seconds=broker_timeout)
            source = verification.FromUrl(url, broker, broker_timeout)
        else:
            broker = find_broker(os.environ, retries=retries, seconds=broker_timeout)
            source = _from_broker(broker, selector or [], publishing, pending=pending, wip_since=wip_since)
    else:
        if publish:
            raise UsageError("results for local files cannot be published", "verify with --from-broker or --url")
        source, provider = _files(context, pacts or [], provider, states_url)
    running = verification.RunningProvider(
        provider,
        provider_url,
        states_url=states_url,
        teardown=teardown,
        values=verification.RealValues(
            header_values(header or [], os.environ),
            named_values("--query", query or [], os.environ),
            named_values("--field", field or [], os.environ),
        ),
        seconds=timeout,
    )
    result = verification.verify(source, running, publishing, consumer=consumer)
    if junit is not None:
        write_output(junit, verification_junit(result))
    if as_json:
        show_json(verification_json(result))
    else:
        _print(result, publishing)
    if not result.success:
        raise typer.Exit(1)


def _require_address(option: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        if parts.username is not None:
            raise UsageError(f"{option} has a user and a password", "use --header 'authorization=Basic ...' instead")
    except ValueError:
        known = False
    if not known:
        raise UsageError(f'{option} "{url}" is not an HTTP URL', "write for example http://localhost:8000/v1")


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
    from interceptor.verification import Files

    pacts = chosen_pacts(context, paths)
    names = sorted({pact.provider for pact in pacts})
    if name is None:
        if len(names) > 1:
            raise UsageError(f"the pacts are with {' and '.join(names)}", "choose one with --provider")
        (name,) = names
    own = [pact for pact in pacts if pact.provider == name]
    if not own:
        raise PactError(f"there is no pact with {name}", f"there are pacts with {' and '.join(names)}")
    if states_url is None:
        _warn_of_states(own)
    say_passed_over(own)
    return Files(tuple(own)), name


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
    broker: Broker, given: Sequence[str], publishing: Publishing, *, pending: bool, wip_since: str | None
) -> Source:
    from interceptor.verification import FromBroker
    from interceptor.verification.selectors import selectors

    chosen = selectors(given, has_branch=publishing.branch is not None)
    if (pending or wip_since) and publishing.branch is None:
        say("warning: no branch is known here, so no pact is pending; name it with --provider-branch")
        pending, wip_since = False, None
    return FromBroker(broker, chosen, pending, wip_since)


def _print(result: Verification, publishing: Publishing) -> None:
    from interceptor.report.verified import outcome_line, published_line, reason_lines, verification_total

    for each in result.checked:
        show(outcome_line(each), reason_lines(each))
    show(verification_total(result))
    if line := published_line(result, publishing.version):
        show(line)
