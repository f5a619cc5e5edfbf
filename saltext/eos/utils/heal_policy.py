"""What kind of act a policy asks for, and what that act needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import DEEDS

# Acts that need nothing but the node.
LOCAL = ("apply",)
# Acts on what is one job's.
OF_JOBS = ("evaluate", "deregister")
# Acts on what a person may have done on purpose: only a fact says that it was none.
BY_FACT = ("unseal",)


def is_deed(policy: Mapping[str, Any]) -> bool:
    """Tell what changes something outside from a note."""
    return policy["act"]["do"] in DEEDS


def is_of_job(policy: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    """Tell an act on something that a job has: its evaluation, or one of its registrations."""
    return policy["act"]["do"] in OF_JOBS or "subject.instance" in subject


def stops(policy: Mapping[str, Any]) -> bool:
    """Tell a note that only ever stops healing: it is never late."""
    return policy["act"]["do"] in ("freeze", "hold")


def needs_view(policy: Mapping[str, Any]) -> bool:
    """Tell whether the truth has to be read first; a note of a plain fact needs nothing else."""
    require = policy.get("require") or {}
    has_input = is_deed(policy) or policy["act"]["do"] == "hold"
    return has_input or any(require.get(name) for name in ("classes", "layer_below", "hook"))


def pace_of(policy: Mapping[str, Any], settings: Settings) -> budget.Pace:
    """Give the limits of one policy; what it says itself can only be forgotten after that long."""
    limits = policy.get("limits") or {}
    pace = settings.pace
    if limits.get("attempts") is not None:
        pace = pace._replace(attempts=int(limits["attempts"]))
    if limits.get("cool_down") is not None:
        first = float(limits["cool_down"])
        pace = pace._replace(
            cool_first=first, cool_most=max(first, pace.cool_most), stable=max(first, pace.stable)
        )
    return pace if is_deed(policy) else pace._replace(attempts=2**31)
