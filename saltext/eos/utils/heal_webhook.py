"""
The signed webhook: one HTTPS POST for each notification.

``Eos-Timestamp`` has the seconds since 1970 at which it was sent, ``Eos-Signature`` has ``v1=`` and
the HMAC-SHA256, in hexadecimal digits, of the timestamp, a dot and the body. ``Eos-Id`` is the same
each time that one notification is sent: a receiver leaves out what it has, and refuses a timestamp
more than five minutes away. :func:`verified` is what a receiver has to do.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from saltext.eos.utils.heal_notify_message import Message
from saltext.eos.version import __version__

TIMESTAMP, SIGNATURE, ID = "Eos-Timestamp", "Eos-Signature", "Eos-Id"
WINDOW = 300.0
# What may be well on the next attempt.
AGAIN = (408, 409, 425, 429)


class Failed(RuntimeError):
    """
    It was not taken.

    :param is_final: it will not be taken later either.
    """

    def __init__(self, says: str, *, is_final: bool = False) -> None:
        super().__init__(says)
        self.is_final = is_final


def body_of(message: Message) -> bytes:
    """Give the bytes that are sent and signed."""
    return json.dumps(message._asdict(), sort_keys=True, separators=(",", ":")).encode("utf-8")


def signature(key: bytes, timestamp: int, body: bytes) -> str:
    """Sign a moment and a body."""
    text = str(timestamp).encode("ascii") + b"." + body
    return "v1=" + hmac.new(key, text, hashlib.sha256).hexdigest()


def verified(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """
    Tell whether a request is from who has the key, and of now.

    :param headers: by their names in lower case.
    :param now: seconds since 1970 at the receiver.
    """
    stamp = headers.get(TIMESTAMP.lower(), "")
    if not stamp.isascii() or not stamp.isdigit() or abs(now - int(stamp)) > WINDOW:
        return False
    told = headers.get(SIGNATURE.lower(), "").encode("utf-8", "replace")
    return hmac.compare_digest(told, signature(key, int(stamp), body).encode("ascii"))


def send(
    url: str, key: bytes, message: Message, now: float, ca: str | None = None, within: float = 10.0
) -> None:
    """
    Send a notification, once.

    :param ca: file with the CA of the receiver; those of the system when left out.
    :param within: seconds for all of it, however slowly the receiver answers.
    :raises Failed: it was not taken, or nobody knows whether it was.
    """
    body = body_of(message)
    headers = {
        "Content-Type": "application/json", "User-Agent": f"saltext-eos/{__version__}",
        TIMESTAMP: str(int(now)), SIGNATURE: signature(key, int(now), body), ID: message.id,
    }  # fmt: skip
    parts = urlsplit(url)
    try:
        context = ssl.create_default_context(cafile=ca)
        host, port = parts.hostname or "", parts.port or 443
        plain = socket.create_connection((host, port), within)
    except (OSError, ValueError) as err:
        raise Failed(f"{_place(url)} cannot be reached: {err}") from err
    link = http.client.HTTPSConnection(host, port, timeout=within)
    held = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    # A receiver that sends byte after byte is never silent for the time-out of a socket.
    is_late = threading.Event()
    clock = threading.Timer(within, _cut, (held, is_late))
    clock.daemon = True
    clock.start()
    try:
        held.do_handshake()
        link.sock = held
        path = parts.path or "/"
        link.request("POST", f"{path}?{parts.query}" if parts.query else path, body, headers)
        status = link.getresponse().status
        if is_late.is_set():
            raise Failed(f"{_place(url)} gave no whole answer within {within:g} s")
    except (OSError, http.client.HTTPException, ValueError) as err:
        raise Failed(f"{_place(url)} gave no answer: {type(err).__name__} {err}") from err
    finally:
        clock.cancel()
        link.close()
        held.close()
    if not 200 <= status < 300:
        is_final = 300 <= status < 500 and status not in AGAIN
        raise Failed(f"{_place(url)} answered {status}", is_final=is_final)


def _cut(held: ssl.SSLSocket, is_late: threading.Event) -> None:
    is_late.set()
    with suppress(OSError):
        held.shutdown(socket.SHUT_RDWR)


def _place(url: str) -> str:
    """Name a receiver without what in its address may be a secret."""
    parts = urlsplit(url)
    return f"https://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
