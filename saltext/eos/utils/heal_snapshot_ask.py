"""
Questions to Nomad, Consul and Vault in one bounded time: all are answered wholly, or nothing is.

An answer that is refused, late, cut off, filtered, or of another shape is never taken for an empty
one. Tokens are read when they are used, and stand in no message.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from saltext.eos.utils.http import Client, HttpError, ServerError, Unavailable

CONFIG = "/etc/eos-sidecar/config.json"
WITHIN = 8.0
# An asker notices by itself that it is late, and says which source was; it has a moment for that.
PATIENCE = 0.5
PAGE = 2_000
MOST_PAGES = 500
LONGEST_WORDS = 200


class Blocked(Exception):
    """A source did not answer wholly; the words say which one, and why."""


class Source(NamedTuple):
    """
    One region of Nomad, or one datacenter of Consul, as the sidecar reaches it.

    :param name: such as ``nomad:global``.
    :param token: the file with its token; empty for what asks for none.
    :param header: the one its token is sent in.
    """

    name: str
    addresses: tuple[str, ...]
    ca: str | None
    token: str
    header: str


def sources(config: str, kind: str) -> list[Source]:
    """
    Give the sources of one kind that the sidecar of this node reads.

    :param config: path of the sidecar's configuration.
    :param kind: ``nomad`` or ``consul``.
    :raises Blocked: there is no such configuration.
    """
    leaf, header = {
        "nomad": ("region", "X-Nomad-Token"), "consul": ("datacenter", "X-Consul-Token"),
    }[kind]  # fmt: skip
    try:
        held = json.loads(Path(config).read_text("utf-8"))
        return [
            Source(
                f"{kind}:{one[leaf]}", tuple(one["addresses"]), one.get("ca"),
                one["token_file"], header,
            )
            for one in held[kind]
        ]  # fmt: skip
    except OSError as err:
        raise Blocked(f"{kind}: {config} cannot be read: {err.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise Blocked(f"{kind}: {config} is not a configuration of the sidecar") from None


class Asker:
    """
    Reads from one source until a moment, from the next address where one does not answer.

    :param deadline: in seconds of ``time.monotonic``.
    """

    def __init__(self, source: Source, deadline: float) -> None:
        self.source = source
        self._deadline = deadline

    def get(self, path: str) -> tuple[Any, Mapping[str, str]]:
        """
        Read one answer.

        :return: its content and its headers, by names in lower case.
        :raises Blocked: no address answered wholly.
        """
        headers = {self.source.header: self._token()} if self.source.token else {}
        why = "it has no address"
        for address in self.source.addresses:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise Blocked(f"{self.source.name}: it took too long")
            client = Client(address, self.source.ca, headers, left, attempts=1, within=left)
            try:
                return client.get(path), client.answered
            except (Unavailable, ServerError) as err:
                why = _short(err)
            except HttpError as err:
                raise Blocked(f"{self.source.name}: {_short(err)}") from None
        raise Blocked(f"{self.source.name}: {why}")

    def rows(self, path: str, shape: type = dict) -> tuple[list[Any], Mapping[str, str]]:
        """
        Read a whole list, page by page.

        :raises Blocked: a page is missing, or no list of such rows.
        """
        found: list[Any] = []
        joint, next_ = "&" if "?" in path else "?", ""
        for _ in range(MOST_PAGES):
            body, headers = self.get(f"{path}{joint}per_page={PAGE}{next_}")
            if not isinstance(body, list) or not all(isinstance(one, shape) for one in body):
                raise Blocked(f"{self.source.name}: {path.partition('?')[0]} answered no list")
            found += body
            token = headers.get("x-nomad-nexttoken", "")
            if not token:
                return found, headers
            next_ = f"&next_token={quote(token, safe='')}"
        raise Blocked(f"{self.source.name}: {path.partition('?')[0]} has no end")

    def blocked(self, why: str) -> Blocked:
        """Say that this source did not answer wholly."""
        return Blocked(f"{self.source.name}: {why}")

    def _token(self) -> str:
        try:
            token = Path(self.source.token).read_text("ascii").strip()
        except (OSError, ValueError):
            raise Blocked(f"{self.source.name}: {self.source.token} cannot be read") from None
        if not token or not token.isprintable() or " " in token:
            raise Blocked(f"{self.source.name}: {self.source.token} holds no token")
        return token


def together(questions: Sequence[Callable[[], Any]], deadline: float) -> list[Any]:
    """
    Ask several questions at once, and give their answers in the same order.

    :raises Blocked: one has no whole answer, or none in time.
    """
    for answer in (answers := each(questions, deadline, is_enough=Blocked)):
        if isinstance(answer, Blocked):
            raise answer
    return answers


def each(
    questions: Sequence[Callable[[], Any]], deadline: float, is_enough: type | None = None
) -> list[Any]:
    """
    Ask several questions at once; what has no whole answer in time is :class:`Blocked`.

    :param is_enough: an answer of this kind makes it needless to wait for the others.
    """
    answers: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

    def run(number: int, question: Callable[[], Any]) -> None:
        try:
            answers.put((number, question()))
        except Blocked as err:
            answers.put((number, err))
        except Exception as err:  # noqa: BLE001 - whatever an odd answer breaks is no answer
            answers.put((number, Blocked(f"an answer cannot be read ({type(err).__name__})")))

    for number, question in enumerate(questions):
        # A daemon: what hangs for ever must not keep this process alive.
        arguments = (run, number, question)
        threading.Thread(target=copy_context().run, args=arguments, daemon=True).start()
    found: list[Any] = [Blocked("a question took too long") for _ in questions]
    for _ in questions:
        try:
            left = max(0.0, deadline + PATIENCE - time.monotonic())
            number, answer = answers.get(timeout=left)
        except queue.Empty:
            break
        found[number] = answer
        if is_enough is not None and isinstance(answer, is_enough):
            return [answer] * len(questions)
    return found


def _short(err: HttpError) -> str:
    """Give the words of an error without what was asked for, and what a server may have sent."""
    where = err.path.partition("?")[0]
    if err.status is not None:
        return f"{err.method} {where} answered {err.status}"
    return str(err).replace(err.path, where)[:LONGEST_WORDS]
