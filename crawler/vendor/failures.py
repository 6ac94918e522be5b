"""What the HTTP library raises → how a call ended, and whether it can have been sent.

The texts of its exceptions, which may hold the URL and so the token, stay here.
"""

from __future__ import annotations

import errno
import socket
import ssl

import aiohttp

from crawler.model import CallFailed, FailureKind, NoConnection


class Dropped(aiohttp.ClientError):
    """A connection that broke after a request was sent."""


class NotConnected(aiohttp.ClientError):
    """No connection, for the reason that is its cause."""


def failed(
    exc: BaseException, milliseconds: int, http_status: int | None, retry_after_seconds: float | None
) -> CallFailed:
    """The outcome that an exception stands for."""
    cause = exc.__cause__ if isinstance(exc, Dropped | NotConnected) and exc.__cause__ else exc
    kind = _kind_of(exc)
    reason = why_not_connected(cause) if kind is FailureKind.NOT_SENT else None
    error = type(cause).__name__
    return CallFailed(kind, _detail(cause), milliseconds, http_status, retry_after_seconds, reason, error)


def _kind_of(exc: BaseException) -> FailureKind:
    match exc:
        case NotConnected() | aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return FailureKind.NOT_SENT
        case aiohttp.InvalidURL():
            return FailureKind.NOT_SENT
        case TimeoutError():
            return FailureKind.TIMEOUT
        case _:
            return FailureKind.DROPPED


def why_not_connected(exc: BaseException) -> NoConnection:
    """What the failure to make a connection says of the address."""
    match exc:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return NoConnection.TLS
        case aiohttp.InvalidURL() | ValueError():
            return NoConnection.INVALID_ADDRESS
    error = exc.os_error if isinstance(exc, aiohttp.ClientConnectorError) else exc
    if isinstance(exc, aiohttp.ClientConnectorDNSError) or isinstance(error, socket.gaierror):
        # Where no server for names answers, nothing is known of this one.
        passing = getattr(error, "errno", None) == socket.EAI_AGAIN
        return NoConnection.UNREACHABLE if passing else NoConnection.NO_SUCH_NAME
    if isinstance(error, ConnectionResetError):
        return NoConnection.TLS  # while both sides were still agreeing on it
    # Where several addresses were tried, the numbers stand in the text alone.
    refused = isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error)
    return NoConnection.REFUSED if refused else NoConnection.UNREACHABLE


def _detail(exc: BaseException) -> str:
    """What the system says, without the exception's own text, which may hold the URL and so the token."""
    if why_not_connected(exc) is NoConnection.TLS:
        return "TLS failed"
    reason = getattr(exc, "strerror", None)
    return reason if isinstance(reason, str) else ""
