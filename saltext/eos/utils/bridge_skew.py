"""
Whether sidecar and engine know the same events, and which of the two is older.

A fact that the engine does not know, or knows otherwise, would be a dead letter. So a sidecar whose
events are not all known here, with the same digest, is not served: its facts wait in its journal.
Events that only the engine knows harm nobody.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from saltext.eos.events import table
from saltext.eos.utils import bridge_self
from saltext.eos.utils.bridge_self import Said
from saltext.eos.version import __version__

MOST_NAMED = 3
# A sidecar that waits greets again twice a minute at least.
GONE = 300.0
_NUMBER = re.compile(r"\d+")
_DO = {
    "engine": "the engine is older: install on the master the wheel saltext-eos that belongs to "
    "this sidecar, and restart the master",
    "sidecar": "the sidecar is older: install the package eos-sidecar that belongs to this wheel, "
    "as `salt-run state.orchestrate eos.apply` does",
    None: "their versions do not tell which is older: install wheel and sidecar of one build",
}


class Skew(NamedTuple):
    """
    What two contracts differ in.

    :param older: ``engine``, ``sidecar``, or None where nothing tells.
    """

    older: str | None
    reason: str


def mine() -> dict[str, str]:
    """Give the digest of each event that this wheel knows."""
    return {name: str(rules["digest"]) for name, rules in table.TABLE.items()}


def skew(
    theirs: Any, version: str, known: Mapping[str, str], own: str = __version__
) -> Skew | None:
    """
    Say what keeps a sidecar's facts from being taken; None when nothing does.

    :param theirs: the digest of each event that the sidecar knows, as its greeting tells it; one of
        before contracts were compared tells none.
    :param version: the sidecar's.
    :param known: the digest of each event that the engine knows.
    :param own: the engine's version.
    """
    if not isinstance(theirs, dict) or not theirs:
        return _said("sidecar", "tells no contract of events", version, own)
    unlike = sorted(str(name)[:80] for name in theirs if known.get(name) != theirs[name])
    if not unlike:
        return None
    more = len(unlike) - MOST_NAMED
    names = ", ".join(unlike[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    what = f"has events that this engine does not have, or has otherwise: {names}"
    return _said(_older(theirs, version, known, own), what, version, own)


def standing(streams: list[dict[str, Any]], now: float) -> dict[str, str]:
    """
    Give why a sidecar's facts are not taken, by its instance; one that is gone waits for nothing.

    :param streams: the sidecars that have greeted, the last one heard last.
    :param now: seconds since 1970.
    """
    newest = {stream["instance"]: stream for stream in streams}
    return {
        instance: str(stream["status"]["skew"].get("reason"))
        for instance, stream in newest.items()
        if now - stream["seen"] <= GONE and isinstance((stream["status"] or {}).get("skew"), dict)
    }


def alarms(streams: list[dict[str, Any]], told: set[str], now: float) -> Iterator[tuple[str, Said]]:
    """
    Give an alarm for each sidecar whose facts wait, unless it was told, with the mark of it.

    :param told: the marks of alarms that were told.
    """
    for instance, reason in standing(streams, now).items():
        mark = hashlib.sha256(f"{instance} {reason}".encode()).hexdigest()[:16]
        if mark not in told:
            detail = f"facts of sidecar {instance} wait in its journal: {reason}"
            yield mark, bridge_self.alarm("contract", mark, detail)


def _said(older: str | None, what: str, version: str, own: str) -> Skew:
    reason = f"sidecar {version} {what}; expected those of engine {own}; {_DO[older]}"
    return Skew(older, reason)


def _older(
    theirs: Mapping[str, Any], version: str, known: Mapping[str, str], own: str
) -> str | None:
    """Judge by the versions, and where they are one, by who knows events that the other lacks."""
    ours, its = _numbers(own), _numbers(version)
    if ours != its:
        return "engine" if ours < its else "sidecar"
    only_theirs, only_ours = theirs.keys() - known.keys(), known.keys() - theirs.keys()
    if bool(only_theirs) == bool(only_ours):
        return None
    return "engine" if only_theirs else "sidecar"


def _numbers(version: str) -> list[int]:
    return [int(one) for one in _NUMBER.findall(version)]
