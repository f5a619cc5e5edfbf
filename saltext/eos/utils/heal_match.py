"""
Which policies a fact is for, what thing it is about, and whether that happened often enough.

A fact that has not settled, or that is told again for a person to look at, is for none.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from saltext.eos.utils import event_text
from saltext.eos.utils.heal_state import component_of

Table = Mapping[str, Mapping[str, Any]]
Index = Mapping[str, list[tuple[str, Mapping[str, Any]]]]
# Sources where one name may stand for two things: a job of one region is not that of another.
CLUSTERS = ("nomad", "consul")
MOST_DISTINCT = 256
WORD = re.compile(r"\{(count|limit|proposed)\}")
MIB = 2**20
# A kill tells that more was wanted, not how much: half as much again, in steps of 16 MiB.
MORE, STEP = 1.5, 16 * MIB


class Match(NamedTuple):
    """
    A policy that a fact is for.

    :param policy: its name.
    :param cluster: the region or datacenter; empty for a fact of a host.
    :param subject: the leaves of its key with their values.
    """

    policy: str
    cluster: str
    subject: dict[str, Any]

    def key(self) -> str:
        """Name the incident that this joins, the same at every fact about it."""
        return digest(self.policy, self.cluster, self.subject)


def digest(*parts: Any) -> str:
    """Give the hash of some JSON values, whatever the order of their keys."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def index(table: Table) -> dict[str, list[tuple[str, Mapping[str, Any]]]]:
    """Order the policies by what they are for."""
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for name in sorted(table):
        for occurrence in table[name]["on"]:
            found.setdefault(occurrence, []).append((name, table[name]))
    return found


def matches(index_: Index, envelope: Mapping[str, Any]) -> list[Match]:
    """Give the policies that a fact is for; one whose key is not all there is not for it."""
    candidates = index_.get(f"{envelope['event']}/{envelope['verb']}")
    if not candidates or envelope.get("settled") is False or envelope.get("replay"):
        return []
    found = []
    for name, policy in candidates:
        if not all(leaf(envelope, at) in want for at, want in (policy.get("match") or {}).items()):
            continue
        required = policy.get("require") or {}
        if required.get("attributed") and leaf(envelope, "verdict.is_attributed") is False:
            continue
        subject = {at: leaf(envelope, at) for at in policy["key"]}
        if is_for(policy, subject):
            found.append(Match(name, cluster(envelope), subject))
    return found


def is_for(policy: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    """Tell whether the key is all there, and names a component that the act may be done to."""
    if any(value is None for value in subject.values()):
        return False
    act = policy.get("act") or {}
    return "component_of" not in act or component_of(act, subject) is not None


def leaf(envelope: Mapping[str, Any], at: str) -> Any:
    """
    Give one leaf of a fact; None when it is not there.

    :param at: such as ``subject.job``.
    """
    part, _, name = at.partition(".")
    held = envelope.get(part)
    return held.get(name) if isinstance(held, dict) else None


def cluster(envelope: Mapping[str, Any]) -> str:
    """Name the region or datacenter that a fact is from."""
    source = envelope.get("source")
    if isinstance(source, dict) and source.get("kind") in CLUSTERS:
        return str(source.get("name") or "")
    return ""


def place(subject: Mapping[str, Any]) -> str:
    """Name a thing as people read it: ``job web, namespace default``."""
    named = (f"{at.partition('.')[2]} {event_text.shown(subject[at])}" for at in subject)
    return ", ".join(named)


def sentence(words: str, envelope: Mapping[str, Any], count: int) -> str:
    """
    Put the leaves of a fact into the words of a policy.

    :param words: text with {references}, {count}, {limit} and {proposed}.
    :param count: how many facts the incident has.
    """
    told = {"count": str(count), **_sizes(envelope)}
    return WORD.sub(lambda found: told[found[1]], event_text.fill(words, dict(envelope)))


def _sizes(envelope: Mapping[str, Any]) -> dict[str, str]:
    """Give the memory limit of a kill, and what is proposed in its place, as the pillar has it."""
    limit = str(leaf(envelope, "verdict.limit") or "")
    if not limit.isdecimal() or not int(limit):
        return {"limit": "-", "proposed": "-"}
    wanted = math.ceil(int(limit) * MORE / STEP) * STEP
    return {"limit": f"{round(int(limit) / MIB, 1):g}MiB", "proposed": f"{wanted // MIB}MiB"}


def value_of(envelope: Mapping[str, Any], repeated: Mapping[str, Any]) -> Any:
    """Give by what a fact counts: the leaf ``distinct``; by itself without one."""
    distinct = repeated.get("distinct")
    return envelope["id"] if distinct is None else leaf(envelope, distinct)


def told(
    held: Iterable[tuple[float, str]], policy: Mapping[str, Any], id_: str, most: int
) -> list[str]:
    """
    List the facts that are one incident when it opens: those that counted, this one last.

    :param held: what counted.
    :param most: how many are kept.
    """
    repeated = (policy.get("require") or {}).get("repeated") or {"distinct": ""}
    before = [] if repeated.get("distinct") is not None else [one for _, one in held if one]
    return [*dict.fromkeys([*(one for one in before if one != id_), id_])][-most:]


def counted(
    before: Iterable[tuple[float, str]], at: float, value: Any, repeated: Mapping[str, Any]
) -> tuple[list[tuple[float, str]], bool]:
    """
    Count a fact, and say whether it has now happened often enough.

    Of one value of ``distinct`` only the latest counts. Facts may come in any order.

    :param before: moments that counted so far, in seconds, each with its value.
    :param at: moment of this one.
    :param value: of the leaf ``distinct``; the id of the fact without one.
    :param repeated: ``times``, ``within`` in seconds, ``distinct``.
    """
    held = [*before]
    if repeated.get("distinct") is None:
        held = sorted([*held, (at, "" if value is None else str(value))])
        held = held[-int(repeated["times"]) :]
    else:
        latest = {text: moment for moment, text in held}
        name = str(value)
        latest[name] = max(at, latest.get(name, at))
        held = sorted((moment, text) for text, moment in latest.items())[-MOST_DISTINCT:]
    newest = held[-1][0]
    kept = [one for one in held if one[0] > newest - float(repeated["within"])]
    return kept, len(kept) >= int(repeated["times"])
