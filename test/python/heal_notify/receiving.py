"""A receiver of webhooks over real TLS, as bad as one asks for; and an audit to tell of."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import socket
import sqlite3
import ssl
import struct
import threading
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from saltext.eos.utils import heal_audit, heal_file, heal_store

KEY = b"k" * 40


def certificate(folder: Path, host: str = "127.0.0.1") -> Path:
    """Make a certificate for a host that is its own CA; gives the file with both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = dt.datetime.now(dt.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class Receiver:
    """
    Takes webhooks; each answer is the next of ``answers``, and ``200`` when there is none left.

    An answer is a status, ``reset``, ``garbage``, ``silent``, ``drip`` or ``stall`` (in the
    handshake); the last three last until it is closed.
    """

    def __init__(self, folder: Path, answers: list[Any] | None = None, host: str = "127.0.0.1"):
        self.ca = certificate(folder, host)
        self.answers, self.taken = list(answers or []), []
        self.connections = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.ca)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}/hook?to=ops"
        self.ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self.ended.is_set():
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            answer = self.answers.pop(0) if self.answers else 200
            threading.Thread(target=self._one, args=(plain, answer), daemon=True).start()

    def _one(self, plain: socket.socket, answer: Any) -> None:
        with contextlib.suppress(OSError, ValueError):
            if answer == "stall":
                self.ended.wait()
                return
            link = self._context.wrap_socket(plain, server_side=True)
            stream = link.makefile("rb")
            stream.readline()
            headers = {}
            while line := stream.readline().strip():
                name, _, value = line.decode().partition(": ")
                headers[name.lower()] = value
            body = stream.read(int(headers["content-length"]))
            if answer == "reset":
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                socket.socket.close(link)
                return
            self.taken.append((headers, body))
            if answer == "silent":
                self.ended.wait()
            elif answer == "drip":
                link.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not self.ended.wait(0.05):
                    link.send(b"x")
            elif answer == "garbage":
                link.sendall(bytes(range(256)) * 4)
            else:
                text = f"HTTP/1.1 {answer} Said\r\nLocation: https://127.0.0.1:{self.port}/\r\n"
                link.sendall(f"{text}Content-Length: 2\r\n\r\nno".encode())
            stream.close()
            link.close()

    def messages(self) -> list[dict[str, Any]]:
        """Give what was taken."""
        return [json.loads(body) for _, body in self.taken]

    def close(self) -> None:
        """Take nothing more."""
        self.ended.set()
        self._listener.close()


class Audit:
    """The healer's file, to which lines are added as the healer does."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / heal_file.NAME
        self._db: sqlite3.Connection = heal_file.opened(self.path, makes=True)

    def add(self, *lines: tuple[str, dict[str, Any]], at: float = 1_700_000_000.0) -> None:
        """Add lines in one transaction."""
        with heal_store.transaction(self._db):
            heal_audit.append(self._db, at, [(kind, {"t": 1.0, **body}) for kind, body in lines])

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def decided(number: int = 1) -> tuple[str, dict[str, Any]]:
    """Give a line that a decision leaves."""
    return "decided", {
        "decision": f"d{number}", "incident": f"i{number}", "policy": "lost_registration",
        "action": "resync", "place": f"node n{number}", "mode": "enforce", "checks": [],
    }  # fmt: skip


def would(mode: str) -> tuple[str, dict[str, Any]]:
    """Give a line of what a mode let nobody do."""
    return "would", {**decided()[1], "mode": mode}
