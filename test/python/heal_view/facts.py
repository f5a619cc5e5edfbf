"""Facts about instances of Consul, as the sidecar tells them."""

from __future__ import annotations

import time
from typing import Any


def stamp(ago: float) -> str:
    """Say when that was, as an envelope does."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - ago))


def deregistered(number: int, epoch: str, row: dict[str, Any], alloc: str, ago: float = 30.0):
    """Tell that an instance is gone though the agent of its node answers."""
    return _told(number, epoch, row, alloc, ago, "deregistered", "explicit", None)


def critical(number: int, epoch: str, row: dict[str, Any], alloc: str, ago: float = 30.0):
    """Tell that the checks of an instance fail."""
    return _told(number, epoch, row, alloc, ago, "critical", "check", "critical")


def _told(
    number: int, epoch: str, row: dict[str, Any], alloc: str, ago: float, verb: str, cause: str,
    health: str | None,
) -> dict[str, Any]:  # fmt: skip
    place = f"c:dc1:default:{row['Node']}:{row['ServiceID']}"
    service = row["ServiceName"]
    return {
        "schema": 1, "epoch": epoch, "seq": number, "id": f"{place}:{verb}:{number}",
        "event": "consul/service", "verb": verb, "tag": f"eos/consul/service/{verb}/{service}",
        "severity": "warning" if health else "notice", "origin": "stream", "replay": False,
        "source": {"kind": "consul", "name": "consul:dc1", "epoch": "c#1", "index": number},
        "time": {"occurred": stamp(ago), "observed": stamp(0), "clock": "sidecar"},
        "subject": {
            "datacenter": "dc1", "partition": "default", "namespace": "default",
            "service": service, "instance": row["ServiceID"], "node": row["Node"],
        },
        "verdict": {"cause": cause, "confidence": "proved", "reachable": True},
        "change": {
            "from": "passing", "to": health, "held": 60, "quiet": None if health else 10,
            "falls": 0, "window": 60,
        },
        "links": {"alloc": alloc}, "related": [], "coalesced": 0, "settled": True, "evidence": [],
    }  # fmt: skip
