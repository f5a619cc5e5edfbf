"""Snapshots, incidents and a compiled form to look at in tests."""

from __future__ import annotations

from typing import Any

from saltext.eos.policies.table import TABLE
from saltext.eos.utils import dropin, heal_view
from saltext.eos.utils.app_root import application
from saltext.eos.utils.heal_snapshot_shape import Snapshot
from saltext.eos.utils.heal_state import Incident, names

ALLOC = "5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11"
INSTANCE = f"_nomad-task-{ALLOC}-group-web-web-http"
KEY = ("global", "apps", "web")

VALUES = {
    "image": "example.test/web@sha256:" + "a" * 64, "count": 2, "memory": "64MiB", "cpu": 100,
    "port": 8080, "namespace": "apps", "environment": {}, "secrets": {}, "secrets_as": "file",
    "health": {"path": "/health"},
    "database": {"engine": "postgresql", "image": "db@sha256:" + "b" * 64, "memory": "64MiB"},
}  # fmt: skip


def part(unit: str | None, kind: str, **more: Any) -> dict[str, Any]:
    """Give the compiled part of a component on a node."""
    spec = {"class": kind, "unit": unit}
    files = {dropin.path(unit): dropin.file(spec, None)} if unit else {}
    return {"unit": unit, "files": files, "values": {}, "roles": ["server"], **more}


def form(**values: Any) -> dict[str, Any]:
    """Give a stack of one node with consul, vault, a leaf service and the application web."""
    app = {**VALUES, **values}
    each = {
        "web": {
            "values": app, "derive": {"root": application("https://nomad.test:4646", "web", app)}
        }
    }  # fmt: skip
    components = {
        "consul": part("consul.service", "core"),
        "vault": part("vault.service", "core", values={"api": 8200}),
        "caddy": part("caddy.service", "platform"),
        "app": {"roles": [], "each": each},
    }
    roles = {"sidecar": ["runner"], "consul": ["server"], "vault": ["server"]}
    return {
        "nodes": {"n1": {"address": "172.30.0.1", "roles": roles}},
        "all": {"n1": {"components": components}},
    }


def incident(policy: str, **leaves: Any) -> Incident:
    """Open an incident of a policy at moment 100; leaves that are not given have names of tests."""
    given = {
        "datacenter": "dc1", "partition": "default", "node": "n1", "instance": INSTANCE,
        "alloc": ALLOC, "namespace": "apps", "job": "web", "group": "web", "minion": "n1",
        "node_id": "0f3c", "unit": "vault.service", "version": 3, "source": "nomad:global",
        "component": "consul",
    }  # fmt: skip
    if policy in ("lost_registration", "stale_registration"):
        given["namespace"] = "default"
    given |= leaves
    subject = {at: given.get(at.partition(".")[2], "a") for at in TABLE[policy]["key"]}
    kind = TABLE[policy]["on"][0].partition("/")[0]
    cluster = {"nomad": "nomad:global", "consul": "consul:dc1"}.get(kind, "")
    return Incident(
        id="i1", policy=policy, key="k", cluster=cluster, subject=subject,
        names=tuple(names(policy, TABLE[policy], subject)), thing="t",
        opened=100.0, last=100.0, occurred=100.0, latest=100.0, due=105.0,
    )  # fmt: skip


def allocation(client: str = "running", desired: str = "run", **more: Any) -> dict[str, Any]:
    """Give one allocation as a snapshot has it."""
    return {
        "id": ALLOC, "region": "global", "namespace": "apps", "job": "web", "group": "web",
        "type": "service", "version": 3, "node": "n1", "node_id": "0f3c", "client_status": client,
        "desired_status": desired, "next": "", "follow_up": "", "deployment": "", "healthy": True,
        "rescheduled": 0, "modify_index": 9, "instances": [INSTANCE], **more,
    }  # fmt: skip


def job(**more: Any) -> dict[str, Any]:
    """Give one job as a snapshot has it."""
    return {
        "namespace": "apps", "job": "web", "type": "service", "status": "running", "stop": False,
        "version": 3, "modify_index": 72, "desired": 2, "running": 2, "unhealthy": False, **more,
    }  # fmt: skip


def snapshot(at: float = 200.0, **more: Any) -> Snapshot:
    """Give a whole snapshot, in which allocation and job are well and nothing is registered."""
    held: dict[str, Any] = {
        "totals": {"global": (10, 1)}, "jobs": {KEY: job()}, "allocations": {ALLOC: allocation()},
        "members": {("dc1", "n1"): True},
    }  # fmt: skip
    return Snapshot(at, **{**held, **more})


def look(policy: str, at: float = 200.0, **more: Any) -> heal_view.View:
    """Look at an incident of a policy; ``leaves`` and ``form`` are not of the snapshot."""
    leaves, stack = more.pop("leaves", {}), more.pop("form", None) or form()
    one = incident(policy, **leaves)
    return heal_view.view(one, TABLE[policy], snapshot(at, **more), stack)
