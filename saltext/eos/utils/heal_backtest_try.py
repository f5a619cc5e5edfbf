"""What a trial changes: settings in pillar's form over those of today, and policies by override."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import yaml

from saltext.eos import heal_checks
from saltext.eos.events import table as events
from saltext.eos.utils import heal_settings, measures
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.validate import nearest, show

LAYERS = ("settled", "exhausted", "failed")
CLASSES = ("core", "data", "platform", "leaf", "batch")


class Refused(ValueError):
    """What was given cannot be meant: where, what was expected, what was found."""

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(f"{path}: expected {expected}; found {found}")


Check = Callable[[str, Any], Any]


class Tried(NamedTuple):
    """
    Settings and policies of a trial.

    :param changes: one sentence for each thing that is not as it is today.
    """

    settings: Settings
    table: dict[str, dict[str, Any]]
    changes: tuple[str, ...]


def tried(
    today: Mapping[str, Any], table: Mapping[str, Mapping[str, Any]], *, settings: Any = None,
    policies: Any = None, text: str | None = None, mode: Any = None,
) -> Tried:  # fmt: skip
    """
    Put what is to be tried over what holds today.

    :param today: pillar ``eos:heal`` as it is.
    :param settings: what is changed of it, in its own form, as a mapping or as YAML.
    :param policies: by name what is changed of a policy.
    :param text: YAML with ``settings`` and ``policies``; what is given beside it goes over it.
    :raises Refused: with the path, what was expected and what was found.
    """
    given = _parsed("file", text)
    if set(given) - {"settings", "policies"}:
        unknown = sorted(map(str, set(given) - {"settings", "policies"}))
        raise Refused("file", "settings and policies", ", ".join(unknown))
    over = _merged(_parsed("settings", given.get("settings")), _parsed("settings", settings))
    if mode is not None:
        over["mode"] = mode
    whole = _merged(dict(today), over)
    read = heal_settings.read(whole)
    changed = _merged(_parsed("policies", given.get("policies")), _parsed("policies", policies))
    held = {name: copy.deepcopy(dict(one)) for name, one in table.items()}
    changes = [*_changes("", today, whole)]
    for name, part in changed.items():
        before = copy.deepcopy(held.get(str(name), {}))
        held[str(name)] = _policy(str(name), held, part)
        changes += _changes(f"policies:{name}:", before, held[str(name)])
    return Tried(read, held, tuple(changes))


def _parsed(what: str, given: Any) -> dict[str, Any]:
    if given is None or given == "":
        return {}
    if isinstance(given, str):
        try:
            given = yaml.safe_load(given)
        except yaml.YAMLError as err:
            raise Refused(what, "YAML", str(err)) from err
    if not isinstance(given, Mapping):
        raise Refused(what, "a mapping", show(given))
    return dict(given)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(under)
    for name, value in over.items():
        held = found.get(name)
        is_both = isinstance(held, Mapping) and isinstance(value, Mapping)
        found[name] = _merged(held or {}, value) if is_both else value
    return found


def _changes(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    found = []
    for name in sorted({*before, *after}, key=str):
        was, now = before.get(name), after.get(name)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            found += _changes(f"{path}{name}:", was, now)
        elif was != now:
            shown = "default" if was is None else was
            found.append(f"{path}{name}: {shown} -> {now}")
    return found


def _policy(name: str, table: Mapping[str, Mapping[str, Any]], part: Any) -> dict[str, Any]:
    path = f"policies:{name}"
    if not isinstance(part, Mapping):
        raise Refused(path, "a mapping", show(part))
    # A bare `on` is true in YAML 1.1.
    part = {"on" if word is True else word: value for word, value in part.items()}
    if name not in table and not {"on", "key", "act"} <= set(part):
        known = f"one of {', '.join(sorted(table))}{nearest(name, table)}"
        raise Refused(path, f"{known}, or a whole policy with on, key and act", "an unknown name")
    if set(part) - set(_PARTS):
        unknown = ", ".join(sorted(map(str, set(part) - set(_PARTS))))
        raise Refused(path, f"some of {', '.join(_PARTS)}", unknown)
    held = dict(table.get(name, _EMPTY))
    for word, value in part.items():
        read = _PARTS[word](f"{path}:{word}", value)
        held[word] = {**held[word], **read} if word in ("require", "limits") else read
    return held


def _leaves(known: Mapping[str, Check]) -> Check:
    def read(path: str, found: Any) -> dict[str, Any]:
        if not isinstance(found, Mapping):
            raise Refused(path, "a mapping", show(found))
        for name in found:
            if name not in known:
                words = f"one of {', '.join(sorted(known))}{nearest(str(name), known)}"
                raise Refused(f"{path}:{name}", words, "an unknown key")
        return {name: known[name](f"{path}:{name}", value) for name, value in found.items()}

    return read


def _or_none(check: Check) -> Check:
    return lambda path, found: None if found is None else check(path, found)


def _count(path: str, found: Any) -> int:
    if type(found) is int and found >= 1:
        return found
    raise Refused(path, "a whole number from 1 on", show(found))


def _time(path: str, found: Any) -> float:
    seconds = float(found) if type(found) in (int, float) else 0.0
    if isinstance(found, str):
        try:
            seconds = float(measures.duration(found))
        except ValueError:
            seconds = 0.0
    if 0 < seconds < 1e9:
        return seconds
    raise Refused(path, "a time such as '10m'", show(found))


def _flag(path: str, found: Any) -> bool:
    if type(found) is bool:
        return found
    raise Refused(path, "true or false", show(found))


def _text(path: str, found: Any) -> str:
    if type(found) is str:
        return found
    raise Refused(path, "text", show(found))


def _one_of(*known: str) -> Check:
    def read(path: str, found: Any) -> Any:
        if found in known:
            return found
        raise Refused(path, f"one of {', '.join(known)}", show(found))

    return read


def _some(check: Check) -> Check:
    def read(path: str, found: Any) -> list[Any]:
        if isinstance(found, list):
            return [check(f"{path}:{number}", one) for number, one in enumerate(found)]
        raise Refused(path, "a list", show(found))

    return read


def _hook(path: str, found: Any) -> str:
    known = [name for name in vars(heal_checks) if name.startswith("allocation_")]
    return str(_one_of(*known)(path, found))


def _occurrence(path: str, found: Any) -> str:
    event, _, verb = str(found).rpartition("/")
    if event in events.TABLE and verb in events.TABLE[event]["verbs"]:
        return str(found)
    raise Refused(path, "an event and its verb", show(found))


def _leaf(path: str, found: Any) -> str:
    part, _, name = str(found).partition(".")
    if part in ("subject", "verdict", "change", "links") and name.isidentifier():
        return str(found)
    raise Refused(path, "a leaf such as subject.job", show(found))


def _match(path: str, found: Any) -> dict[str, list[Any]]:
    if not isinstance(found, Mapping):
        raise Refused(path, "a mapping", show(found))
    return {_leaf(path, at): _some(lambda _, one: one)(f"{path}:{at}", found[at]) for at in found}


def _act(path: str, found: Any) -> dict[str, Any]:
    words = _leaves({
        "do": _one_of("apply", "evaluate", "deregister", "resync", "unseal", "propose", "freeze",
                      "hold", "suspect", "report", "alarm", "watch"),
        "component": _text, "field": _one_of("memory", "count"), "for": _time,
    })  # fmt: skip
    held: dict[str, Any] = words(path, found)
    if "do" not in held:
        raise Refused(path, "do", show(found))
    return held


_PARTS: dict[str, Check] = {
    "on": _some(_occurrence), "match": _match, "key": _some(_leaf), "act": _act,
    "says": _text, "otherwise": _text,
    "limits": _leaves({"attempts": _or_none(_count), "cool_down": _or_none(_time)}),
    "require": _leaves({
        "attributed": _flag, "classes": _some(_one_of(*CLASSES)),
        "layer_below": _or_none(_one_of(*LAYERS)), "hook": _or_none(_hook),
        "repeated": _or_none(_leaves({
            "times": _count, "within": _time, "distinct": _or_none(_leaf)})),
    }),
}  # fmt: skip
_EMPTY: dict[str, Any] = {
    "on": [], "match": {}, "key": [], "act": {}, "says": "", "otherwise": "",
    "limits": {"attempts": None, "cool_down": None},
    "require": {"attributed": False, "repeated": None, "classes": [], "layer_below": None,
                "hook": None},
}  # fmt: skip
