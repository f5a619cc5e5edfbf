"""How long an answer may take, and whether its server was reached: a server may drip for ever."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Timely(http.client.HTTPResponse):
    """
    An answer that is read to its end in time, or not at all.

    :param ends: when, on the monotonic clock.
    :raises TimeoutError: it is not whole by then; while it is read.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, ends: float, **more: Any) -> None:
        super().__init__(sock, *arguments, **more)
        self.fp = io.BufferedReader(_Bounded(sock, self.fp.detach(), ends))


class _Bounded(io.RawIOBase):
    """What a socket gives until a moment; a kept connection waits for its next answer as before."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, ends: float) -> None:
        self._sock, self._raw, self._ends = sock, raw, ends

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        usual, left = self._sock.gettimeout(), self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left if usual is None else min(usual, left))
        try:
            return self._raw.readinto(buffer)
        finally:
            if self._sock.fileno() >= 0:
                self._sock.settimeout(usual)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def watched(connection: http.client.HTTPConnection) -> Callable[[], bool]:
    """Give what tells whether a connection stood at some time of its next request."""
    stood = [connection.sock is not None]

    def connect() -> None:
        type(connection).connect(connection)
        stood.append(True)

    connection.connect = connect  # type: ignore[method-assign]
    return lambda: any(stood)


@contextmanager
def cut_after(connection: http.client.HTTPConnection, seconds: float | None) -> Iterator[None]:
    """Break a connection off when an answer is not whole in time."""
    if seconds is None:
        yield
        return
    deadline = time.monotonic() + seconds
    connection.connect()
    plug = connection.sock
    is_late = threading.Event()

    def cut() -> None:
        is_late.set()
        with suppress(OSError):
            # Not the TLS layer's own: it is at work in another thread.
            socket.socket.shutdown(plug, socket.SHUT_RDWR)

    alarm = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    alarm.daemon = True
    alarm.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as err:
        if is_late.is_set():
            raise TimeoutError from err
        raise
    finally:
        alarm.cancel()
    if is_late.is_set():
        raise TimeoutError
