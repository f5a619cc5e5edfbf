"""Names and labels of containers, learned from Docker before they are gone, never waited for."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections import OrderedDict
from typing import Any
from urllib.parse import quote

PREFIX = "com.hashicorp.nomad."
ENVIRONMENT = {
    "NOMAD_JOB_ID": "job",
    "NOMAD_GROUP_NAME": "group",
    "NOMAD_TASK_NAME": "task",
    "NOMAD_NAMESPACE": "namespace",
}
LABELS = {
    "alloc_id": "alloc",
    "job_id": "job",
    "job_name": "job",
    "task_group_name": "group",
    "task_name": "task",
    "namespace": "namespace",
}
REMEMBERED = 4096
AT_ONCE = 20
LARGEST_ANSWER = 64 << 20
PATIENCE = 10.0
RETRY = 5.0

Container = dict[str, str | None]


class Containers:
    """
    A map of containers, kept by Docker's own stream of events.

    Each pass takes what has arrived and goes on: a Docker that hangs costs nothing but knowledge.
    Of a container's environment only four names of Nomad are kept.

    :param path: Docker's socket; empty for never.
    :param since: seconds since 1970 from which events are asked for.
    """

    def __init__(self, path: str, since: float) -> None:
        self._path = path
        self._since = since
        self._events: Conversation | None = None
        self._answer: Conversation | None = None
        self._asked: str | None = None
        self._rest: list[dict[str, Any]] = []
        self._curious: OrderedDict[str, None] = OrderedDict()
        self._known: OrderedDict[str, Container] = OrderedDict()
        self._retry = 0.0
        self._is_absent = False
        self.complete = False

    def find(self, container: str) -> Container | None:
        """Give what is known of a container by its full id."""
        return self._known.get(container)

    @property
    def can_learn(self) -> bool:
        """False where no Docker is configured or its socket does not exist."""
        return bool(self._path) and not self._is_absent

    def is_settled(self, container: str) -> bool:
        """Tell whether nothing about this container is under way."""
        return self.complete and container not in self._curious and self._asked != container

    def step(self) -> None:
        """Take what Docker has said since the last pass; never waits."""
        if not self._path or time.monotonic() < self._retry:
            return
        try:
            self._listen()
            self._learn()
            self._is_absent = False
        except (OSError, ValueError) as err:
            self.close()
            self._is_absent = isinstance(err, FileNotFoundError)
            self._retry = time.monotonic() + RETRY

    def close(self) -> None:
        """Hang up; what is known stays known."""
        for conversation in (self._events, self._answer):
            if conversation:
                conversation.close()
        self._events = self._answer = self._asked = None
        self.complete = False

    def _listen(self) -> None:
        if self._events is None:
            chosen = '{"type":["container"],"event":["create","start","rename","oom"]}'
            query = f"since={int(self._since)}&filters={quote(chosen)}"
            self._events = Conversation(self._path, f"/events?{query}")
            self._answer, self._asked = Conversation(self._path, "/containers/json?all=1"), ""
        self._since = time.time() - 1
        for entry in self._events.lines(AT_ONCE):
            actor = entry.get("Actor") or {}
            attributes = dict(actor.get("Attributes") or {})
            self._remember(str(actor.get("ID")), attributes.get("name"), attributes)

    def _learn(self) -> None:
        """One question at a time: first the list, then containers of Nomad whose job is unknown."""
        for _ in range(AT_ONCE):
            if not self._rest:
                break
            entry = self._rest.pop()
            name = (entry.get("Names") or [None])[0]
            self._remember(entry["Id"], name and name.lstrip("/"), entry.get("Labels") or {})
        self._hear()
        if self._answer is None and not self._rest:
            self.complete = not self._curious
            if self._curious:
                self._asked, _ = self._curious.popitem(last=False)
                self._answer = Conversation(self._path, f"/containers/{self._asked}/json")

    def _hear(self) -> None:
        """Take the answer to the last question, if it has come."""
        whole = self._answer.whole() if self._answer else None
        if self._answer is None or whole is None:
            return
        self._answer.close()
        self._answer, asked, self._asked = None, self._asked, None
        if asked == "":
            self._rest = [entry for entry in whole if isinstance(entry, dict)]
        elif asked and isinstance(whole, dict):
            self._read_environment(asked, (whole.get("Config") or {}).get("Env") or [])

    def _remember(self, container: str, name: str | None, labels: dict[str, Any]) -> None:
        known = self._known.setdefault(container, {"name": name})
        known["name"] = name or known["name"]
        for label, field in LABELS.items():
            if value := labels.get(PREFIX + label):
                known[field] = str(value)
        if known.get("alloc") and not known.get("job"):
            self._curious[container] = None
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _read_environment(self, container: str, environment: list[str]) -> None:
        known = self._known.setdefault(container, {"name": None})
        for entry in environment:
            key, _, value = entry.partition("=")
            if key in ENVIRONMENT and value:
                known[ENVIRONMENT[key]] = value


class Conversation:
    """
    One request on Docker's socket and what has come back so far.

    HTTP 1.0, so that an answer ends with the connection and a stream has no chunks.

    :raises OSError: nobody listens, or the queue of the socket is full.
    """

    def __init__(self, path: str, target: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._buffer = b""
        self._headed = False
        self._ended = False
        self._until = time.monotonic() + PATIENCE
        self.status = 0
        try:
            self._socket.connect(path)
            self._socket.send(f"GET {target} HTTP/1.0\r\nHost: docker\r\n\r\n".encode("ascii"))
        except OSError:
            self._socket.close()
            raise

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def lines(self, most: int) -> list[dict[str, Any]]:
        """
        Give up to ``most`` whole JSON lines of a stream.

        :raises OSError: the stream has ended or was refused.
        """
        self._receive()
        if self._headed and self.status != 200:
            raise OSError(f"Docker answered {self.status}")
        found: list[dict[str, Any]] = []
        while self._headed and len(found) < most and b"\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\n")
            if line.strip():
                found.append(json.loads(line))
        if self._ended and not found:
            raise OSError("the stream of Docker's events has ended")
        return found

    def whole(self) -> Any:
        """
        Give the decoded answer once it has ended; ``None`` before, ``False`` when there is none.

        :raises OSError: Docker takes longer than is waited for.
        """
        self._receive()
        if not self._ended:
            if time.monotonic() > self._until:
                raise OSError("Docker does not answer")
            return None
        if self.status == 404:
            return False
        if self.status != 200:
            raise OSError(f"Docker answered {self.status}")
        return json.loads(self._buffer)

    def _receive(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(16):
                received = self._socket.recv(1 << 16)
                if not received:
                    self._ended = True
                    break
                self._buffer += received
        if len(self._buffer) > LARGEST_ANSWER:
            raise OSError("Docker's answer is too long")
        if not self._headed and b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            self.status = int(head.split(b" ", 2)[1])
            self._headed = True
