"""
What of a Nomad job may be a secret: known by its place, because its name seldom says so.

Whoever writes a job may put a password into its environment, its templates, the arguments and
headers of its tasks, or an address. What stands there is never shown, whatever it is called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from saltext.eos.utils.state import HIDDEN

# Places whose every value is hidden: maps and lists of what only the job's author knows.
PLACES = frozenset({
    "Env", "Meta", "CanaryMeta", "TaggedAddresses", "Config", "ConfigOptions", "Header", "Headers",
    "EmbeddedTmpl", "Payload", "Args", "Command", "Body", "MountFlags", "Parameters",
    "GetterSource", "GetterOptions", "GetterHeaders", "Opaque",
})  # fmt: skip
# What of a driver's configuration says nothing but what runs.
HARMLESS = frozenset({
    "image", "force_pull", "network_mode", "ports", "privileged", "readonly_rootfs", "runtime",
    "work_dir",
})  # fmt: skip
# A size and a flag that are called like what is hidden.
_PLAIN = (["Resources", "SecretsMB"], ["Identity", "Env"])
_NAMED = re.compile(r"(?i)passw|secret|token|credential|private.?key|api.?key")
_PART = re.compile(r"[^.\[\]#]+")
_LOGIN = re.compile(r"(?<=://)[^\s'\"]*@")
_QUERY = re.compile(r"(?<=\S)\?[^\s'\"]*=[^\s'\"]*")
_GIVEN = re.compile(r"(?i)((?:passw|secret|token|credential|private.?key|api.?key)\S*?[=:]\s*)\S+")
SHORTEST = 4


def hidden(path: str, value: Any) -> Any:
    """
    Hide a value whose place or name says that it may be a secret, and logins inside addresses.

    :param path: where it is inside of its job, group or task, such as ``Env[PGPASS]``.
    """
    if value is None or isinstance(value, bool) or value == "":
        return value
    if _is_hidden(_PART.findall(path)):
        return HIDDEN
    return _without_logins(value) if isinstance(value, str) else value


def _is_hidden(path: list[str]) -> bool:
    if path[-2:] in _PLAIN and not PLACES.intersection(path[:-2]):
        return False
    if any(_NAMED.search(part) for part in path):
        return True
    below = next((n for n, part in enumerate(path) if part in PLACES), None)
    if below is None or path[0] == "ParameterizedJob":
        # Whether a run takes a payload is no payload.
        return False
    inner = path[below + 1 :]
    return not (path[below] == "Config" and inner and inner[0] in HARMLESS)


def shown(value: Any, path: str = "") -> Any:
    """Give a job as Nomad has it, with what may be a secret hidden."""
    if isinstance(value, dict):
        return {key: shown(one, f"{path}.{key}") for key, one in value.items()}
    if isinstance(value, list):
        return [shown(one, path) for one in value]
    return hidden(path, value)


def scrubbed(text: str, known: frozenset[str] = frozenset()) -> str:
    """
    Take out of a sentence what may be a secret.

    :param known: texts that must not be shown, as ``secrets_of`` gives them.
    """
    for one in sorted(known, key=len, reverse=True):
        text = text.replace(one, HIDDEN)
    return _GIVEN.sub(lambda found: found[1] + HIDDEN, _without_logins(text))


def _without_logins(text: str) -> str:
    return _QUERY.sub(f"?{HIDDEN}", _LOGIN.sub(f"{HIDDEN}@", text))


def secrets_of(value: Any, path: str = "") -> frozenset[str]:
    """Give every text of a job that is not shown and long enough to be known again."""
    return frozenset(one for one in _hidden_in(value, path) if len(one) >= SHORTEST)


def _hidden_in(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _hidden_in(one, f"{path}.{key}")
    elif isinstance(value, list):
        for one in value:
            yield from _hidden_in(one, path)
    elif isinstance(value, str) and hidden(path, value) == HIDDEN:
        yield value
