"""The cases of states that are written by hand: what each has to do, and from where."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jobs import job
from law_faults import Case
from law_secrets import content
from programs import until_ready
from test_law_auth_config import pem

CHECK = {"name": "fault", "title": "Answers", "type": "ttl", "ttl": "5m"}
ASKS = {"name": "fault", "title": "Answers", "type": "tcp", "target": "127.0.0.1:1"}
BIND = {"file": "/etc/eos/fault/bind"}
TOKEN = Path("/tmp/law-fault-token")


def quietly(client: Any, *calls: tuple[str, str, Any]) -> Callable[[], None]:
    """Give what sends these requests, whether or not there is what they are about."""
    from saltext.eos.utils.http import HttpError

    def send() -> None:
        for method, path, body in calls:
            with contextlib.suppress(HttpError):
                client.request(method, path, body)

    return send


def after(*steps: Callable[[], Any]) -> Callable[[], None]:
    """Give what does one thing after the other."""

    def do() -> None:
        for step in steps:
            step()

    return do


def consul_cases(salted: Any) -> list[Case]:
    """Give the cases of a tree, a check, maintenance and a peering that begins and ends."""
    client = salted.client("consul")
    clear = quietly(client, ("DELETE", "/v1/kv/fault/?recurse=true", None))
    other = quietly(client, ("PUT", "/v1/kv/fault/t/other", b"x"))
    unchecked = quietly(client, ("PUT", "/v1/agent/check/deregister/fault", None))
    usual = quietly(client, ("PUT", "/v1/agent/maintenance?enable=false", None))
    kept = quietly(client, ("PUT", "/v1/agent/maintenance?enable=true&reason=x", None))

    def checked() -> None:
        unchecked()
        wanted = {**ASKS, "interval": "1h"}
        assert salted.state("consul_check.present", **wanted)["result"] is True

    def begun() -> None:
        TOKEN.unlink(missing_ok=True)
        wanted = {"name": "fault", "place": {"file": str(TOKEN)}}
        assert salted.state("consul_peering.token_written", **wanted)["result"] is True

    def strange() -> None:
        TOKEN.unlink(missing_ok=True)
        assert salted.state("consul_peering.absent", name="fault")["result"] is True

    tree = {"name": "fault/t", "keys": {"a": "1", "b/c": "2"}, "remove": "all"}
    words = {"name": "fault", "reason": "moved"}
    token = {"name": "fault", "place": {"file": str(TOKEN)}}
    return [
        Case("a tree", "consul_kv_tree.present", tree, after(clear, other), [], False),
        Case(
            "a tree away",
            "consul_kv_tree.absent",
            {"name": "fault/t", "remove": "all"},
            after(clear, other),
        ),
        Case("a check", "consul_check.present", CHECK, unchecked, [], False),
        Case("another check", "consul_check.present", CHECK, checked),
        Case("a check away", "consul_check.absent", {"name": "fault"}, checked),
        Case("maintenance", "consul_maintenance.enabled", words, usual, [], False),
        Case("maintenance over", "consul_maintenance.disabled", {"name": "fault"}, kept),
        Case("a peering begun", "consul_peering.token_written", token, strange, [], False),
        Case("a peering away", "consul_peering.absent", {"name": "fault"}, begun),
    ]


def vault_cases(salted: Any) -> list[Case]:
    """Give the cases of an auth method's settings and of secrets that are made."""
    client = salted.client("vault")
    ldap = ("POST", "/v1/sys/auth/fault-ldap", {"type": "ldap"})
    jwt = ("POST", "/v1/sys/auth/fault-jwt", {"type": "jwt"})
    away = [("DELETE", f"/v1/sys/auth/fault-{kind}", None) for kind in ("ldap", "jwt")]
    engines = [("fault-2", "2"), ("fault-1", "1")]

    def mounted(name: str, version: str) -> Callable[[], None]:
        def make() -> None:
            quietly(client, ("DELETE", f"/v1/sys/mounts/{name}", None))()
            made = salted.state(
                "vault_mount.present", name=name, type="kv", options={"version": version}
            )
            assert made["result"] is True, made

        return make

    directory = {
        "name": "fault-ldap",
        "config": {"url": "ldaps://a.example", "binddn": "cn=eos", "starttls": False},
        "secrets": {"bindpass": BIND},
    }
    public = quietly(client, *away, ldap, jwt)
    made = [
        Case(
            f"secrets of version {version}",
            "vault_generated.present",
            {"name": f"{name}/app", "fields": {"password": "password", "cookie": "base64:32"}},
            mounted(name, version),
            [],
            False,
        )
        for name, version in engines
    ]
    issuer = {"jwt_validation_pubkeys": [pem()], "bound_issuer": "law"}
    return [
        Case(
            "a directory", "vault_auth_config.present", directory, public, [content(BIND["file"])]
        ),
        Case(
            "a method", "vault_auth_config.present", {"name": "fault-jwt", "config": issuer}, public
        ),
        *made,
    ]


