"""Observe whether components of this node are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import compiled, observe, secret
from saltext.eos.utils.mask import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    __grains__: dict[str, Any]
    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos_gate"
__func_alias__ = {"observe_": "observe"}


def __virtual__():
    return __virtualname__


def observe_(component, entry=None):
    """
    Ask a component of this node for what proves it ready, once.

    component
        The component's name.

    entry
        The application, for a component that exists once per application.

    Returns ``{"gate": "passed"|"waiting"|"unknown", "observed": text, "why": text}``; ``why`` is
    the likely cause, empty when it passed.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_gate.observe consul
    """
    pillar = compiled.fresh(__opts__, __grains__)
    part = compiled.component(pillar, component, entry)
    return _observed(part["gate"], pillar)


def probe(gate):
    """
    Run the probes of a compiled gate, once; what ``eos_gate.passed`` repeats.

    gate
        A gate out of ``eos:_compiled``.

    CLI Example:

    .. code-block:: bash

        salt-call eos_gate.probe '{"component": "consul", "entry": null, "probes": []}'
    """
    return _observed(gate, plain(__pillar__))


def observe_all():
    """
    Observe every component of this node.

    Returns a list of ``{"component", "entry", "gate", "observed", "why"}``.

    CLI Example:

    .. code-block:: bash

        salt '*' eos_gate.observe_all
    """
    found = []
    pillar = compiled.fresh(__opts__, __grains__)
    for name, part in compiled.compiled(pillar)["components"].items():
        entries = list(part["each"].items()) if "each" in part else [(None, part)]
        for entry, one in entries:
            try:
                seen = _observed(one["gate"], pillar)
            except CommandExecutionError as err:
                seen = {"gate": "unknown", "observed": str(err), "why": ""}
            found.append({"component": name, "entry": entry, **seen})
    return found


def _observed(gate: dict[str, Any], pillar: dict[str, Any]) -> dict[str, str]:
    def resolve(data: Any) -> Any:
        return secret.resolve(data, pillar, __opts__)

    form = compiled.compiled(pillar)
    outcomes = observe.here(
        gate, form, pillar=pillar, opts=__opts__, salt=__salt__, resolve=resolve
    )
    last = outcomes[-1] if outcomes else None
    if last is None:
        return {"gate": "unknown", "observed": "the gate has no probe here", "why": ""}
    if last.ok:
        return {"gate": "passed", "observed": last.observed, "why": ""}
    return {"gate": "waiting", "observed": last.observed, "why": last.why}
