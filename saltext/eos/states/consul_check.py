"""
Manage the health checks that Consul's agent on this minion makes.

The agent shows what a check is called and how often it looks, but not what it asks. So the notes
of a check end with a mark such as ``eos:1f0a2b3c4d5e``, which stands for the rest: who registers
the check otherwise writes the notes anew, and the check is put right.
"""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import agent_check, fate, maintenance, settings, state
from saltext.eos.utils.arguments import refuse_wrong
from saltext.eos.utils.http import NotFound
from saltext.eos.utils.mask import plain

__virtualname__ = "consul_check"

__opts__: dict[str, Any]


def __virtual__():
    return __virtualname__


def present(
    name,
    title,
    type,
    target=None,
    interval=None,
    timeout=None,
    ttl=None,
    service=None,
    method=None,
    tls_server_name=None,
    notes="",
    success_before_passing=None,
    failures_before_critical=None,
    deregister_after=None,
):
    """
    Ensure that the agent makes a check with these settings.

    .. code-block:: yaml

        web-1:answers:
          consul_check.present:
            - title: The shop answers
            - type: http
            - service: web-1
            - target: https://127.0.0.1:8443/healthz
            - interval: 15s

    name
        Id of the check, one at this agent.

    title
        What people read.

    type
        How it looks: ``http``, ``tcp``, ``udp``, ``grpc`` or ``h2ping`` ask a target; ``ttl`` waits
        to be told.

    target
        What is asked: an address for ``http``, ``host:port`` for the others; ``grpc`` and
        ``h2ping`` are asked over TLS. No password belongs into it.

    interval
        How often it looks, such as ``15s``; needed unless ``type`` is ``ttl``.

    timeout
        Longest wait for an answer; Consul's own when left out.

    ttl
        How long it passes after it was told so, for ``ttl``.

    service
        Id of the service at this agent that it is about; the whole node when left out.

    method
        Verb of the request, for ``http``; ``GET`` when left out.

    tls_server_name
        Name that the server's certificate must have, when it is asked over TLS.

    notes
        For people who find it failing.

    success_before_passing
        Successes in a row after which it passes.

    failures_before_critical
        Failures in a row after which it fails.

    deregister_after
        How long it may fail before its service is forgotten; a minute at least.

    A check that is there goes on to say what it has said until it has looked again, unless it
    becomes one of another ``type`` or ``service``.
    """
    test = bool(__opts__.get("test"))
    wanted = plain({
        "name": name, "title": title, "type": type, "target": target, "interval": interval,
        "timeout": timeout, "ttl": ttl, "service": service, "method": method,
        "tls_server_name": tls_server_name, "notes": notes,
        "success_before_passing": success_before_passing,
        "failures_before_critical": failures_before_critical, "deregister_after": deregister_after,
    })  # fmt: skip
    done: dict[str, Any] = {}
    try:
        refuse_wrong(agent_check.SCHEMAS, wanted, ("name", "title", "type"))
        agent_check.check(wanted)
        wanted = agent_check.settled(wanted)
        client = settings.connect("consul", __opts__)
        found = agent_check.find(client, name)
        changes = agent_check.changes(wanted, found)
        if not changes:
            return state.unchanged(name, f"Check {name}")
        note = maintenance.missing(client, wanted["service"], test=test)
        if not test:
            if found and (changes.keys() & {"service", "type"}):
                _deregister(client, name, _gone(found))
                done = _gone(found)
            verb = "updated" if found else "created"
            with fate.told(
                f"check {name}", verb, changes, lambda: agent_check.left(client, wanted)
            ):
                client.put("/v1/agent/check/register", agent_check.body(wanted))
            done = changes
            again = agent_check.find(client, name)
            left = agent_check.changes(wanted, again)
            if again is None or left:
                done = fate.real(changes, left)
                raise CommandExecutionError(
                    f"check {name} was written, but the agent did not keep {', '.join(left)}; "
                    "expected what it accepted"
                )
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err, done)
    verb = "updated" if found else "created"
    return state.changed(name, f"Check {name} {{}} {verb}.{note}", changes, test=test)


def absent(name):
    """
    Ensure that the agent does not make a check.

    .. code-block:: yaml

        web-1:answers:
          consul_check.absent: []

    name
        Id of the check.
    """
    test = bool(__opts__.get("test"))
    done: dict[str, Any] = {}
    try:
        refuse_wrong(agent_check.SCHEMAS, {"name": name})
        client = settings.connect("consul", __opts__)
        found = agent_check.find(client, name)
        if found is None:
            return state.result(name, True, f"Check {name} is already absent.")
        changes = _gone(found)
        if not test:
            _deregister(client, name, changes)
            done = changes
            if agent_check.find(client, name) is not None:
                done = {}
                raise CommandExecutionError(
                    f"check {name} is still there after it was removed; expected it to be gone"
                )
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err, done)
    return state.changed(name, f"Check {name} {{}} removed.", changes, test=test)


def _gone(found: dict[str, Any]) -> dict[str, Any]:
    old = agent_check.shown(found)
    return {field: {"old": one, "new": None} for field, one in old.items() if one is not None}


def _deregister(client: Any, name: str, changes: dict[str, Any]) -> None:
    def left() -> dict[str, Any]:
        return {} if agent_check.find(client, name) is None else changes

    try:
        with fate.told(f"check {name}", "removed", changes, left):
            client.put(f"/v1/agent/check/deregister/{name}")
    except NotFound:
        return
