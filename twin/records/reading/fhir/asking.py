"""Asking a server over HTTP: one origin, no surprises.

Connections time out, answers are cut at a size, redirects stay at the origin, and the token goes nowhere
else. Nothing but plain and encrypted HTTP is spoken; proxies are not used.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, cast
from urllib.parse import SplitResult, urljoin, urlsplit

from twin.records.reading.fhir.text import Refused
from twin.records.reading.limits import MB, Limits

#: seconds of silence after which a server is given up (assumed: a page of a search takes a few)
SILENCE = 30.0
#: seconds that one page may take altogether (assumed: 128 MB over 10 Mbit/s take 100)
PAGE_SECONDS = 300.0
#: redirects of one question
REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_UNKNOWN = frozenset({404, 410})
#: addresses beside the link-local ones at which clouds keep secrets of their machines
_METADATA = frozenset({"fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"})


@dataclass
class Answer:
    """What a server answers: status, headers in lower case, and the body as it comes."""

    status: int
    headers: Mapping[str, str]
    body: BinaryIO


Opener = Callable[[str, Mapping[str, str]], Answer]


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port that the user named, and the token that goes there."""

    scheme: str
    host: str
    port: int
    token: str | None = field(default=None, repr=False)

    def hold(self, address: str) -> None:
        """An address that the server names is one of its own.

        Raises
        ------
        Refused
            ``E_ADDRESS``.
        """
        other = _split(address)
        if (other.scheme, other.hostname, _port(other)) != (self.scheme, self.host, self.port):
            shown = f"{other.scheme}://{other.netloc}"
            raise Refused("E_ADDRESS", "the server", shown, f"only {self} is asked", "ask that server itself")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


def origin_of(base: str, token: str | None = None) -> Origin:
    """The origin of a server's address.

    Raises
    ------
    Refused
        ``E_ADDRESS``: it is not http or https, holds a name and password or a question, or would let the
        token be read on the way.
    """
    parts = _split(base)
    if parts.username is not None or parts.password is not None:
        raise _not_asked("an address without name and password", "put a token into TWIN_FHIR_TOKEN")
    if parts.query or parts.fragment:
        raise _not_asked("the base address alone, as https://emr.example/fhir")
    origin = Origin(parts.scheme, parts.hostname or "", _port(parts), token or None)
    if token and origin.scheme == "http" and not _is_loopback(origin.host):
        raise _not_asked("a token goes over https only")
    if token and not (token.isascii() and token.isprintable()):
        raise Refused("E_ADDRESS", "TWIN_FHIR_TOKEN", None, "a token has letters, figures and signs only")
    return origin


def ask(address: str, origin: Origin, opener: Opener, limits: Limits) -> BinaryIO | None:
    """The body of an answer; None where the server does not know what is asked for.

    Raises
    ------
    Refused
        ``E_SERVER``, ``E_ADDRESS``; and ``E_TOO_LARGE`` while the body is read.
    """
    headers = {"Accept": "application/fhir+json", "Accept-Encoding": "identity", "User-Agent": "twin"}
    if origin.token:
        headers["Authorization"] = f"Bearer {origin.token}"
    for _ in range(REDIRECTS + 1):
        answer = opener(address, headers)
        if answer.status not in _MOVED:
            break
        answer.body.close()
        address = urljoin(address, answer.headers.get("location", ""))
        origin.hold(address)
    else:
        raise Refused("E_SERVER", "the server", address, "redirects without end")
    if answer.status == 200 and answer.headers.get("content-encoding", "identity") == "identity":
        return cast(BinaryIO, Body(answer.body, limits))
    answer.body.close()
    if answer.status in _UNKNOWN:
        return None
    raise _refused_by(answer.status, address)


class Body(io.RawIOBase):
    """The body of one answer, at most ``bundle_bytes`` long and ``PAGE_SECONDS`` under way."""

    def __init__(self, body: BinaryIO, limits: Limits) -> None:
        self._body, self._limits, self._size = body, limits, 0
        self._until = time.monotonic() + PAGE_SECONDS

    def read(self, size: int = -1) -> bytes:
        """The next bytes, some of them; none at the end."""
        try:
            piece = cast(io.BufferedIOBase, self._body).read1(size)
        except (OSError, http.client.HTTPException) as error:
            raise _no_answer(error) from None
        self._size += len(piece)
        if self._size > self._limits.bundle_bytes:
            raise Refused(
                "E_TOO_LARGE", "the server", None, f"a page has at most {self._limits.bundle_bytes / MB:g} MB"
            )
        if time.monotonic() > self._until:
            raise Refused("E_SERVER", "the server", None, f"a page took more than {PAGE_SECONDS:g} seconds")
        return piece

    def close(self) -> None:
        """Close the connection."""
        self._body.close()
        super().close()


def opener_of(origin: Origin) -> Opener:
    """Ask over the network; a new connection for each question."""

    def opener(address: str, headers: Mapping[str, str]) -> Answer:
        parts = _split(address)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", _port(parts), timeout=SILENCE)
        try:
            connection.connect()
            check_peer(connection.sock.getpeername()[0], origin)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers=dict(headers))
            response = connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise _no_answer(error) from None
        except Refused:
            connection.close()
            raise
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, cast(BinaryIO, _Closing(response, connection)))

    return opener


class _Closing:
    """A response that closes its connection with itself."""

    def __init__(self, response: http.client.HTTPResponse, connection: http.client.HTTPConnection) -> None:
        self._response, self._connection = response, connection

    def read1(self, size: int) -> bytes:
        return self._response.read1(size)

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def check_peer(peer: str, origin: Origin) -> None:
    """A name may not turn out to mean the machine's own network services.

    Raises
    ------
    Refused
        ``E_ADDRESS``: link-local or a metadata service, and not what the user wrote himself.
    """
    address = ipaddress.ip_address(peer.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if not (address.is_link_local or address.is_multicast or str(address) in _METADATA):
        return
    if origin.host.partition("%")[0] != str(address):
        raise _not_asked(f"{origin.host} means {address}, an address of the machine's own network")


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname and _port(parts) and _is_plain(address):
            return parts
    except ValueError:
        pass  # told below, with what is wrong in the same words
    raise _not_asked("an address begins with http:// or https:// and a host", "as https://emr.example/fhir")


def _is_plain(address: str) -> bool:
    return address.isascii() and address.isprintable() and " " not in address and "\\" not in address


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _not_asked(rule: str, cure: str = "") -> Refused:
    return Refused("E_ADDRESS", "the server", None, rule, cure)


def _no_answer(error: Exception) -> Refused:
    reason = str(error) or type(error).__name__
    return Refused("E_SERVER", "the server", None, f"no answer ({reason})", "try again once it is up")


def _refused_by(status: int, address: str) -> Refused:
    if status in (401, 403):
        return Refused(
            "E_SERVER", "the server", status, "it wants to know who asks", "put a token into TWIN_FHIR_TOKEN"
        )
    return Refused(
        "E_SERVER", "the server", status, f"no answer to {address}", "look at the server's own log"
    )
