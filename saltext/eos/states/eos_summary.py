"""The last step of an orchestration: one readable summary of what changed, or would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import state

if TYPE_CHECKING:
    __opts__: dict[str, Any]
    __running__: dict[str, Any]

__virtualname__ = "eos_summary"


def __virtual__():
    return __virtualname__


def told(name):
    """
    Sum up every step of this run in one comment; it changes nothing and never fails.

    .. code-block:: yaml

        summary:
          eos_summary.told:
            - name: bootstrap
            - order: last

    name
        The plan.
    """
    lines: list[str] = []
    failures: list[str] = []
    count = 0
    for result in sorted(__running__.values(), key=lambda item: item.get("__run_num__", 0)):
        step = str(result.get("__id__"))
        found = _changed(result)
        count += len(found)
        lines += [f"{step}: {what}" for what in found]
        if result.get("result") is False:
            failures.append(step)
    verb = "would change" if __opts__["test"] else "changed"
    said = f"{name}: {count} {verb}" if count else f"{name}: nothing {verb}"
    if failures:
        said += f"; failed: {', '.join(failures)}"
    return state.result(name, True, "\n".join([f"{said}.", *lines]))


def _changed(result: dict[str, Any]) -> list[str]:
    """List the changed things of a step; the states of each minion where it ran some."""
    changes = result.get("changes") or {}
    minions = changes.get("ret") if isinstance(changes, dict) else None
    if not isinstance(minions, dict):
        return sorted(map(str, changes))
    found = []
    for states in minions.values():
        if not isinstance(states, dict):
            continue
        found += [
            str(one.get("__id__") or one.get("name"))
            for one in states.values()
            if isinstance(one, dict) and one.get("changes")
        ]
    return found
