"""Ask Consul's DNS for a service; only healthy instances are in its answers."""

from __future__ import annotations

import secrets
import socket
import struct

SRV, CLASS_IN = 33, 1
NO_SUCH_NAME = 3


class DnsError(OSError):
    """The server did not answer, or not with what was asked."""


def instances(name: str, server: tuple[str, int], timeout: float = 3.0) -> list[tuple[str, int]]:
    """
    List targets and ports of a service's healthy instances; none when nobody knows the name.

    :param name: such as ``miniflux.service.consul``.
    :param server: address and port of the DNS server, asked over TCP so that no answer is cut.
    :param timeout: longest wait, in seconds.
    :raises DnsError: no answer, or a refusal.
    """
    number = secrets.randbelow(65536)
    query = struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + _written(name)
    query += struct.pack(">HH", SRV, CLASS_IN)
    try:
        with socket.create_connection(server, timeout) as connection:
            connection.sendall(struct.pack(">H", len(query)) + query)
            (length,) = struct.unpack(">H", _exactly(connection, 2))
            answer = _exactly(connection, length)
    except OSError as err:
        raise DnsError(f"DNS at {server[0]}:{server[1]} did not answer: {err}") from err
    return _parsed(answer, number, name)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise OSError("the connection was closed")
        data += part
    return data


def _written(name: str) -> bytes:
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _parsed(answer: bytes, number: int, name: str) -> list[tuple[str, int]]:
    found, flags, questions, answers, _, _ = struct.unpack(">HHHHHH", answer[:12])
    code = flags & 15
    if found != number or code not in (0, NO_SUCH_NAME):
        raise DnsError(f"DNS refuses {name} with code {code}; expected an answer")
    place = 12
    for _ in range(questions):
        place = _name(answer, place)[1] + 4
    targets = []
    for _ in range(answers):
        place = _name(answer, place)[1]
        kind, _, _, length = struct.unpack(">HHIH", answer[place : place + 10])
        place += 10
        if kind == SRV:
            (port,) = struct.unpack(">H", answer[place + 4 : place + 6])
            targets.append((_name(answer, place + 6)[0], port))
        place += length
    return sorted(targets)


def _name(answer: bytes, place: int) -> tuple[str, int]:
    """Read a name, following pointers backwards; give it and the place after it."""
    labels: list[str] = []
    end = None
    for _ in range(128):
        length = answer[place]
        if length & 0xC0 == 0xC0:
            end = place + 2 if end is None else end
            place = struct.unpack(">H", answer[place : place + 2])[0] & 0x3FFF
        elif length == 0:
            return ".".join(labels), place + 1 if end is None else end
        else:
            labels.append(answer[place + 1 : place + 1 + length].decode("ascii", "replace"))
            place += 1 + length
    raise DnsError("DNS answered a name without end")
