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
    apps = form["plan"]["apps"]
    jobs = (canary.NAME, *apps, *(app_database.job_name(app) for app in apps))
    return known | {f"{kind}:{name}" for name in jobs for kind in ("job", "service")}


def checked(what: Any, known: Iterable[str], *, is_sure: bool) -> str:
    """
    Give a name that people typed; one that means nothing here is refused with the nearest.

    :param is_sure: it is meant although nothing goes by it now.
    :raises Unclear: it is no name, or unknown.
    """
    text, every = str(what), sorted(known)
    kind, _, rest = text.partition(":")
    if text != STACK and (kind not in KINDS or not rest):
        meant = [one for one in every if one.partition(":")[2] == text]
        hint = f" (did you mean {' or '.join(meant)}?)" if meant else nearest(text, every)
        raise Unclear(
            f"{text!r} is no name; expected stack, or one of {', '.join(KINDS)} with a name behind "
            f"a colon, such as job:web{hint}"
        )
    # A job is known with its namespace and without it.
    if text in every or text.partition("@")[0] in every or is_sure:
        return text
    same = [one for one in every if one.startswith(f"{kind}:")]
    raise Unclear(
        f"{text} is unknown{nearest(text, same)}; expected a {kind} of the pillar, or one that "
        "something has happened to; add sure=True if it is meant"
    )
