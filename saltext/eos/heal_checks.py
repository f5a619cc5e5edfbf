"""
Looks at the stack that a policy may ask for by name, as its ``hook``.

Each takes the subject of an incident (leaf to value) and a view of the stack, reads nothing else,
and gives True, False, or None where the view does not tell. Nothing acts on None.

A view has ``allocations``: by full id, the ``client_status`` and ``desired_status`` of each that
Nomad knows; None when its list could not be read whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# ``lost`` is not among them: an allocation of a node out of reach may well run there.
ENDED = ("complete", "failed")


def allocation_runs(subject: Mapping[str, Any], view: Mapping[str, Any]) -> bool | None:
    """
    Say whether the allocation of a registration runs and is meant to.

    :param subject: has ``links.alloc``.
    :param view: of the stack.
    """
    found = _allocation(subject, view)
    if found is None:
        return None
    return found["client_status"] == "running" and found["desired_status"] == "run"


def allocation_ended(subject: Mapping[str, Any], view: Mapping[str, Any]) -> bool | None:
    """
    Say whether the allocation of a registration has ended for good.

    :param subject: has ``links.alloc``.
    :param view: of the stack.
    """
    found = _allocation(subject, view)
    return None if found is None else found["client_status"] in ENDED


def _allocation(subject: Mapping[str, Any], view: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Find it; one that is in no list may belong to another region, so nothing is known of it."""
    allocations = view.get("allocations")
    alloc = subject.get("links.alloc")
    return None if allocations is None or alloc is None else allocations.get(alloc)
