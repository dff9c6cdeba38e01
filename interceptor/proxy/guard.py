"""Who may use the proxy where others than this machine can reach it."""

from __future__ import annotations

import hmac
from base64 import b64decode
from dataclasses import dataclass

from interceptor.proxy.http1.reader import Fields, NotHttpError, WireRequest
from interceptor.proxy.http1.targets import Address, destination
from interceptor.values.messages import Response

_CREDENTIALS = b"proxy-authorization"


class NotAdmittedError(NotHttpError):
    """A request without the token."""

    def __init__(self) -> None:
        super().__init__(407, "the token is missing or wrong")


@dataclass(frozen=True, slots=True)
class Guard:
    """Asks for a token at the proxy's own address, as the password to the proxy, or as the user without a password.

    The user beside a password is the scope, as it is without a token. What asks the proxy itself (`GET /health`) and
    not for another host needs no credentials: the control address contains the token.
    """

    own: Address
    """What the proxy itself is asked for by."""
    token: str | None = None
    """None where everybody may use the proxy, as only this machine can reach it."""

    def check(self, request: WireRequest) -> None:
        """Refuse a request that would use the proxy without the token.

        Raises:
            NotAdmittedError: it is missing or wrong.
        """
        if self.token is None or request.target.startswith(b"/"):
            return
        if not hmac.compare_digest(_said(request.headers.fields), self.token.encode()):
            raise NotAdmittedError

    def destination(self, request: WireRequest) -> tuple[Address, bytes]:
        """Whom a request is for, and the path there.

        In a network the proxy has names that it does not know: what is asked for by a path alone is the proxy itself.

        Raises:
            NotHttpError: where the request does not say.
        """
        if self.token is not None and request.target.startswith(b"/"):
            return self.own, request.target
        return destination(request.target, request.headers.host)

    def known(self, fields: Fields) -> Fields:
        """The headers, without credentials whose user is the token: it is no scope."""
        if self.token is None or _user_and_password(fields)[1]:
            return fields
        return tuple(field for field in fields if field[0].lower() != _CREDENTIALS)


def challenge() -> Response:
    """The answer to a request without the token."""
    headers = (
        ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "no-store"),
        ("proxy-authenticate", 'Basic realm="interceptor"'),
    )
    text = "interceptor asks for its token as the password to the proxy: http://any-name:TOKEN@HOST:PORT\n"
    return Response(407, headers, text.encode())


def _said(fields: Fields) -> bytes:
    user, password = _user_and_password(fields)
    return password or user


def _user_and_password(fields: Fields) -> tuple[bytes, bytes]:
    """Those of Basic credentials (RFC 7617); empty where there are none."""
    said = next((value for name, value in fields if name.lower() == _CREDENTIALS), b"")
    scheme, _, credentials = said.partition(b" ")
    if scheme.lower() != b"basic":
        return b"", b""
    try:
        user, _, password = b64decode(credentials, validate=True).partition(b":")
    except ValueError:
        return b"", b""
    return user, password
