"""What the healer may do in Consul, and what proves that it turns and is listened to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saltext.eos.command import effective
from saltext.eos.utils import heal_setup, heal_status, places, store

if TYPE_CHECKING:
    from collections.abc import Mapping

MASTER = "/etc/salt/master"
OWN = ("consul", "nomad", "nomad-client", "vault")
"""Services of the stack itself: who could remove these could take it off the air."""


def derive(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """
    Give the nearest agent of ``consul`` and server of ``nomad``, and the ``rules`` in Consul.

    :raises ValueError: the stack has no server of Nomad.
    """
    port = context["components"]["consul"]["https"]
    here = bool(context["node"]["roles"].get("consul"))
    servers = (
        node["address"]
        for node in context["nodes"].values()
        if "server" in node["roles"].get("consul", [])
    )
    return {
        "consul": f"https://{'127.0.0.1' if here else next(servers)}:{port}",
        "nomad": places.url("nomad", "server", context["components"]["nomad"]["https"], context),
        "rules": rules(),
    }


def rules() -> dict[str, Any]:
    """Give rights to remove any service but the stack's own, or have it written, and to look."""
    read = {"policy": "read"}
    return {
        "node_prefix": {"": read},
        "service_prefix": {"": {"policy": "write", "intentions": "deny"}},
        "service": {name: read | {"intentions": "deny"} for name in OWN},
    }


def engine_turns(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """The engine wrote its status just now, and trusts its own record."""
    said = heal_status.read(Path(store.HOME) / heal_status.NAME)
    if said is None:
        return {"ok": False, "observed": "the engine eos_healer has never run here"}
    age = time.time() - said.at
    if age > heal_status.FRESH:
        return {"ok": False, "observed": f"the engine has said nothing for {age:.0f} s"}
    if said.state == heal_status.FROZEN:
        return {"ok": False, "observed": f"frozen: {said.why}"}
    why = f": {said.why}" if said.why else ""
    return {"ok": True, "observed": f"engine: {said.state}, decides with epoch {said.epoch}{why}"}


def reactor_is_set_up(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """The master's configuration starts the orchestration of each decision, and hides no other."""
    opts: dict[str, Any] = {}
    sources = effective.sources(MASTER, "master")
    for _path, settings in sources:
        opts |= settings
    lost = heal_setup.problems(opts) + heal_setup.hidden(sources)
    kept = heal_setup.replaced(opts)
    return {"ok": not lost, "observed": "; ".join(lost or kept) or "every decision starts an act"}
