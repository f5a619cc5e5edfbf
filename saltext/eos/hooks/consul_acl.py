"""What proves that Consul's ACLs work: for its own token, for DNS, and against strangers."""

from __future__ import annotations

import secrets
import socket
import struct
from typing import Any

from saltext.eos.hooks.consul import anonymous_is_refused as consul_refuses
from saltext.eos.utils import consul

TIMEOUT = 3.0
_A, _IN = 1, 1


def servers_are_healthy(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Autopilot calls every server healthy; asking it takes the management token."""
    token = context["resolve"](values["management_token"])
    port = _consul(context)["https"]
    health = consul.client(f"https://127.0.0.1:{port}", token).get("/v1/operator/autopilot/health")
    sick = [server["Name"] for server in health["Servers"] if not server["Healthy"]]
    ok = bool(health["Healthy"]) and not sick
    return {
        "ok": ok,
        "observed": f"autopilot: healthy = {health['Healthy']}, sick: {sick or 'none'}",
    }


def dns_answers(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """DNS finds the servers by name; without its token the answer would be empty."""
    port = _consul(context)["dns"]
    count = lookup("consul.service.consul", port)
    return {"ok": count > 0, "observed": f"consul.service.consul has {count} addresses"}


def anonymous_is_refused(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The same as the gate of ``consul``, now that tokens exist."""
    return consul_refuses(_consul(context), context)


def lookup(name: str, port: int) -> int:
    """
    Count the addresses that the DNS server on this host has for a name.

    :raises OSError: nothing answers in time.
    """
    number = secrets.randbits(16)
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    question = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(TIMEOUT)
        asked.sendto(question + struct.pack("!2H", _A, _IN), ("127.0.0.1", port))
        answer = asked.recv(4096)
    known, flags, _, answers = struct.unpack("!4H", answer[:8])
    return answers if known == number and flags & 0x000F == 0 else 0


def _consul(context: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = context["compiled"]["components"]["consul"]["values"]
    return values
