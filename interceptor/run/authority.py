"""A new certificate authority, and the certificates that it signs; apart from `trust`: cryptography is slow to import.

All keys are on the curve P-256: a handshake takes half the time of one with RSA.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=365)
_CLOCK_SKEW = timedelta(days=2)
_THIS_MACHINE = ("localhost", "127.0.0.0/8", "::1/128")
"""Where the direct doors are; some address has to be named, or any address would be permitted."""


def new_authority(hosts: Iterable[str] | None) -> tuple[bytes, bytes]:
    """Key and certificate, as PEM.

    Args:
        hosts: names, with all below them, and addresses that it may vouch for, beside this machine itself; None for
            every host. Clients refuse what it says of others (RFC 5280, section 4.2.1.10).
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "interceptor, for tests only"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "interceptor"),
        ]
    )
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if hosts is not None:
        permitted = [_subtree(host) for host in (*_THIS_MACHINE, *hosts)]
        builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    return _pem(key), certificate.public_bytes(serialization.Encoding.PEM)


def _subtree(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_network(host))
    except ValueError:
        return x509.DNSName(host.encode("idna").decode())


class Issuer:
    """Signs certificates for hosts; one key serves them all.

    Args:
        authority: key and certificate, as PEM.
    """

    def __init__(self, authority: bytes) -> None:
        key = serialization.load_pem_private_key(authority, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self._certificate = x509.load_pem_x509_certificate(authority)
        self._shared = ec.generate_private_key(ec.SECP256R1())

    def issue(self, host: str) -> bytes:
        """Key and certificate of a host, and the authority's certificate, as PEM.

        The authority is sent along: Chromium compares the hash that it was given with the keys in the sent chain.
        """
        now = datetime.now(UTC)
        name: x509.GeneralName
        try:
            name = x509.IPAddress(ip_address(host))
        except ValueError:
            name = x509.DNSName(host.encode("idna").decode())
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "interceptor")]))
            .issuer_name(self._certificate.subject)
            .public_key(self._shared.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(min(now + _LIFETIME, self._certificate.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(authority, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        chain = (each.public_bytes(serialization.Encoding.PEM) for each in (certificate, self._certificate))
        return _pem(self._shared) + b"".join(chain)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
