"""Controls who may use the proxy if other machines can reach it."""

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
    """Requires a token at the proxy's own address, as the proxy password, or as the user without a password.

    A user with a password is the scope, as without a token. Requests to the proxy itself (`GET /health`) need no
    credentials: the control address contains the token.
    """

    own: Address
    """The authorities of the proxy itself."""
    token: str | None = None
    """None if no token is required, as only this machine can reach the proxy."""

    def check(self, request: WireRequest) -> None:
        """Refuse a request that would use the proxy without the token.

        Raises:
            NotAdmittedError: the token is missing or wrong.
        """
        if self.token is None or request.target.startswith(b"/"):
            return
        if not hmac.compare_digest(_said(request.headers.fields), self.token.encode()):
            raise NotAdmittedError

    def destination(self, request: WireRequest) -> tuple[Address, bytes]:
        """The origin that a request is for, and the path there.

        In a network the proxy has names that it does not know: a request with only a path is for the proxy itself.

        Raises:
            NotHttpError: the request does not tell.
        """
        if self.token is not None and request.target.startswith(b"/"):
            return self.own, request.target
        return destination(request.target, request.headers.host)

    def known(self, fields: Fields) -> Fields:
        """The headers without credentials whose user is the token, which is not a scope."""
        if self.token is None or _user_and_password(fields)[1]:
            return fields
        return tuple(field for field in fields if field[0].lower() != _CREDENTIALS)


def challenge() -> Response:
    """The response to a request without the token."""
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
    """User and password of Basic credentials (RFC 7617); empty if there are none."""
    said = next((value for name, value in fields if name.lower() == _CREDENTIALS), b"")
    scheme, _, credentials = said.partition(b" ")
    if scheme.lower() != b"basic":
        return b"", b""
    try:
        user, _, password = b64decode(credentials, validate=True).partition(b":")
    except ValueError:
        return b"", b""
    return user, password
