"""Pacts replayed against a running provider, by the verifier of the `pact` binary."""

from interceptor.verification.real_values import RealValues
from interceptor.verification.results import Checked, Verification, junit
from interceptor.verification.verifier import Files, FromBroker, FromUrl, Provider, Publishing, Source, verify

__all__ = [
    "Checked",
    "Files",
    "FromBroker",
    "FromUrl",
    "Provider",
    "Publishing",
    "RealValues",
    "Source",
    "Verification",
    "junit",
    "verify",
]
