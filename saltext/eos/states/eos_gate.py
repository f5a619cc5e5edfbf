"""Gates: a component is ready when its own API says so, before a deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import mask, state

if TYPE_CHECKING:
    from collections.abc import Callable

    __grains__: dict[str, Any]
    __opts__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos_gate"

POLL = 1.0


def __virtual__():
    return __virtualname__


def passed(name, component, gate):
    """
    Wait until a component is ready, or fail with the last observation and the likely cause.

    One success is enough. When something this state watches has changed, ``mod_watch`` asks for as
    many in a row as the gate declares, because a fresh server may answer once and then fall.
    In test mode it looks once and predicts nothing: a gate changes nothing.

    .. code-block:: yaml

        consul gate:
          eos_gate.passed:
            - name: consul
            - component: consul
            - gate: {within: 60, successes: 2, apart: 2, component: consul, entry: null, probes: []}

    name
        What the message calls it.

    component
        The component.

    gate
        Its gate out of ``eos:_compiled``.
    """
    return _wait(name, component, gate, 1)


def mod_watch(name, component, gate, **_):
    """
    Wait until a component that changed is ready: several successes in a row.

    name
        What the message calls it.

    component
        The component.

    gate
        Its gate out of ``eos:_compiled``.
    """
    return _wait(name, component, gate, mask.plain(gate)["successes"])


def _wait(name: str, component: str, gate: dict[str, Any], needed: int) -> dict[str, Any]:
    gate = mask.plain(gate)
    if not gate["probes"]:
        return state.result(name, True, f"{name} has nothing to wait for on this node.")
    begun = time.monotonic()
    deadline = begun + gate["within"]
    row = 0
    while True:
        try:
            seen = __salt__["eos_gate.probe"](gate)
        except CommandExecutionError as err:
            return state.failed(name, err)
        row = row + 1 if seen["gate"] == "passed" else 0
        if row >= needed:
            comment = f"{name} is ready: {seen['observed']}."
            _tell(component, "passed", comment)
            return state.result(name, True, comment)
        if __opts__["test"]:
            return _predicted(name, seen)
        pause = gate["apart"] if row else POLL
        if time.monotonic() + pause > deadline:
            break
        time.sleep(pause)
    waited = round(time.monotonic() - begun)
    found = _failure(name, gate, seen, waited)
    _tell(component, "failed", found)
    # Without this Salt would call mod_watch as well, and wait for the same deadline once more.
    return state.failed(name, found) | {"skip_watch": True}


def _tell(component: str, what: str, comment: str) -> None:
    """Fire an event through the minion's connection, for observers on the master."""
    data = {"component": component, "comment": comment}
    __salt__["event.send"](f"eos/run/gate/{component}/{what}", data)


def _predicted(name: str, seen: dict[str, str]) -> dict[str, Any]:
    if seen["gate"] == "passed":
        return state.result(name, True, f"{name} is ready: {seen['observed']}.")
    return state.result(name, None, f"{name} would have been waited for; now {seen['observed']}.")


def _failure(name: str, gate: dict[str, Any], seen: dict[str, str], waited: int) -> str:
    where = __grains__.get("id") or __opts__.get("id")
    if seen["gate"] == "passed":
        return (
            f"{name} on {where} did not stay ready: expected {gate['successes']} successes in a "
            f"row, {gate['apart']} s apart, within {gate['within']} s; last: {seen['observed']}"
        )
    return (
        f"{name} on {where} is not ready after {waited} s (deadline {gate['within']} s); "
        f"last observation: {seen['observed']}; likely cause: {seen['why']}"
    )
