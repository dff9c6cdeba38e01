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
    from interceptor.broker.webhooks import WebhookToken


class WebhookEvent(StrEnum):
    """When the broker makes the request: https://docs.pact.io/pact_broker/webhooks#event-types"""

    CONTRACT_CONTENT_CHANGED = "contract_content_changed"
    CONTRACT_PUBLISHED = "contract_published"
    CONTRACT_REQUIRING_VERIFICATION_PUBLISHED = "contract_requiring_verification_published"
    PROVIDER_VERIFICATION_PUBLISHED = "provider_verification_published"
    PROVIDER_VERIFICATION_SUCCEEDED = "provider_verification_succeeded"
    PROVIDER_VERIFICATION_FAILED = "provider_verification_failed"


class WebhookKind(StrEnum):
    """The service that receives the request."""

    GITHUB = "github"
    GITHUB_STATUS = "github-status"
    GITLAB = "gitlab"
    JENKINS = "jenkins"
    URL = "url"


def webhook(
    kind: Annotated[WebhookKind, typer.Argument(help="The service that runs the verification.")],
    target: Annotated[
        str,
        typer.Argument(
            help="github, github-status: OWNER/REPOSITORY; gitlab: GROUP/PROJECT or its number; jenkins: the job's "
            "URL; a URL"
        ),
    ],
    provider: Annotated[str, typer.Option(metavar="NAME", help="The provider to verify.")],
    consumer: Annotated[str | None, typer.Option(metavar="NAME", help="Only for this consumer. Default: all.")] = None,
    secret: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The name of the secret at PactFlow that holds the service's token."),
    ] = None,
    token_variable: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The variable that holds the token here, for brokers that keep no secrets."),
    ] = None,
    event: Annotated[
        list[WebhookEvent] | None,
        typer.Option(help="When; may be repeated. Default: contract_content_changed.", show_default=False),
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

    PactFlow keeps the token: --secret names it, as ${user.NAME}. The open-source broker keeps none: --token-variable
    hands it over. The webhook of github-status sets the commit status of the consumer's version.
    """
    from interceptor import broker as brokers

    token = _token(secret, token_variable)
    hook = _webhook(kind, target, provider, consumer, token, ref, server).at(event or [])
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


def _token(secret: str | None, variable: str | None) -> WebhookToken | None:
    from interceptor.broker.webhooks import WebhookToken

    if secret and variable:
        raise UsageError("--secret and --token-variable do not go together", "give one of them")
    if variable:
        return WebhookToken.from_environment(variable, os.environ)
    return WebhookToken.named(secret) if secret else None


def _webhook(
    kind: WebhookKind,
    target: str,
    provider: str,
    consumer: str | None,
    token: WebhookToken | None,
    ref: str,
    server: str,
) -> Webhook:
    from interceptor.broker import webhooks

    if kind is WebhookKind.URL:
        if not target.startswith(("http://", "https://")):
            raise UsageError(f'"{target}" is not an HTTP URL')
        return webhooks.plain(provider, consumer, target, token)
    if token is None:
        remedy = "name it with --secret NAME at PactFlow, or with --token-variable NAME"
        raise UsageError(f"{kind.value} needs a token", remedy)
    match kind:
        case WebhookKind.GITHUB:
            return webhooks.github(provider, consumer, target, token)
        case WebhookKind.GITHUB_STATUS:
            return webhooks.github_status(provider, consumer, target, token)
        case WebhookKind.GITLAB:
            return webhooks.gitlab(provider, consumer, target, token, ref=ref, server=server)
        case WebhookKind.JENKINS:
            return webhooks.jenkins(provider, consumer, target, token)
