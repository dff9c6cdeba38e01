"""The webhook by which the broker has a provider verify a pact, or reports what came of it.

Webhooks are saved without the client: what it is given stands on its command line, where everyone can read a token.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from interceptor.broker.api import ask_broker, broker_index, refusal
from interceptor.broker.client import call, unusable
from interceptor.broker.settings import Broker
from interceptor.values.errors import BrokerError, UsageError
from interceptor.values.json_text import Json

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://docs.pact.io/pact_broker/webhooks")
_PACT = {
    "pact_url": "${pactbroker.pactUrl}",
    "consumer": "${pactbroker.consumerName}",
    "consumer_version": "${pactbroker.consumerVersionNumber}",
    "consumer_branch": "${pactbroker.consumerVersionBranch}",
    "provider_version": "${pactbroker.providerVersionNumber}",
    "provider_branch": "${pactbroker.providerVersionBranch}",
}
"""What a receiver is told: https://docs.pact.io/pact_broker/webhooks/dynamic_variable_substitution"""
CHANGED = "contract_content_changed"
_ANY_VERIFICATION = ("contract_published", "provider_verification_published")
_MASK = "***"
_RECEIVER = "check the provider, the consumer and the URL; a broker may allow only some hosts and schemes"


@dataclass(frozen=True, slots=True)
class WebhookToken:
    """The token of a receiver: `reference` is what the broker is told, the token or `${user.githubToken}`.

    Only PactFlow resolves such a name; the open-source broker sends it as it is.
    """

    reference: str = field(repr=False)
    is_secret: bool

    @classmethod
    def named(cls, name: str) -> WebhookToken:
        """The secret that PactFlow keeps under a name.

        Raises:
            UsageError: the name is none.
        """
        if not name.replace("_", "").isalnum() or not name.isascii():
            raise UsageError(
                "a secret is given by its name: letters, digits and _ only",
                "store the value at the broker, and give its name",
            )
        return cls(f"${{user.{name}}}", is_secret=False)

    @classmethod
    def from_environment(cls, name: str, environ: Mapping[str, str]) -> WebhookToken:
        """The value of a variable, for brokers that keep no secrets.

        Raises:
            UsageError: there is no such variable.
        """
        value = environ.get(name, "").strip()
        if not value:
            raise UsageError(f"the variable {name} holds no token", "set it, or name another with --token-variable")
        return cls(value, is_secret=True)

    def hidden(self, text: str) -> str:
        """A text without the token."""
        return text.replace(self.reference, _MASK) if self.is_secret else text


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request that the broker makes at some events."""

    url: str
    provider: str
    consumer: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    events: Sequence[str] = (CHANGED,)
    token: WebhookToken | None = None
    purpose: str = "verify"

    @property
    def uuid(self) -> str:
        """The same for the same pair and the same receiver, so that a second run updates what the first created."""
        return str(uuid.uuid5(_NAMESPACE, json.dumps([self.provider, self.consumer, self.url])))

    @property
    def description(self) -> str:
        when = "its content changes" if tuple(self.events) == (CHANGED,) else " or ".join(self.events)
        return f"{self.purpose} the pact of {self.consumer or 'any consumer'} at {self.provider} when {when}"

    def at(self, events: Sequence[str]) -> Webhook:
        """The same at other events, if there are any."""
        return replace(self, events=tuple(events)) if events else self

    def plain(self) -> dict[str, Json]:
        """What the broker is told, as JSON, without the token."""
        shown: dict[str, Json] = json.loads(json.dumps({"uuid": self.uuid, **self.written()}))
        if self.token is not None and self.token.is_secret:
            shown["request"] = json.loads(self.token.hidden(json.dumps(shown["request"])))
        return shown

    def written(self) -> dict[str, Json]:
        """What the broker is told."""
        return {
            "description": self.description,
            "events": [{"name": name} for name in self.events],
            "provider": {"name": self.provider},
            "consumer": None if self.consumer is None else {"name": self.consumer},
            "request": {"method": "POST", "url": self.url, "headers": dict(self.headers), "body": self.body},
        }


def github(provider: str, consumer: str | None, repository: str, token: WebhookToken) -> Webhook:
    """A `repository_dispatch` event of type `pact`: https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event"""
    url = f"https://api.github.com/repos/{repository}/dispatches"
    body = {"event_type": "pact", "client_payload": dict(_PACT)}
    return Webhook(url, provider, consumer, _github_headers(token), body, token=token)


def github_status(provider: str, consumer: str | None, repository: str, token: WebhookToken) -> Webhook:
    """The commit status of the consumer's version: https://docs.github.com/rest/commits/statuses"""
    body = {
        "state": "${pactbroker.githubVerificationStatus}",
        "description": "verification by ${pactbroker.providerName}",
        "context": "pact/${pactbroker.providerName}",
        "target_url": "${pactbroker.verificationResultUrl}",
    }
    url = f"https://api.github.com/repos/{repository}/statuses/${{pactbroker.consumerVersionNumber}}"
    headers = _github_headers(token)
    return Webhook(url, provider, consumer, headers, body, _ANY_VERIFICATION, token, "report the verification of")


def gitlab(provider: str, consumer: str | None, project: str, token: WebhookToken, *, ref: str, server: str) -> Webhook:
    """A pipeline by trigger token: https://docs.gitlab.com/ci/triggers/"""
    url = f"{server.rstrip('/')}/api/v4/projects/{quote(project, safe='')}/trigger/pipeline"
    variables = {name.upper(): value for name, value in _PACT.items()}
    body = {"token": token.reference, "ref": ref, "variables": variables}
    return Webhook(url, provider, consumer, {"content-type": "application/json"}, body, token=token)


def jenkins(provider: str, consumer: str | None, job: str, token: WebhookToken) -> Webhook:
    """A build with the parameter PACT_URL, of a job's address; the secret is `user:token` in base64."""
    url = f"{job.rstrip('/')}/buildWithParameters?PACT_URL={_PACT['pact_url']}"
    return Webhook(url, provider, consumer, {"authorization": f"Basic {token.reference}"}, token=token)


def plain(provider: str, consumer: str | None, url: str, token: WebhookToken | None) -> Webhook:
    """A POST of `{"pact_url": ...}` to any address."""
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token.reference}"
    return Webhook(url, provider, consumer, headers, dict(_PACT), token=token)


def _github_headers(token: WebhookToken) -> dict[str, str]:
    return {
        "accept": "application/vnd.github+json",
        "content-type": "application/json",
        "authorization": f"Bearer {token.reference}",
    }


def save_webhook(broker: Broker, webhook: Webhook) -> None:
    """Create the webhook, or bring the one that is there up to date.

    Raises:
        BrokerError: the broker refused, or cannot be used.
    """
    address = broker_index(broker).link("pb:webhook", uuid=webhook.uuid)
    address = address or f"{broker.url}/webhooks/{webhook.uuid}"
    answer = ask_broker(broker, address, method="PUT", body=webhook.written())
    if not answer.is_success:
        hidden = webhook.token.hidden if webhook.token else str
        raise BrokerError(f"the broker at {broker.url} refuses the webhook: {hidden(refusal(answer))}", _RECEIVER)


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