def nomad_cases(salted: Any) -> list[Case]:
    """Give the cases of a job, a node and the scheduler."""
    client = salted.client("nomad")
    (node,) = (one["ID"] for one in client.get("/v1/nodes"))
    spec = job("fault")
    at_once = {"name": "fault", "within": "0s"}

    def purged() -> None:
        # Nomad 1.11.3 panics (plan_apply.go) when a job is purged while it is being scheduled.
        quietly(client, ("DELETE", "/v1/job/fault", None))()
        until_ready(scheduled, salted.home / "nomad" / "log")
        gone = salted.state("nomad_job.absent", name="fault", purge=True, within="20s")
        assert gone["result"] is True, gone

    def scheduled() -> bool:
        found = client.get("/v1/job/fault/evaluations")
        return all(one["Status"] not in ("pending", "blocked") for one in found)

    def runs(count: int = 1) -> Callable[[], None]:
        def start() -> None:
            wanted = {**at_once, "jobspec": job("fault", group={"Count": count})}
            assert salted.state("nomad_job.present", **wanted)["result"] is True

        return start

    eligible = quietly(client, ("PUT", f"/v1/node/{node}/drain", {"MarkEligible": True}))
    not_eligible = quietly(
        client, ("PUT", f"/v1/node/{node}/eligibility", {"Eligibility": "ineligible"})
    )
    plain = quietly(
        client, ("POST", f"/v1/client/metadata?node_id={node}", {"Meta": {"rack": None}})
    )

    def packed() -> None:
        salted.state("nomad_scheduler_configuration.present", name="x", algorithm="binpack")

    present = {**at_once, "jobspec": spec}
    awaited = {**present, "within": "20s"}
    meta = {"name": "n1", "meta": {"rack": "r7"}}
    drain = {"name": "n1", "deadline": "1s", "within": "20s"}
    scheduler = {"name": "x", "algorithm": "spread"}
    return [
        Case("a job", "nomad_job.present", present, purged, [], False),
        Case("a job awaited", "nomad_job.present", awaited, purged, [], False, True),
        Case("another job", "nomad_job.present", present, after(purged, runs(2))),
        Case("a job stopped", "nomad_job.stopped", at_once, after(purged, runs())),
        Case("a job away", "nomad_job.absent", at_once, after(purged, runs())),
        Case("a job purged", "nomad_job.absent", {**at_once, "purge": True}, after(purged, runs())),
        Case("ineligible", "nomad_node.ineligible", {"name": "n1"}, eligible),
        Case("eligible", "nomad_node.eligible", {"name": "n1"}, not_eligible),
        Case("drained", "nomad_node.drained", drain, after(purged, eligible)),
        Case("metadata", "nomad_node.meta", meta, after(eligible, plain)),
        Case("a scheduler", "nomad_scheduler_configuration.present", scheduler, packed),
    ]
