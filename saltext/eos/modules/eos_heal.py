"""
Show the healer what is true of the stack, in few words; what is not whole says so itself.

Nomad and Consul are asked as the sidecar of this node asks them, with its tokens, which only read;
its configuration is ``/etc/eos-sidecar/config.json``, or what ``eos_sidecar_config`` of the minion
names.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import (
    compiled,
    heal_snapshot_ask,
    heal_snapshot_consul,
    heal_snapshot_nomad,
    observe,
    secret,
)
from saltext.eos.utils.heal_snapshot_ask import Asker, Blocked, Source
from saltext.eos.utils.mask import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    __grains__: dict[str, Any]
    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos_heal"

# What is late says so itself before those are who wait for it.
MARGIN = 1.0
PROPERTIES = "LoadState,ActiveState,NRestarts,ActiveEnterTimestampMonotonic"
# After so long without a restart, a unit that was started stays up.
STEADY = 30.0


def __virtual__():
    return __virtualname__


def nomad(parts=None, within=heal_snapshot_ask.WITHIN):
    """
    Read Nomad, with the sidecar's token.

    parts
        ``jobs``, ``allocations``, ``deployments``, ``evaluations``, ``nodes``: a list of them, or
        a mapping that says what of each; see ``heal_snapshot_nomad``. All when left out.

    within
        Seconds after which what is missing counts as not answered.

    Returns ``{"regions": {name: {part: rows}}}``; ``{"blocked": why}`` when anything is missing.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal.nomad '[jobs, nodes]'
    """
    named = heal_snapshot_nomad.PARTS if parts is None else parts
    wanted = dict(named) if isinstance(named, dict) else dict.fromkeys(named, True)
    deadline = time.monotonic() + float(within)

    def read(source: Source) -> dict[str, Any]:
        return heal_snapshot_nomad.read(Asker(source, deadline), wanted, deadline)

    return _of_sources("nomad", "regions", read, deadline)


def consul(wanted=(), within=heal_snapshot_ask.WITHIN):
    """
    Read Consul, with the sidecar's token.

    wanted
        Nodes whose instances are wanted: a list, or one for each datacenter.

    within
        Seconds after which what is missing counts as not answered.

    Returns ``{"datacenters": {name: {"members", "services", "index"}}}``; ``{"blocked": why}`` when
    anything is missing.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal.consul '[n1]'
    """
    deadline = time.monotonic() + float(within)

    def read(source: Source) -> dict[str, Any]:
        name = source.name.partition(":")[2]
        nodes = wanted.get(name, ()) if isinstance(wanted, dict) else wanted
        return heal_snapshot_consul.read(Asker(source, deadline), nodes, deadline)

    return _of_sources("consul", "datacenters", read, deadline)


def vault(address=None, within=heal_snapshot_ask.WITHIN):
    """
    Ask a Vault whether it is sealed; no token is needed for that.

    address
        Where it answers; the one of this node when left out.

    within
        Seconds after which it counts as not answering.

    Returns ``{"sealed", "initialized"}``, or ``{"blocked": why}``.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal.vault
    """
    deadline = time.monotonic() + float(within)
    try:
        where = address or _own_vault()
        ask = Asker(Source("vault", (where,), observe.AUTHORITY, "", ""), deadline)
        (answer,) = heal_snapshot_ask.together([partial(_seal, ask)], deadline)
    except Blocked as err:
        return {"blocked": str(err)}
    return answer


def look(wanted, within=heal_snapshot_ask.WITHIN):
    """
    Answer everything that the healer asks this node, at once.

    wanted
        By node: ``nomad`` and ``consul`` as above, ``vault`` with an address, ``gates`` with names
        of components, ``units`` with names of systemd's.

    within
        Seconds after which what is missing counts as not answered.

    Returns the answers under the same names.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal.look '{n1: {nomad: [jobs], gates: [consul]}}'
    """
    mine = wanted.get(__opts__["id"]) or {}
    deadline = time.monotonic() + float(within)
    readers = {"nomad": nomad, "consul": consul, "vault": vault}
    questions = {
        name: partial(readers[name], mine[name], within) for name in readers if name in mine
    }
    if mine.get("gates"):
        questions["gates"] = partial(_gates, mine["gates"], deadline)
    if mine.get("units"):
        questions["units"] = partial(_units, mine["units"])
    try:
        answers = heal_snapshot_ask.together(list(questions.values()), deadline + MARGIN)
    except Blocked as err:
        return {"blocked": str(err)}
    return dict(zip(questions, answers, strict=True))


def _of_sources(kind, name, read, deadline):
    try:
        config = __opts__.get("eos_sidecar_config") or heal_snapshot_ask.CONFIG
        found = heal_snapshot_ask.sources(config, kind)
        if not found:
            raise Blocked(f"{kind}: the sidecar of this node reads none")
        answers = heal_snapshot_ask.together([partial(read, one) for one in found], deadline)
    except Blocked as err:
        return {"blocked": str(err)}
    return {
        name: {one.name.partition(":")[2]: rows for one, rows in zip(found, answers, strict=True)}
    }


def _own_vault() -> str:
    values = compiled.component(plain(__pillar__), "vault")["values"]
    return f"https://127.0.0.1:{values['api']}"


def _seal(ask: Asker) -> dict[str, bool]:
    body, _ = ask.get("/v1/sys/seal-status")
    if not isinstance(body, dict) or not isinstance(body.get("sealed"), bool):
        raise ask.blocked("it does not say whether it is sealed")
    return {"sealed": body["sealed"], "initialized": bool(body.get("initialized"))}


def _gates(names: list[str], deadline: float) -> dict[str, str]:
    """Observe gates; one that was asked and did not pass waits, all others are unknown."""
    pillar = plain(__pillar__)
    if not (pillar.get("eos") or {}).get("_compiled"):
        pillar = compiled.fresh(__opts__, __grains__)
    questions = [partial(_gate, name, pillar) for name in names]
    answers = heal_snapshot_ask.each(questions, deadline)
    return {
        name: "unknown" if isinstance(answer, Blocked) else answer
        for name, answer in zip(names, answers, strict=True)
    }


def _units(names: list[str]) -> dict[str, str]:
    """
    Give the states of units in systemd's words; none where systemd does not say.

    One that has been active for a moment only is ``young``, or ``unsteady`` where systemd itself
    has started it again; one that is not there, or masked, is that.
    """
    found = {}
    for name in names:
        command = ["systemctl", "show", f"--property={PROPERTIES}", "--", name]
        shown = __salt__["cmd.run_all"](command, python_shell=False, timeout=5, ignore_retcode=True)
        said = dict(line.partition("=")[::2] for line in shown["stdout"].splitlines())
        if shown["retcode"] == 0 and (state := _unit(said, time.monotonic())):
            found[name] = state
    return found


def _unit(said: dict[str, str], now: float) -> str:
    load, state = said.get("LoadState", ""), said.get("ActiveState", "")
    if load != "loaded":
        return load if load in ("masked", "not-found") else ""
    entered = said.get("ActiveEnterTimestampMonotonic", "")
    is_young = entered.isdigit() and now - int(entered) / 1e6 < STEADY
    if state != "active" or not is_young:
        return state
    return "young" if said.get("NRestarts", "0") == "0" else "unsteady"


def _gate(name: str, pillar: dict[str, Any]) -> str:
    """Observe the gate of one component; what cannot be observed is unknown."""
    form = compiled.compiled(pillar)
    part = form["components"].get(name)
    if part is None or "gate" not in part:
        return "unknown"

    unread: list[str] = []

    def resolve(data: Any) -> Any:
        try:
            return secret.resolve(data, pillar, __opts__)
        except (CommandExecutionError, OSError) as err:
            unread.append(str(err))
            raise

    outcomes = observe.here(
        part["gate"], form, pillar=pillar, opts=__opts__, salt=__salt__, resolve=resolve
    )
    # Without its secret nothing was asked, so nothing is known, whatever a hook makes of that.
    if unread or not outcomes:
        return "unknown"
    return "passed" if outcomes[-1].ok else "waiting"
