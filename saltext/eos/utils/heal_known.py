"""The names by which people speak of what is healed: ``stack``, ``job:web`` or ``node:n1``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from saltext.eos.policies import table
from saltext.eos.utils import app_database, canary, heal_view_component
from saltext.eos.utils.asked import Unclear
from saltext.eos.utils.heal_state import State
from saltext.eos.utils.validate import nearest

STACK = "stack"
KINDS = ("job", "component", "node", "service", "unit", "source", "policy")


def names(form: Mapping[str, Any] | None, state: State) -> set[str]:
    """
    List every name that means something here: in the pillar, or in what the healer knows.

    :param form: the compiled stack; None where the pillar cannot be compiled.
    """
    known = {STACK, *(f"policy:{name}" for name in table.TABLE)}
    known |= {name for one in state.incidents.values() for name in one.names}
    known |= {name for one in state.decisions.values() for name in one.names}
    known |= {what for _, what, _ in state.rules}
    if form is None:
        return known
    for node, compiled in form["all"].items():
        known.add(f"node:{node}")
        for component, part in compiled["components"].items():
            known.add(f"component:{component}")
            known |= {f"unit:{unit}" for unit in heal_view_component.units_of(part)}
        known |= _in_namespaces(compiled)
    return known | {f"{kind}:{name}" for name in jobs(form) for kind in ("job", "service")}


def jobs(form: Mapping[str, Any]) -> list[str]:
    """List the jobs that Eos compiles from the pillar, and those that their names may be of."""
    apps = form["plan"]["apps"]
    return [canary.NAME, *apps, *(app_database.job_name(app) for app in apps)]


def _in_namespaces(compiled: Mapping[str, Any]) -> set[str]:
    """Name the jobs of a node's compiled form each with the namespace it is in."""
    each = (compiled["components"].get("app") or {}).get("each") or {}
    found = {f"job:{canary.NAME}@default"}
    for app, one in each.items():
        if space := (one.get("values") or {}).get("namespace"):
            found |= {f"job:{job}@{space}" for job in (app, app_database.job_name(app))}
    return found


def checked(what: Any, known: Iterable[str], *, is_sure: bool) -> str:
    """
    Give a name that people typed; one that means nothing here is refused with the nearest.

    :param is_sure: it is meant although nothing goes by it now.
    :raises Unclear: it is no name, or unknown.
    """
    text, every = str(what), sorted(known)
    kind = text.partition(":")[0]
    if not is_name(text):
        meant = [one for one in every if one.partition(":")[2] == text]
        hint = f" (did you mean {' or '.join(meant)}?)" if meant else nearest(text, every)
        raise Unclear(f"{no_name(text)}{hint}")
    # Which policies there are is always known.
    if text in every or (is_sure and kind != "policy"):
        return text
    same = [one for one in every if one.startswith(f"{kind}:")]
    elsewhere = [one for one in same if one.partition("@")[0] == text.partition("@")[0]]
    hint = f" (did you mean {' or '.join(elsewhere)}?)" if elsewhere else nearest(text, same)
    if kind == "policy":
        raise Unclear(f"{text} is unknown{hint}; expected one of {', '.join(same)}")
    raise Unclear(
        f"{text} is unknown{hint}; expected a {kind} of the pillar, or one that "
        "something has happened to; add sure=True if it is meant"
    )


def is_name(what: Any) -> bool:
    """Tell whether something has the shape of a name, whatever goes by it."""
    kind, _, rest = str(what).partition(":")
    return what == STACK or (kind in KINDS and bool(rest))


def no_name(what: Any) -> str:
    """Say that something is no name, and what one looks like."""
    return (
        f"{str(what)!r} is no name; expected stack, or one of {', '.join(KINDS)} with a name "
        "behind a colon, such as job:web"
    )
