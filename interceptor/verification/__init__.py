"""Pacts replayed against a running provider, by the verifier of the `pact` binary."""

from interceptor.verification.pacts import Files, FromBroker, FromUrl, Source
from interceptor.verification.real_values import RealValues
from interceptor.verification.results import Verification, VerifiedInteraction
from interceptor.verification.verifier import Publishing, RunningProvider, verify

__all__ = [
    "Files",
    "FromBroker",
    "FromUrl",
    "Publishing",
    "RealValues",
    "RunningProvider",
    "Source",
    "Verification",
    "VerifiedInteraction",
    "verify",
]
