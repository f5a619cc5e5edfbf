"""The engine's end of the socket: greets, takes batches in order, commits, acknowledges."""

from __future__ import annotations

import contextlib
import logging
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from saltext.eos.utils import (
    bridge_envelope,
    bridge_frames,
    bridge_json,
    bridge_peer,
    bridge_skew,
)
from saltext.eos.utils.inbox import Inbox, Refused, Taken, attempted

log = logging.getLogger(__name__)

PROTOCOL = 1
MOST = 500
CHUNK = 1 << 18
PATIENCE = 60.0
MOST_PEERS = 8


class Breach(Exception):
    """What a peer did against the protocol; it ends the connection."""

    def __init__(self, code: str, reason: str, **more: Any) -> None:
        super().__init__(reason)
        self.code = code
        self.more = more


class Terms(NamedTuple):
    """
    What the socket is served with.

    :param users: users that may connect, by name or number.
    :param largest: most bytes of one envelope.
    :param committed: called after each commit that brought something new.
    :param contract: the digest of each event that is taken.
    """

    users: tuple[str | int, ...]
    largest: int
    committed: Callable[[], None]
    contract: dict[str, str]


def bound(path: Path) -> socket.socket:
    """
    Make the socket, and take the place of one that nobody answers on.

    :raises RuntimeError: another engine answers there.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError as err:
            # ENOTSOCK and its like: decided below by what stands there.
            log.debug("%s does not answer: %s", path, err)
        else:
            raise RuntimeError(f"{path} is answered by another engine; expected one per master")
    if path.exists() and not path.is_socket():
        raise RuntimeError(f"{path} is no socket; expected nothing there; move it away")
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o660)
        listener.listen(MOST_PEERS)
    except OSError:
        listener.close()
        raise
    return listener


class Server:
    """
    Serves peers until it is stopped; one that misbehaves loses its connection and nothing else.

    :param lock: held around every use of the inbox.
    """

    def __init__(
        self, listener: socket.socket, inbox: Inbox, lock: threading.Lock, terms: Terms
    ) -> None:
        self._listener = listener
        self._inbox = inbox
        self._lock = lock
        self._terms = terms
        self._open: set[socket.socket] = set()
        self._is_stopped = False

    def run(self) -> None:
        """Accept peers; returns when the listener is closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError as err:
                if self._listener.fileno() < 0 or self._is_stopped:
                    return
                log.warning("no peer was accepted: %s", err)
                time.sleep(0.5)
                continue
            if len(self._open) >= MOST_PEERS:
                connection.close()
                continue
            self._open.add(connection)
            try:
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
            except RuntimeError as err:
                # No more threads: this peer comes again.
                log.warning("a peer was turned away: %s", err)
                self._open.discard(connection)
                connection.close()

    def stop(self) -> None:
        """Close the listener and every connection; what was acknowledged is in the inbox."""
        self._is_stopped = True
        with contextlib.suppress(OSError):
            Path(self._listener.getsockname()).unlink()
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._admit(connection)
            connection.settimeout(PATIENCE)
            _Peer(connection, self._inbox, self._lock, self._terms).run()
        except Breach as breach:
            log.warning("bridge peer: %s %s", breach.code, breach)
            say = {"kind": "error", "code": breach.code, "reason": str(breach), **breach.more}
            with contextlib.suppress(OSError):
                connection.sendall(bridge_frames.framed(say))
        except (OSError, EOFError) as err:
            log.info("bridge peer is gone: %s", err)
        except Exception:
            log.exception("bridge peer ended")
        finally:
            self._open.discard(connection)
            connection.close()

    def _admit(self, connection: socket.socket) -> None:
        who = bridge_peer.peer(connection)
        if who.uid not in bridge_peer.allowed(self._terms.users):
            names = ", ".join(str(user) for user in self._terms.users)
            raise Breach("EOS701", f"user {who.uid} may not speak here; expected one of {names}")


