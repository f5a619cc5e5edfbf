"""How the core services are that stand on a unit: what a report about that unit says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import contract
from saltext.eos.utils import heal_view_component as component
from saltext.eos.utils.heal_snapshot_shape import Snapshot


def said(unit: str, node: str, snapshot: Snapshot, form: Mapping[str, Any]) -> str:
    """
    Say of the service of a unit, and of each core service that depends on it, how its gate is.

    :param snapshot: holds the gates of all core services.
    """
    victims = component.owners(form, unit, node)
    below = unit in component.BELOW
    found = []
    for name, where in sorted(snapshot.core):
        is_victim = name in victims and where == node
        is_on_it = where == node if below else victims & _stands_on(name)
        if is_victim or is_on_it:
            found.append(f"{name} on {where} {_state(name, where, snapshot)}")
    return ", ".join(found)


def _stands_on(name: str) -> set[str]:
    """Give what a component needs, and what that needs."""
    known, left = contract.load().components, [name]
    found: set[str] = set()
    while left:
        one = known.get(left.pop())
        more = set(one["spec"]["needs"]) - found if one else set()
        found |= more
        left += more
    return found


def _state(name: str, node: str, snapshot: Snapshot) -> str:
    gate = snapshot.gates.get((name, node), "unknown")
    is_sealed = snapshot.seal.get(node) if name == "vault" else False
    if is_sealed is None:
        return f"{gate} (not known whether it is sealed)"
    return f"{gate} (sealed)" if is_sealed else gate
