"""
How an agent of Consul comes to write a registration again that only the catalogue has lost.

An agent compares what it has with the catalogue once in one to two minutes, and nothing that leaves
it as it is makes that sooner. But each change of a check is written at once, and with it the
registration that the check is of (Consul 1.22.2, measured). So a check of the registration is added
and, once the catalogue has both, taken away again; its status is what the agent finds now.

Whoever is killed in between leaves that check. It never turns by itself, not even when the agent is
started anew, says nothing of what becomes of the service, and has the name of a check of Nomad's:
Nomad's client takes away those that it does not know, within 30 s (1.11.3, measured).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.heal_ask import Server
from saltext.eos.utils.heal_at_consul import row_of
from saltext.eos.utils.http import Client, HttpError, NotFound

WRITTEN_WITHIN = 10.0
EVERY = 0.2
PREFIX = "_nomad-check-eos-"
# Longer than any agent runs: a check that is left behind must not make the service critical.
TTL = "87600h"
WORST = ("critical", "warning", "passing")
KEPT = {"warning": "warn", "passing": "pass"}


def resync(consul: Server, agent: Client, node: str, instance: str) -> bool:
    """
    Have the agent of a node write a registration into the catalogue; False when it stands there.

    :param agent: of that node.
    :raises CommandExecutionError: the agent does not have it, finds it sick, or did not write it.
    """
    if row_of(consul, node, instance) is not None:
        return False
    status = _status(agent, node, instance)
    if status == "critical":
        # Until the agent compares, the catalogue would know no other check of it, and call it well.
        raise CommandExecutionError(
            f"{instance} is critical on {node}; expected one that is well: nobody is sent to it "
            f"meanwhile, and its agent writes it as soon as it is well again"
        )
    with _check(agent, instance, status):
        deadline = time.monotonic() + WRITTEN_WITHIN
        while row_of(consul, node, instance) is None:
            if time.monotonic() >= deadline:
                raise CommandExecutionError(
                    f"the agent of {node} did not write {instance} within {WRITTEN_WITHIN:.0f} s; "
                    f"see `journalctl -u consul` there"
                )
            time.sleep(EVERY)
    if row_of(consul, node, instance) is None:
        raise CommandExecutionError(f"{instance} was written on {node}, and is lost again")
    return True


def check_of(instance: str) -> str:
    """Give the id of the check that is added to a registration for a moment."""
    return PREFIX + hashlib.sha256(instance.encode()).hexdigest()[:32]


def _status(agent: Client, node: str, instance: str) -> str:
    """Give the worst status that the agent itself finds now."""
    try:
        agent.get(f"/v1/agent/service/{quote(instance, safe='')}")
        checks = agent.get("/v1/agent/checks")
    except NotFound:
        raise CommandExecutionError(
            f"the agent of {node} does not have {instance} either; expected Nomad's client there "
            "to register it again within 30 s; see `journalctl -u nomad` there"
        ) from None
    except HttpError as err:
        raise CommandExecutionError(str(err)) from err
    own = check_of(instance)
    found = {
        one["Status"]
        for one in checks.values()
        if one["ServiceID"] == instance and one["CheckID"] != own
    }
    return next((one for one in WORST if one in found), "passing")


@contextmanager
def _check(agent: Client, instance: str, status: str) -> Iterator[None]:
    """Add the check, and take it away whatever happens; the first error is the one that is told."""
    name = check_of(instance)
    made: dict[str, Any] = {
        "ID": name, "ServiceID": instance, "TTL": TTL, "Status": status,
        "Name": "Eos has this registration written again",
        # One like it may have been left behind, and what does not change is not written.
        "Notes": f"for a moment only ({secrets.token_hex(8)})",
    }  # fmt: skip
    is_made = False
    try:
        agent.put("/v1/agent/check/register", made)
        is_made = True
        # Only what a check is told is kept: an agent that starts calls the others critical.
        agent.put(f"/v1/agent/check/{KEPT[status]}/{name}")
        yield
    except CommandExecutionError as err:
        # Also where no answer came it may be there; but nobody knows, so nobody is told.
        left = _taken_away(agent, name)
        raise CommandExecutionError(f"{err}; {left}" if is_made and left else str(err)) from err
    except BaseException:
        _taken_away(agent, name)
        raise
    if left := _taken_away(agent, name):
        raise CommandExecutionError(left)


def _taken_away(agent: Client, name: str) -> str:
    """Take the check away; say so where that failed."""
    try:
        agent.put(f"/v1/agent/check/deregister/{name}")
    except NotFound:
        # It was never made, or Nomad's client was there first.
        return ""
    except HttpError as err:
        return f"check {name} is left at the agent: {err}; Nomad's client takes it away within 30 s"
    return ""
