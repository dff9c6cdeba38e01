"""An OpenAPI document with the result of its own verification, as PactFlow's provider contract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interceptor.broker.client import call, explained, unusable
from interceptor.broker.publication import Publication
from interceptor.broker.settings import Broker
from interceptor.values.errors import BrokerError

_CONTENT_TYPES = {".json": "application/json", ".yaml": "application/yaml", ".yml": "application/yaml"}

_ATTEMPT = "Attempting to publish provider contract"
"""The client says this once it has found PactFlow; what fails before does not concern the document."""
_HEADINGS = ("Provider contract publication failed", "Details:", "failed validation - ")


@dataclass(frozen=True, slots=True)
class ProviderContract:
    """What is published: `results` is the output of the tool that tested the provider against `document`."""

    document: Path
    provider: str
    success: bool
    results: Path | None = None
    verifier: str | None = None


def publish_provider_contract(broker: Broker, contract: ProviderContract, publication: Publication) -> list[str]:
    """Hand the document to PactFlow; what it says about it.

    Raises:
        BrokerError: it refused, or cannot be used.
    """
    arguments = ["pactflow", "publish-provider-contract", *_arguments(contract)]
    output = call([*arguments, *publication.arguments("--provider-app-version")], broker)
    _, attempted, rest = output.output.partition(_ATTEMPT)
    lines = [line.strip("✅❌ ").removeprefix("IO Error - ") for line in rest.splitlines()[1:]]
    if output.code == 0:
        return [line for line in lines if line]
    if not attempted or explained(output.reason):
        raise unusable(broker, output.reason)
    why = "; ".join(dict.fromkeys(line for line in lines if line and not line.startswith(_HEADINGS)))
    raise BrokerError(
        f"the broker at {broker.url} refuses {contract.document.name}: {why}", "correct it, then try again"
    )


def _arguments(contract: ProviderContract) -> list[str]:
    arguments = [
        str(contract.document.resolve()),
        f"--provider={contract.provider}",
        f"--content-type={_CONTENT_TYPES.get(contract.document.suffix.lower(), 'application/yaml')}",
        "--verification-success" if contract.success else "--no-verification-success",
    ]
    if contract.verifier:
        arguments.append(f"--verifier={contract.verifier}")
    if contract.results:
        arguments.append(f"--verification-results={contract.results.resolve()}")
        arguments.append(f"--verification-results-content-type={_results_type(contract.results)}")
        arguments.append(f"--verification-results-format={_results_format(contract.results)}")
    return arguments


def _results_type(results: Path) -> str:
    return {".xml": "application/xml", ".json": "application/json"}.get(results.suffix.lower(), "text/plain")


def _results_format(results: Path) -> str:
    return {".xml": "junit", ".json": "json"}.get(results.suffix.lower(), "text")
