"""An OpenAPI document with the result of its own verification, as PactFlow's provider contract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interceptor.broker.client import call, unusable
from interceptor.broker.settings import Broker

_CONTENT_TYPES = {".json": "application/json", ".yaml": "application/yaml", ".yml": "application/yaml"}


@dataclass(frozen=True, slots=True)
class ProviderContract:
    """What is published: `results` is the output of the tool that tested the provider against `document`."""

    document: Path
    provider: str
    version: str
    branch: str | None
    success: bool
    results: Path | None = None
    verifier: str | None = None
    tags: tuple[str, ...] = ()
    build_url: str | None = None


def publish_provider_contract(broker: Broker, contract: ProviderContract, *, retries: int, seconds: float) -> str:
    """Hand the document to PactFlow; what it says about it.

    Raises:
        BrokerError: it refused, or cannot be used.
    """
    said = call(["pactflow", "publish-provider-contract", *_words(contract, retries)], broker, seconds=seconds)
    if said.code:
        raise unusable(broker, said)
    return said.output.strip()


def _words(contract: ProviderContract, retries: int) -> list[str]:
    words = [
        str(contract.document.resolve()),
        f"--provider={contract.provider}",
        f"--provider-app-version={contract.version}",
        f"--content-type={_CONTENT_TYPES.get(contract.document.suffix.lower(), 'application/yaml')}",
        "--verification-success" if contract.success else "--no-verification-success",
        f"--retries={retries}",
    ]
    if contract.branch:
        words.append(f"--branch={contract.branch}")
    if contract.tags:
        words.append(f"--tag={','.join(contract.tags)}")
    if contract.build_url:
        words.append(f"--build-url={contract.build_url}")
    if contract.verifier:
        words.append(f"--verifier={contract.verifier}")
    if contract.results:
        words.append(f"--verification-results={contract.results.resolve()}")
        words.append(f"--verification-results-content-type={_results_type(contract.results)}")
        words.append(f"--verification-results-format={_results_format(contract.results)}")
    return words


def _results_type(results: Path) -> str:
    return {".xml": "application/xml", ".json": "application/json"}.get(results.suffix.lower(), "text/plain")


def _results_format(results: Path) -> str:
    return {".xml": "junit", ".json": "json"}.get(results.suffix.lower(), "text")
