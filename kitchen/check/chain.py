"""Judge rendered states: do their functions, arguments and requisites exist?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import salt.state
from functions import Library
from problem import Problem

REQUISITES = salt.state.STATE_REQUISITE_KEYWORDS | salt.state.STATE_REQUISITE_IN_KEYWORDS
GLOBAL = salt.state.STATE_INTERNAL_KEYWORDS | {"no_log", "umask", "fire_event", "retry", "order"}
SKIPPED = ("include", "exclude", "extend")


class State(NamedTuple):
    """One state function of one id."""

    id: str
    module: str
    function: str
    arguments: dict[str, Any]
    sls: str

    @property
    def name(self) -> str:
        """Its name: the id when nothing else is said."""
        return str(self.arguments.get("name", self.id))


def states(high: dict[str, Any]) -> list[State]:
    """List the states of high data, as written or as Salt padded it."""
    found = []
    for state_id, body in high.items():
        if state_id in SKIPPED or state_id.startswith("__") or not isinstance(body, dict):
            continue
        for key, value in body.items():
            if key.startswith("__"):
                continue
            module, _, function = key.rstrip("\0").partition(".")
            items = value if isinstance(value, list) else []
            words = [item for item in items if isinstance(item, str)]
            arguments = {k: v for item in items if isinstance(item, dict) for k, v in item.items()}
            name = function or (words[0] if words else "")
            found.append(State(state_id, module, name, arguments, str(body.get("__sls__", ""))))
    return found


def functions(found: list[State], library: Library, file: str) -> Iterator[Problem]:
    """Check that every function exists and takes the arguments it is given."""
    for one in found:
        full = f"{one.module}.{one.function}"
        signature = library.signature(full)
        if signature is None:
            text = (
                f"id {one.id}: state function {full} does not exist; expected one of the pinned "
                "Salt or of the wheel; correct its name"
            )
            yield Problem(file, "EOS405", text)
            continue
        given = set(one.arguments) - GLOBAL - REQUISITES
        for argument in sorted(given):
            if not signature.accepts(full, argument):
                text = (
                    f"id {one.id}: {full} has no argument {argument}; expected one of "
                    f"{', '.join(sorted(signature.names))}; correct it"
                )
                yield Problem(file, "EOS407", text)
        for argument in sorted(signature.required - given - {"name"}):
            text = f"id {one.id}: {full} needs the argument {argument}; expected a value; give it"
            yield Problem(file, "EOS410", text)


def requisites(
    found: list[State], every: list[State], sls: set[str], file: str
) -> Iterator[Problem]:
    """
    Check that every requisite names a state, or an SLS, that is there.

    :param found: whose requisites are checked.
    :param every: what they may name.
    """
    known = {(one.module, word) for one in every for word in (one.id, one.name)}
    ids = {one.id for one in every} | {one.name for one in every}
    for one in found:
        for keyword in REQUISITES & set(one.arguments):
            for requisite in one.arguments[keyword] or ():
                pair = next(iter(requisite.items())) if isinstance(requisite, dict) else None
                module, name = pair or (None, str(requisite))
                there = {
                    None: name in ids,
                    "id": name in ids,
                    "sls": name in sls,
                }.get(module, (module, name) in known)
                if not there:
                    text = (
                        f"id {one.id}: {keyword} names {f'{module}: ' if module else ''}{name}, "
                        "which does not exist; expected the id or name of a state in this SLS or "
                        "in one it includes; correct it"
                    )
                    yield Problem(file, "EOS403", text)
