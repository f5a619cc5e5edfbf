"""A JSON client for the servers of the stack: verified TLS, bounded time, errors by meaning."""

from __future__ import annotations

import functools
import http.client
import json
import random
import socket
import ssl
import time
from collections.abc import Hashable
from typing import Any
from urllib.parse import urlsplit

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import advice, pool
from saltext.eos.utils.timely import Timely, cut_after, watched

IDEMPOTENT = {"GET", "LIST", "HEAD"}
BACK_OFF = 0.2
LONGEST_WAIT = 5.0
LARGEST_BODY = 64 * 1024 * 1024
LONGEST_ANSWER = 60.0
"""Seconds for one whole answer, beyond the wait for its beginning."""


class HttpError(CommandExecutionError):
    """
    A request that did not succeed.

    :param status: HTTP status; ``None`` when no answer came.
    :param body: the parsed answer.
    :param advice: what to do, where the answer tells more than its kind.
    """

    advice = "expected a request that this server takes; mend what it names"
    """What was expected, and what to do."""
    is_unsure = False
    """Whether a write may have been done all the same."""

    def __init__(
        self,
        message: str,
        *,
        method: str,
        path: str,
        status: int | None,
        body: Any,
        advice: str | None = None,
    ) -> None:
        super().__init__(message)
        self.advice = advice or self.advice
        self.method = method
        self.path = path
        self.status = status
        self.body = body


class BadRequest(HttpError):
    """400: the request is wrong."""


class Forbidden(HttpError):
    """401 or 403: the token is absent, unknown or too weak."""

    advice = "expected a token that may do this; look at its policies"


class NotFound(HttpError):
    """404: there is no such thing."""

    advice = "expected it to be there; look whether another took it away"


class Conflict(HttpError):
    """409 or 412: it changed since it was read."""

    advice = "expected nobody else to write it at the same time; apply again"


class TooMany(HttpError):
    """429: the server asks to wait."""

    advice = "expected fewer requests at once; apply again later"


class ServerError(HttpError):
    """5xx: the server failed."""

    advice = "expected it to be well; look at its journal, then apply again"
    is_unsure = True


class Sealed(ServerError):
    """503: the server is there, but not ready to serve."""


class Garbled(ServerError):
    """An answer that is no JSON: not the server itself has answered."""

    advice = "expected JSON; see what answers at that address"


class Unavailable(HttpError):
    """No answer: no connection, a TLS failure or silence."""

    advice = "expected the server to answer there; see whether it runs, then apply again"
    is_unsure = True


class Unsent(Unavailable):
    """No connection, so nothing was sent."""

    is_unsure = False


_BY_STATUS: dict[int, type[HttpError]] = {
    400: BadRequest,
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    429: TooMany,
    503: Sealed,
}


