"""The edge: what its declaration cannot say as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import edge, edge_config
from saltext.eos.utils.http import Client

if TYPE_CHECKING:
    from collections.abc import Mapping


def derive(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """
    Compile Caddy's configuration, and the host names of its certificate.

    :raises ValueError: a route is no host name, or two applications claim one.
    """
    found = edge_config.routes(context["apps"])
    return {
        "names": sorted(found),
        "config": edge_config.config(
            found,
            domain=context["stack"]["domain"],
            http=values["http"],
            https=values["https"],
            dns=context["components"]["consul"]["dns"],
        ),
    }


def runs_as_compiled(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Tell whether the running configuration is the compiled one."""
    del values
    client = Client("http://localhost", unix_socket=edge_config.ADMIN_SOCKET, timeout=5.0)
    same = client.get("/config/") == _derived(context)["config"]
    text = "as compiled" if same else "another configuration than the compiled one"
    return {"ok": same, "observed": text}


def hosts_answer(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Tell whether every host name is served here with a certificate for it; 503 is an answer."""
    form = context["compiled"]
    address, port = form["node"]["address"], values["https"]
    names = [*_derived(context)["names"]]
    seen = {name: edge.ask(address, port, name, "/") for name in names}
    unknown = edge.ask(address, port, f"eos-unknown.{form['stack']['domain']}", "/")
    ok = unknown == 404
    text = ", ".join(f"{name} {status}" for name, status in seen.items())
    return {"ok": ok, "observed": f"{text or 'no routes'}; unknown host {unknown}"}


def _derived(context: Mapping[str, Any]) -> dict[str, Any]:
    return context["compiled"]["components"]["caddy"]["derive"]