class _Peer:
    """One connection, from its hello on."""

    def __init__(
        self, connection: socket.socket, inbox: Inbox, lock: threading.Lock, terms: Terms
    ) -> None:
        self._connection = connection
        self._inbox = inbox
        self._lock = lock
        self._terms = terms
        self._frames = bridge_frames.Frames()
        self._epoch = ""
        self._role = ""
        self._seq = 0

    def run(self) -> None:
        while data := self._connection.recv(CHUNK):
            try:
                for frame in self._frames.push(data):
                    self._take(frame)
            except bridge_frames.TooLarge as err:
                raise Breach("EOS702", str(err)) from None
            except bridge_json.NoJson as err:
                raise Breach("EOS703", str(err)) from None

    def _take(self, frame: bytes) -> None:
        if self._epoch:
            events = bridge_json.batch(frame)
            if events is not None:
                self._batch(events)
                return
        message = bridge_json.message(frame)
        kind = message.get("kind")
        if kind == "hello" and not self._epoch:
            self._greet(message)
        elif kind == "status" and self._epoch:
            status = {name: value for name, value in message.items() if name != "kind"}
            self._written(lambda: self._inbox.note(self._epoch, status))
        else:
            expected = "batch or status" if self._epoch else "hello"
            raise Breach("EOS704", f"a frame of kind {str(kind)[:40]!r}; expected {expected}")

    def _greet(self, hello: dict[str, Any]) -> None:
        for name in ("protocol", "schema"):
            if hello.get(name) != PROTOCOL:
                raise Breach(
                    "EOS705",
                    f"{name} is {hello.get(name)!r}; expected {PROTOCOL}; install wheel and "
                    "sidecar of one version",
                )
        words = {name: hello.get(name) for name in ("epoch", "instance", "version", "role")}
        for name, value in words.items():
            if not isinstance(value, str) or not 0 < len(value) <= 200:
                raise Breach("EOS704", f"{name} of a hello is {value!r}; expected short text")
        if words["role"] not in ("active", "standby"):
            raise Breach("EOS704", f"role is {words['role']!r}; expected active or standby")
        said = {name: str(value) for name, value in words.items()}
        self._seq = self._written(lambda: self._inbox.greet(**said))
        self._compare(hello.get("contract"), said)
        with self._lock:
            cursors = self._inbox.cursors()
        self._epoch, self._role = said["epoch"], said["role"]
        self._say(
            kind="welcome", protocol=PROTOCOL, last_seq=self._seq, cursors=cursors,
            max_event=self._terms.largest, max_batch=MOST,
        )  # fmt: skip

    def _compare(self, theirs: Any, said: dict[str, str]) -> None:
        skew = bridge_skew.skew(theirs, said["version"], self._terms.contract)
        if skew is None:
            return
        status = {"skew": {"older": skew.older, "reason": skew.reason}}
        self._written(lambda: self._inbox.note(said["epoch"], status))
        raise Breach("EOS711", skew.reason, older=skew.older)

    def _batch(self, events: list[tuple[dict[str, Any], str]]) -> None:
        if self._role != "active":
            raise Breach("EOS704", "a standby sent events; expected hello and status only")
        taken: list[Taken] = []
        refused: list[Refused] = []
        seq = self._seq
        for envelope, text in events:
            number = envelope.get("seq")
            if envelope.get("epoch") != self._epoch or type(number) is not int or number > seq + 1:
                raise Breach(
                    "EOS706",
                    f"number {number!r} of epoch {str(envelope.get('epoch'))[:80]!r} out of turn; "
                    f"expected {seq + 1} of {self._epoch}",
                    expected_seq=seq + 1,
                )
            if number <= seq:
                continue
            seq = number
            misfit = self._misfit(envelope, text)
            if misfit is None:
                taken.append(Taken(envelope, text))
            else:
                # A misfit may hold half a surrogate pair, which SQLite does not take.
                name = ascii(envelope.get("id"))[:200].strip("'")
                refused.append(Refused(number, name, *misfit, text[: self._terms.largest]))
        new = self._written(lambda: self._inbox.commit(self._epoch, taken, refused, seq))
        self._seq = seq
        said = [{"seq": one.seq, "code": one.code, "reason": one.reason} for one in refused]
        self._say(kind="ack", epoch=self._epoch, seq=seq, refused=said)
        if new:
            self._terms.committed()

    def _misfit(self, envelope: dict[str, Any], text: str) -> tuple[str, str] | None:
        size = len(text.encode())
        if size > self._terms.largest:
            reason = f"the envelope has {size} bytes; expected at most {self._terms.largest}"
            return "EOS707", reason
        reason = bridge_envelope.problem(envelope) or ""
        return ("EOS708", reason) if reason else None

    def _written(self, write: Callable[[], Any]) -> Any:
        try:
            with self._lock:
                return attempted(self._inbox, write)
        except sqlite3.Error as err:
            log.critical("the inbox cannot be written: %s; nothing is acknowledged meanwhile", err)
            reason = f"the inbox cannot be written: {err}; nothing was acknowledged"
            raise Breach("EOS709", reason) from err

    def _say(self, **message: Any) -> None:
        self._connection.sendall(bridge_frames.framed(message))