class Client:
    """
    Requests to one server.

    :param base_url: ``https://host:port``, or any URL whose path is put before each path.
    :param ca_file: CA that the server's certificate must come from; the system's when left out.
    :param headers: sent with each request; they may hold tokens and are never shown.
    :param timeout: longest wait for a connection and for each read, in seconds.
    :param unix_socket: connect to this socket instead of host and port.
    :param attempts: how often an idempotent request is tried in all.
    :param within: longest time for one whole answer, in seconds: a server that sends byte after
        byte for ever is silent for ``timeout`` never.
    """

    pooled = False
    """Whether connections are kept for the next request; a state of Salt asks often and briefly."""
    strict = False
    """Whether an answer must be JSON, and a message ends in what to do: so with states."""
    refuses_by_500 = False
    """Whether this server says 500 of what the user wrote wrong, too."""
    given: advice.Given | None = None
    """Where the user has given address, CA and token; what to do names it."""

    def __init__(
        self,
        base_url: str,
        ca_file: str | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 10.0,
        unix_socket: str | None = None,
        attempts: int = 3,
        within: float | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        self._scheme = parts.scheme
        self._host = parts.hostname or "localhost"
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._ca_file = ca_file
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._unix_socket = unix_socket
        self._attempts = attempts
        self._within = within
        self.base_url = base_url.rstrip("/")
        self._key = (parts.scheme, parts.netloc, ca_file, timeout)
        self.status: int | None = None
        """Status of the last answer."""
        self.answered: dict[str, str] = {}
        """Headers of the last answer, names in lower case."""

    @property
    def has_token(self) -> bool:
        """Tell whether requests carry a header of their own, as tokens are."""
        return bool(self._headers)

    @property
    def identity(self) -> Hashable:
        """What tells two clients apart that may be answered differently; it may hold a token."""
        return (self.base_url, self._ca_file, *sorted(self._headers.items()))

    def get(self, path: str, body: Any = None) -> Any:
        """Read; retried."""
        return self.request("GET", path, body)

    def list(self, path: str, body: Any = None) -> Any:
        """List, Vault's own verb; retried."""
        return self.request("LIST", path, body)

    def put(self, path: str, body: Any = None) -> Any:
        """Write; sent once."""
        return self.request("PUT", path, body)

    def post(self, path: str, body: Any = None) -> Any:
        """Write; sent once."""
        return self.request("POST", path, body)

    def delete(self, path: str, body: Any = None) -> Any:
        """Delete; sent once."""
        return self.request("DELETE", path, body)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """
        Send one request and give the parsed answer.

        :param path: from ``/`` on, already quoted.
        :param body: bytes or text as they are, anything else as JSON; ``None`` sends none.
        :return: parsed JSON, the text when it is not JSON, ``None`` when it is empty.
        :raises HttpError: by meaning, see the classes above.
        """
        if any(ord(char) < 33 or ord(char) == 127 for char in path):
            raise BadRequest(
                f"{method} {path!r} has white space or control characters in its path",
                method=method, path=path, status=None, body=None,
            )  # fmt: skip
        last = self._attempts if method in IDEMPOTENT else 1
        for attempt in range(1, last + 1):
            try:
                return self._once(method, path, body)
            except Garbled:
                raise
            except (Unavailable, TooMany, ServerError) as err:
                asked = self._asked_to_wait(err)
                if attempt == last or asked > LONGEST_WAIT:
                    raise
                if isinstance(err, Sealed) and not asked:
                    raise
                wait = min(BACK_OFF * 2 ** (attempt - 1), LONGEST_WAIT)
                spread = wait * (0.5 + random.random() / 2)  # noqa: S311 - only spreads load
                time.sleep(max(asked, spread))
        raise AssertionError("unreachable")

    @property
    def _is_kept(self) -> bool:
        """Tell whether connections outlive a request; with a deadline one may be cut any time."""
        return self.pooled and self._within is None and self._unix_socket is None

    def _asked_to_wait(self, err: HttpError) -> float:
        """Give the seconds for which the server itself asks; none when it does not say a number."""
        said = "" if err.status is None else self.answered.get("retry-after", "")
        return float(said) if said.isascii() and said.isdigit() else 0.0

    def _once(self, method: str, path: str, body: Any) -> Any:
        where = f"{method} {self.base_url}{path}"
        connection = self._connection(where, method, path)
        is_whole, is_reached = False, watched(connection)
        ends = time.monotonic() + self._timeout + LONGEST_ANSWER
        bounded = functools.partial(Timely, ends=ends)
        connection.response_class = bounded  # type: ignore[assignment]
        headers = {"Accept": "application/json", **self._headers}
        data = body
        if body is not None and not isinstance(body, (bytes, str)):
            data = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            with cut_after(connection, self._within):
                connection.request(method, self._prefix + path, data, headers)
                answer = connection.getresponse()
                raw = answer.read(LARGEST_BODY + 1)
                if answer.length and len(raw) <= LARGEST_BODY:
                    raise http.client.IncompleteRead(raw, answer.length)
                is_whole = answer.isclosed() and not answer.will_close
        except (OSError, http.client.HTTPException) as err:
            kind = Unavailable if is_reached() else Unsent
            todo = advice.of_certificate(err, self._ca_file, self.given) or kind.advice
            raise kind(
                self._said(f"{where} got no answer: {_cause(err)}", todo),
                method=method, path=path, status=None, body=None, advice=todo,
            ) from err  # fmt: skip
        except ValueError:
            # The library repeats the header that it refuses, and a header may be a token.
            raise BadRequest(
                f"{where} is not sent: a header or the path holds what HTTP does not carry; "
                "expected a token of one line",
                method=method, path=path, status=None, body=None,
            ) from None  # fmt: skip
        finally:
            if is_whole and self._is_kept:
                pool.keep(self._key, connection)
            else:
                connection.close()
        self.status = answer.status
        self.answered = {name.lower(): value for name, value in answer.getheaders()}
        if len(raw) > LARGEST_BODY:
            raise ServerError(
                f"{where} answered more than {LARGEST_BODY} bytes",
                method=method, path=path, status=answer.status, body=None,
            )  # fmt: skip
        parsed, is_json = _parse(raw)
        if answer.status < 300 and (is_json or not self.strict):
            return parsed
        failed = meaning(answer.status)
        said = f"answered {answer.status}: {words(parsed)[:300]}"
        if failed is Garbled:
            said = f"answered {answer.status}, but with what is no JSON"
        own = advice.of_answer(
            answer.status, words(parsed), self.given, refuses_by_500=self.refuses_by_500
        )
        todo = own or failed.advice
        raise failed(
            self._said(f"{where} {said}", todo),
            method=method, path=path, status=answer.status, body=parsed, advice=todo,
        )  # fmt: skip

    def _said(self, text: str, todo: str) -> str:
        return f"{text}; {todo}" if self.strict else text

    def _connection(self, where: str, method: str, path: str) -> http.client.HTTPConnection:
        if self._unix_socket:
            return _UnixConnection(self._unix_socket, self._timeout)
        kept = pool.take(self._key) if self._is_kept else None
        if kept is not None:
            return kept
        if self._scheme != "https":
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            context = pool.context(self._ca_file)
        except OSError as err:
            said = f"{where} is not sent: CA file {self._ca_file} cannot be read ({_cause(err)})"
            raise Unsent(
                self._said(said, advice.of_ca_file(self.given)),
                method=method, path=path, status=None, body=None,
            ) from err  # fmt: skip
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout, context=context
        )


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def meaning(status: int) -> type[HttpError]:
    """Give what a status means that is no success; of a success, that its answer was none."""
    if status < 300:
        return Garbled
    return _BY_STATUS.get(status) or (ServerError if status >= 500 else BadRequest)


def _parse(raw: bytes) -> tuple[Any, bool]:
    """Give an answer, and whether it is JSON, or empty."""
    if not raw.strip():
        return None, True
    text = raw.decode("utf-8", "replace")
    try:
        return json.loads(text), True
    except (ValueError, RecursionError):
        return text, False


def words(body: Any) -> str:
    """Give all of the server's own words."""
    if isinstance(body, dict) and isinstance(body.get("errors"), list):
        body = "; ".join(map(str, body["errors"])) or "nothing"
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    return text.strip() or "nothing"


def _cause(err: Exception) -> str:
    if isinstance(err, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {err.verify_message}"
    if isinstance(err, TimeoutError):
        return "it kept silent"
    if isinstance(err, http.client.IncompleteRead):
        return "it broke off in the middle"
    if isinstance(err, OSError) and err.strerror:
        return err.strerror
    return str(err) or type(err).__name__
