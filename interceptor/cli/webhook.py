"""`interceptor webhook`: the webhook that starts the provider's verification."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import show, show_json
from interceptor.cli.options import RETRIES, SECONDS, AsJson, Retries, Timeout
from interceptor.values.errors import UsageError

if TYPE_CHECKING:
    from interceptor.broker import Webhook


class WebhookKind(StrEnum):
    """The service that receives the request."""

    GITHUB = "github"
    GITLAB = "gitlab"
    JENKINS = "jenkins"
    URL = "url"


def webhook(
    kind: Annotated[WebhookKind, typer.Argument(help="The service that runs the verification.")],
    target: Annotated[
        str,
        typer.Argument(
            help="github: OWNER/REPOSITORY; gitlab: GROUP/PROJECT or its number; jenkins: the job's URL; a URL"
        ),
    ],
    provider: Annotated[str, typer.Option(metavar="NAME", help="The provider to verify.")],
    consumer: Annotated[str | None, typer.Option(metavar="NAME", help="Only for this consumer. Default: all.")] = None,
    secret: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The name of the secret at the broker that holds the service's token."),
    ] = None,
    ref: Annotated[str, typer.Option(help="gitlab: the branch or tag to run.")] = "main",
    server: Annotated[str, typer.Option(metavar="URL", help="gitlab: the URL of the server.")] = "https://gitlab.com",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the webhook without saving it.")] = False,
    test: Annotated[bool, typer.Option("--test", help="Have the broker call it once.")] = False,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
    as_json: AsJson = False,
) -> None:
    """Create or update the webhook that starts the provider's verification when a pact changes.

    The token stays at the broker; --secret names it, as ${user.NAME} does at PactFlow.
    """
    from interceptor import broker as brokers

    hook = _webhook(kind, target, provider, consumer, secret, ref, server)
    if dry_run:
        show_json(hook.plain())
        return
    broker = brokers.find_broker(os.environ, retries=retries, seconds=timeout)
    brokers.save_webhook(broker, hook)
    said = brokers.execute_webhook(broker, hook) if test else None
    if as_json:
        show_json({**hook.plain(), "test": said})
        return
    show(f"webhook {hook.uuid}: {hook.description}")
    if said is not None:
        show(f"tested: {said}")


def _webhook(
    kind: WebhookKind, target: str, provider: str, consumer: str | None, secret: str | None, ref: str, server: str
) -> Webhook:
    from interceptor.broker import webhooks

    if kind is WebhookKind.URL:
        if not target.startswith(("http://", "https://")):
            raise UsageError(f'"{target}" is not an HTTP URL')
        return webhooks.plain(provider, consumer, target, secret)
    if secret is None:
        raise UsageError(f"{kind.value} needs a token", "store it at the broker, and name it with --secret NAME")
    match kind:
        case WebhookKind.GITHUB:
            return webhooks.github(provider, consumer, target, secret)
        case WebhookKind.GITLAB:
            return webhooks.gitlab(provider, consumer, target, secret, ref=ref, server=server)
        case WebhookKind.JENKINS:
            return webhooks.jenkins(provider, consumer, target, secret)
