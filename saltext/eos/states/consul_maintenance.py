"""
Manage the maintenance mode of Consul's agent on this minion.

A node or a service in maintenance is not found by those who ask for what is healthy.
"""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import fate, maintenance, settings, state
from saltext.eos.utils.arguments import named, refuse_wrong

__virtualname__ = "consul_maintenance"

__opts__: dict[str, Any]

_SCHEMAS = {
    "reason": {
        "type": "string",
        "pattern": r"^[^\x00-\x1f\x7f]{1,256}$",
        "x-says": "one line of at most 256 characters",
    },
    "service": named(
        "the id of a service: letters, digits, `.`, `_`, `:` and `-`, at most 128", more=":._-"
    ),
}


def __virtual__():
    return __virtualname__


def enabled(name, reason, service=None):
    """
    Ensure that the node, or one service of it, is in maintenance mode.

    .. code-block:: yaml

        web is moved:
          consul_maintenance.enabled:
            - reason: Moved to the other rack
            - service: web-1

    name
        What this is about, for people.

    reason
        Why; the reason of who began the maintenance stays, because changing it would end the
        maintenance for a moment.

    service
        Id of the service at this agent; the whole node when left out.
    """
    return _switched(name, reason, service, "reason")


def disabled(name, service=None):
    """
    Ensure that the node, or one service of it, is not in maintenance mode.

    .. code-block:: yaml

        web is back:
          consul_maintenance.disabled:
            - service: web-1

    name
        What this is about, for people.

    service
        Id of the service at this agent; the whole node when left out.
    """
    return _switched(name, None, service)


def _switched(name: Any, why: str | None, service: str | None, *needed: str) -> dict[str, Any]:
    test = bool(__opts__.get("test"))
    mode = "in maintenance mode" if needed else "out of maintenance mode"
    done: dict[str, Any] = {}
    try:
        refuse_wrong(_SCHEMAS, {"reason": why, "service": service}, needed)
        what = "The node" if service is None else f"Service {service}"
        client = settings.connect("consul", __opts__)
        found = maintenance.reason(client, service)
        if (found is None) == (why is None):
            other = f" It is there for another reason: {found}" if found != why else ""
            return state.result(name, True, f"{what} is already {mode}.{other}")
        note = maintenance.missing(client, service, test=test)
        changes = {"maintenance": {"old": found, "new": why}}

        def left() -> dict[str, Any]:
            again = maintenance.reason(client, service)
            return changes if (again is None) != (why is None) else {}

        if not test:
            with fate.told(what, f"put {mode}", changes, left):
                maintenance.switch(client, service, why)
            done = changes
            again = maintenance.reason(client, service)
            if (again is None) != (why is None):
                done = {}
                raise CommandExecutionError(
                    f"{what} is not {mode} after it was put there; expected what Consul accepted"
                )
    except CommandExecutionError as err:
        return state.failed(name, err, done)
    return state.changed(name, f"{what} {{}} put {mode}.{note}", changes, test=test)
