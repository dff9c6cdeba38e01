"""The webhook by which the broker has a provider verify a pact whose content has changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from interceptor.broker.client import call, unusable
from interceptor.broker.settings import Broker
from interceptor.values.errors import BrokerError, UsageError
from interceptor.values.json_text import Json

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://docs.pact.io/pact_broker/webhooks")
_PACT = {"pact_url": "${pactbroker.pactUrl}"}


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request that the broker makes; a secret is a reference, `${user.githubToken}`, that the broker resolves."""

    url: str
    provider: str
    consumer: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None

    @property
    def uuid(self) -> str:
        """The same for the same pair and the same receiver, so that a second run updates what the first created."""
        return str(uuid.uuid5(_NAMESPACE, json.dumps([self.provider, self.consumer, self.url])))

    @property
    def description(self) -> str:
        return f"verify the pact of {self.consumer or 'any consumer'} at {self.provider} when its content changes"

    def plain(self) -> dict[str, Json]:
        """What the broker is told, as JSON."""
        return {
            "uuid": self.uuid,
            "description": self.description,
            "events": [{"name": "contract_content_changed"}],
            "provider": {"name": self.provider},
            "consumer": None if self.consumer is None else {"name": self.consumer},
            "request": {"method": "POST", "url": self.url, "headers": dict(self.headers), "body": self.body},
        }


def github(provider: str, consumer: str | None, repository: str, secret: str) -> Webhook:
    """A `repository_dispatch` event of type `pact`: https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event"""
    return Webhook(
        f"https://api.github.com/repos/{repository}/dispatches",
        provider,
        consumer,
        {
            "accept": "application/vnd.github+json",
            "content-type": "application/json",
            "authorization": f"Bearer {_reference(secret)}",
        },
        {"event_type": "pact", "client_payload": _PACT},
    )


def gitlab(provider: str, consumer: str | None, project: str, secret: str, *, ref: str, server: str) -> Webhook:
    """A pipeline by trigger token: https://docs.gitlab.com/ci/triggers/"""
    return Webhook(
        f"{server.rstrip('/')}/api/v4/projects/{quote(project, safe='')}/trigger/pipeline",
        provider,
        consumer,
        {"content-type": "application/json"},
        {"token": _reference(secret), "ref": ref, "variables": {"PACT_URL": _PACT["pact_url"]}},
    )


def jenkins(provider: str, consumer: str | None, job: str, secret: str) -> Webhook:
    """A build with the parameter PACT_URL, of a job's address; the secret is `user:token` in base64."""
    return Webhook(
        f"{job.rstrip('/')}/buildWithParameters?PACT_URL={_PACT['pact_url']}",
        provider,
        consumer,
        {"authorization": f"Basic {_reference(secret)}"},
    )


def plain(provider: str, consumer: str | None, url: str, secret: str | None) -> Webhook:
    """A POST of `{"pact_url": ...}` to any address."""
    headers = {"content-type": "application/json"}
    if secret:
        headers["authorization"] = f"Bearer {_reference(secret)}"
    return Webhook(url, provider, consumer, headers, dict(_PACT))


def save_webhook(broker: Broker, webhook: Webhook) -> None:
    """Create the webhook, or bring the one that is there up to date.

    Raises:
        BrokerError: the broker refused, or cannot be used.
    """
    arguments = ["broker", "create-or-update-webhook", webhook.url, "--uuid", webhook.uuid, "--request", "POST"]
    arguments += ["--provider", webhook.provider, "--description", webhook.description]
    arguments.append("--contract-content-changed")
    if webhook.consumer:
        arguments += ["--consumer", webhook.consumer]
    if webhook.body is not None:
        arguments += ["--data", json.dumps(webhook.body)]
    if webhook.headers:
        arguments += ["--header", *(f"{name}: {value}" for name, value in webhook.headers.items())]
    output = call(arguments, broker)
    if output.code:
        raise unusable(broker, output.reason)


def execute_webhook(broker: Broker, webhook: Webhook) -> str:
    """Have the broker make the request now; what came of it.

    Raises:
        BrokerError: there is no such webhook, or its receiver refused.
    """
    output = call(["broker", "test-webhook", "--uuid", webhook.uuid], broker)
    if output.code:
        raise unusable(broker, output.reason)
    answer = output.answer or {}
    response = answer.get("response") or {}
    *_, last = str(answer.get("logs") or "the receiver did not answer").strip().splitlines()
    came = f"the receiver answered {response['status']}" if "status" in response else last
    if not answer.get("success"):
        raise BrokerError(f"the webhook does not work: {came}", "check its URL, and the secret at the broker")
    return came


def _reference(secret: str) -> str:
    if not secret.replace("_", "").isalnum() or not secret.isascii():
        raise UsageError(
            "a secret is given by its name: letters, digits and _ only",
            "store the value at the broker, and give its name",
        )
    return f"${{user.{secret}}}"
