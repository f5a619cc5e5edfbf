"""Applications of the pillar: what their declaration cannot say as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import app_database, app_job, app_root, dns, edge, places

if TYPE_CHECKING:
    from collections.abc import Mapping


def derive(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """
    Compile one application: its Terraform root, and the secrets that Vault must hold for it.

    :raises ValueError: Nomad, Consul or DNS could not carry the application.
    """
    name = context["entry"]
    app_job.checked(name, values)
    components = context["components"]
    namespace = values["namespace"]
    kept: dict[str, dict[str, str]] = {}
    copies: dict[str, str] = {}
    if values.get("secrets"):
        kept[app_job.path_of(namespace, name, "secrets")] = dict(values["secrets"])
    if "database" in values:
        own = app_job.path_of(namespace, app_database.job_name(name), "database")
        kept[own] = {"password": "password"}
        copies[app_job.path_of(namespace, name, "database")] = own
    nomad = places.url("nomad", "server", components["nomad"]["https"], context)
    return {
        "root": app_root.application(nomad, name, values),
        "vault": places.url("vault", "server", components["vault"]["api"], context),
        "kept": kept,
        "copies": copies,
        "confirm": components["terraform"]["confirm"].get(name, []),
        "edges": edge.addresses(context["nodes"]) if "route" in values else [],
        "edge_port": components["caddy"]["https"],
        "dns_port": components["consul"]["dns"],
    }


def instances(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Tell whether Consul knows enough healthy instances, and the database's own."""
    name = context["entry"]
    wanted = {name: values["count"]}
    if "database" in values:
        wanted[app_database.job_name(name)] = 1
    server = ("127.0.0.1", _derived(context)["dns_port"])
    seen = {one: len(dns.instances(f"{one}.service.consul", server)) for one in wanted}
    ok = all(seen[one] >= count for one, count in wanted.items())
    text = ", ".join(f"{one} {seen[one]} of {count} healthy" for one, count in wanted.items())
    return {"ok": ok, "observed": text}


def route_answers(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Tell whether the application answers through every edge, with the site's certificate."""
    if "route" not in values:
        return {"ok": True, "observed": "no route"}
    derived = _derived(context)
    if not derived["edges"]:
        return {"ok": False, "observed": "no node has the role caddy: [edge]"}
    path, host = values["health"]["path"], values["route"]
    seen = {one: edge.ask(one, derived["edge_port"], host, path) for one in derived["edges"]}
    wanted = 200 if values["count"] else 503
    ok = all(status == wanted for status in seen.values())
    text = ", ".join(f"https://{host}{path} at {one}: {status}" for one, status in seen.items())
    return {"ok": ok, "observed": text}


def _derived(context: Mapping[str, Any]) -> dict[str, Any]:
    part = context["compiled"]["components"]["app"]["each"][context["entry"]]
    return part["derive"]
