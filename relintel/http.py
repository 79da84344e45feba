"""One careful HTTP client: bounded in time, size and hops, and kept out of private networks."""

from __future__ import annotations

import logging
import random
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from types import TracebackType
from typing import Final

import httpx

from relintel.errors import SourceError, TryAgain

MAX_BYTES: Final = 50 * 2**20
MAX_REDIRECTS: Final = 5
LONGEST_WAIT: Final = 60.0
"""Seconds; a server that asks for more is left to the caller, as `TryAgain`."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AGENT: Final = "relintel"
_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `status` is below 400.

    Attributes:
        url: the address that answered, after redirects.
        headers: names in lower case.
        etag: to be sent with the next request.
        modified: the ``Last-Modified`` header, to be sent likewise.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def etag(self) -> str | None:
        """Validator of this answer."""
        return self.headers.get("etag")

    @property
    def modified(self) -> str | None:
        """Time of this answer as the server wrote it."""
        return self.headers.get("last-modified")

    @property
    def unchanged(self) -> bool:
        """True when the validators sent are still valid; the body is empty then."""
        return self.status == 304


def resolve(host: str) -> tuple[str, ...]:
    """Return the numeric addresses of a host.

    Raises:
        OSError: the name has none.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_private(address: str) -> bool:
    """Say whether an address lies outside the public internet (loopback, link-local, …)."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return not found.is_global or found.is_multicast


class Http(AbstractContextManager["Http"]):
    """Sends requests, following redirects and trying again with patience.

    The address that was checked is the one connected to, so that a name cannot change its meaning
    in between. Proxies of the environment are not used: behind one, the check would see nothing.

    Args:
        timeout: seconds to connect, and between two pieces of an answer.
        deadline: seconds for one whole answer.
        attempts: tries per request, the first included.
        max_bytes: size above which an answer is refused (after unpacking).
        allow_private: whether private and loopback addresses may be reached.
        sleep: how to wait.
        jitter: a number between 0 and 1 that spreads the waits.
        clock: monotonic seconds.
        lookup: host name → numeric addresses.
    """

    def __init__(
        self,
        *,
        timeout: float = 20.0,
        deadline: float = 300.0,
        attempts: int = 4,
        max_bytes: int = MAX_BYTES,
        allow_private: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
        lookup: Callable[[str], Sequence[str]] = resolve,
    ) -> None:
        self._deadline = deadline
        self._attempts = attempts
        self._max_bytes = max_bytes
        self._allow_private = allow_private
        self._sleep = sleep
        self._jitter = jitter
        self._clock = clock
        self._lookup = lookup
        self._client = httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False)
        # It tells every address with its query at INFO, and tokens stand in queries.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        modified: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Fetch a document, or learn that it is unchanged since `etag` or `modified`.

        Raises:
            TryAgain: the server is silent, busy (429) or in trouble (5xx), however often asked.
            SourceError: the address is refused, or the answer is an error or too large.
        """
        conditions = {"if-none-match": etag, "if-modified-since": modified}
        extra = {name: value for name, value in conditions.items() if value}
        return self.request("GET", url, headers={**(headers or {}), **extra})

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Send any request; see `get`.

        Only requests that may be repeated (``GET``, ``HEAD``, ``PUT``, ``DELETE``) are tried again
        after a broken connection or a 5xx answer; a 429 or 503 was not acted on and always is.
        Redirects are followed for ``GET`` and ``HEAD``; headers with secrets stay on their host.
        """
        problem = TryAgain(_shown(url), "was not asked")
        for attempt in range(self._attempts):
            try:
                return self._follow(method, url, dict(headers or {}), content)
            except _Failure as failure:
                problem = TryAgain(_shown(url), failure.message, failure.after)
                wait = failure.after if failure.after is not None else self._backoff(attempt)
                safe = failure.untouched or method in {"GET", "HEAD", "PUT", "DELETE"}
                if not safe or wait > LONGEST_WAIT or attempt + 1 == self._attempts:
                    raise problem from None
                self._sleep(wait)
        raise problem

    def _backoff(self, attempt: int) -> float:
        """1, 2, 4 … seconds, each between half and the whole of it."""
        return float(2**attempt) * (0.5 + 0.5 * self._jitter())

    def _follow(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None
    ) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._once(method, url, headers, content)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not target or method not in {"GET", "HEAD"}:
                return answer
            follow = _join(url, target)
            if _origin(follow) != _origin(url):
                headers = {k: v for k, v in headers.items() if k.lower() not in _SECRET_HEADERS}
            url = follow
        raise SourceError(_shown(url), f"redirects more than {MAX_REDIRECTS} times")

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Answer:
        wanted = self._checked(url)
        address = self._address(wanted)
        try:
            request = self._client.build_request(
                method,
                wanted.copy_with(host=address),
                headers={"user-agent": _AGENT, **headers, "host": wanted.netloc.decode("ascii")},
                content=content,
                extensions={"sni_hostname": wanted.host},
            )
        except UnicodeEncodeError:
            raise SourceError(_shown(url), "cannot be asked: a header is not ASCII") from None
        try:
            response = self._client.send(request, stream=True)
            try:
                return self._read(url, response)
            finally:
                response.close()
        except httpx.ConnectError:
            raise _Failure("cannot be reached", untouched=True) from None
        except httpx.TimeoutException:
            raise _Failure("did not answer in time") from None
        except (httpx.DecodingError, httpx.ProtocolError) as error:
            if isinstance(error, httpx.RemoteProtocolError):
                raise _Failure("broke the connection") from None
            raise SourceError(_shown(url), "sent an answer that cannot be decoded") from None
        except httpx.TransportError:
            raise _Failure("broke the connection") from None

    def _read(self, url: str, response: httpx.Response) -> Answer:
        status = response.status_code
        if status == 429 or status >= 500:
            untouched = status in {429, 503}
            raise _Failure(f"answered {status}", _retry_after(response.headers), untouched)
        if status >= 400:
            raise SourceError(_shown(url), f"answered {status}")
        started, size, pieces = self._clock(), 0, []
        for piece in response.iter_bytes():
            size += len(piece)
            if size > self._max_bytes:
                raise SourceError(_shown(url), f"sent more than {self._max_bytes} bytes")
            if self._clock() - started > self._deadline:
                raise _Failure("did not finish its answer in time")
            pieces.append(piece)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(url, status, headers, b"".join(pieces))

    def _checked(self, url: str) -> httpx.URL:
        try:
            wanted = httpx.URL(url)
            named = bool(wanted.host)
        except (httpx.InvalidURL, ValueError, TypeError):
            raise SourceError("address", "is not an address") from None
        if wanted.scheme not in {"http", "https"} or not named:
            raise SourceError(_shown(url), "is refused: only http and https are spoken")
        return wanted

    def _address(self, wanted: httpx.URL) -> str:
        try:
            addresses = tuple(self._lookup(wanted.host))
        except (OSError, UnicodeError):
            raise _Failure("its name cannot be resolved", untouched=True) from None
        if not addresses:
            raise _Failure("its name cannot be resolved", untouched=True)
        if not self._allow_private and any(map(is_private, addresses)):
            raise SourceError(wanted.host, "is refused: it is in a private network")
        return addresses[0]


class _Failure(Exception):
    """One try failed; another may not."""

    def __init__(self, message: str, after: float | None = None, untouched: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.after = after
        self.untouched = untouched


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds to wait; a date is measured against the server's own clock."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    until, now = _http_date(value), _http_date(headers.get("date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _http_date(value: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return when if when.tzinfo else None


def _join(url: str, target: str) -> str:
    try:
        return str(httpx.URL(url).join(target))
    except (httpx.InvalidURL, ValueError):
        raise SourceError(_shown(url), "redirects to what is no address") from None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port


def _shown(url: str) -> str:
    """Return an address fit for messages: without credentials and query, where tokens stand."""
    try:
        parts = httpx.URL(url)
        shown = f"{parts.scheme}://{parts.host}{parts.path}"[:200] if parts.host else "address"
    except (httpx.InvalidURL, ValueError, TypeError):
        return "address"
    return shown
