"""The systemd drop-in that carries a component's budget and hardening."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils.budget import OOM_SCORE

# What every service of its own user can bear. Root services start other people's programs
# (Docker, Nomad), which the same settings would break.
HARDENING = {
    "NoNewPrivileges": True,
    "PrivateTmp": True,
    "ProtectHome": True,
    "ProtectKernelTunables": True,
    "ProtectKernelModules": True,
    "RestrictSUIDSGID": True,
}


def path(unit: str) -> str:
    """Give the path of Eos's drop-in of ``unit``."""
    return f"/etc/systemd/system/{unit}.d/eos.conf"


def file(spec: dict[str, Any], memory: dict[str, int] | None) -> dict[str, Any]:
    """
    Give the compiled file: at most ``burst`` bytes, kill order by class, no core files.

    :param spec: the component's declaration.
    :param memory: its budget in bytes, or ``None`` without one.
    """
    service: dict[str, Any] = {"OOMScoreAdjust": OOM_SCORE[spec["class"]], "LimitCORE": 0}
    if memory:
        service["MemoryMax"] = memory["burst"]
    if spec.get("user", "root") != "root":
        service |= HARDENING
    return {
        "format": "unit",
        "mode": "0644",
        "user": "root",
        "group": "root",
        "data": {"Service": service},
    }
