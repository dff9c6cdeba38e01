"""An OpenAPI document with the result of its own verification, as PactFlow's provider contract.

Not by the client, which drops the result if no report and no tool is named, so that a failure goes unnoticed.
https://docs.pactflow.io/docs/bi-directional-contract-testing/contracts/oas
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from interceptor.broker.api import ask_broker, broker_index, notices, refusal
from interceptor.broker.publication import Publication
from interceptor.broker.settings import Broker
from interceptor.values.errors import BrokerError
from interceptor.values.json_text import Json

_CONTENT_TYPES = {".json": "application/json", ".yaml": "application/yaml", ".yml": "application/yaml"}
_RESULTS = {".xml": ("application/xml", "junit"), ".json": ("application/json", "json")}
"""The content type of a report, and its format."""


@dataclass(frozen=True, slots=True)
class ProviderContract:
    """What is published: `results` is the output of the tool that tested the provider against `document`."""

    document: Path
    provider: str
    success: bool
    results: Path | None = None
    verifier: str | None = None
    verifier_version: str | None = None


def publish_provider_contract(broker: Broker, contract: ProviderContract, publication: Publication) -> list[str]:
    """Publish the document to PactFlow; returns its notices.

    Raises:
        BrokerError: it refuses the document, or cannot be used.
    """
    address = broker_index(broker).link("pf:publish-provider-contract", provider=contract.provider)
    if address is None:
        raise BrokerError(
            f"cannot use the broker at {broker.url}: it does not accept provider contracts; only PactFlow does",
            "compare offline instead: interceptor check",
        )
    answer = ask_broker(broker, address, method="POST", body=_written(contract, publication))
    if not answer.is_success:
        raise BrokerError(
            f"the broker at {broker.url} refuses {contract.document.name}: {refusal(answer)}",
            "correct it, then try again",
        )
    return notices(answer)


def _written(contract: ProviderContract, publication: Publication) -> Json:
    optional = {
        "branch": publication.branch,
        "tags": list(publication.tags) or None,
        "buildUrl": publication.build_url,
    }
    return {
        "pacticipantVersionNumber": publication.version,
        **_given(optional),
        "contract": {
            "content": _base64(contract.document),
            "contentType": _CONTENT_TYPES.get(contract.document.suffix.lower(), "application/yaml"),
            "specification": "oas",
            "selfVerificationResults": _results(contract),
        },
    }


def _results(contract: ProviderContract) -> Json:
    told = {"verifier": contract.verifier, "verifierVersion": contract.verifier_version}
    found = {"success": contract.success, **_given(told)}
    if contract.results is None:
        return found
    kind, form = _RESULTS.get(contract.results.suffix.lower(), ("text/plain", "text"))
    return {**found, "content": _base64(contract.results), "contentType": kind, "format": form}


def _given(members: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in members.items() if value is not None}


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
