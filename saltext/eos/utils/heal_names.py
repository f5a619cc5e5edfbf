"""Judge pillar ``eos:heal`` beside the rest of the pillar: its values, and that its names exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from saltext.eos.utils import app_database, canary, heal_settings
from saltext.eos.utils.contract import Contract
from saltext.eos.utils.validate import Finding, nearest, show

WHERE = ("eos", "heal")


def judge(contract: Contract, eos: Mapping[str, Any]) -> list[Finding]:
    """List everything wrong with ``eos:heal``; an empty list means the healer can read it."""
    heal = eos.get("heal")
    if heal is None:
        return []
    if not isinstance(heal, Mapping):
        return [Finding(WHERE, "a mapping", show(heal))]
    known = {
        "components": [
            name for name, item in contract.components.items() if not item["spec"].get("each")
        ],
        "jobs": jobs_of(eos.get("apps")),
    }
    found = [finding for name in heal for finding in _refused({name: heal[name]})]
    for name, names in known.items():
        found += _unknown((*WHERE, name), heal.get(name), names)
    primary = heal.get("primary")
    if isinstance(primary, str) and primary not in (eos.get("topology") or {}):
        expected = f"a node of eos:topology{nearest(primary, eos.get('topology') or {})}"
        found.append(Finding((*WHERE, "primary"), expected, show(primary)))
    return found


def jobs_of(apps: Any) -> list[str]:
    """List the ids of the Nomad jobs that Eos compiles for these applications."""
    given = apps if isinstance(apps, Mapping) else {}
    databases = [
        app_database.job_name(name)
        for name, entry in given.items()
        if isinstance(entry, Mapping) and entry.get("database")
    ]
    return sorted([canary.NAME, *map(str, given), *databases])


def _refused(part: Mapping[str, Any]) -> list[Finding]:
    """Give what the judge says; it stops at the first, so it is asked for each key by itself."""
    (name, held), *_ = part.items()
    if isinstance(held, Mapping) and name in ("components", "jobs", "windows"):
        parts: list[dict[str, Any]] = [{name: {key: held[key]}} for key in held]
    else:
        parts = [dict(part)]
    found = []
    for one in parts:
        try:
            heal_settings.read(one)
        except heal_settings.Refused as err:
            found.append(err.finding)
    return found


def _unknown(where: tuple[str, ...], given: Any, names: Iterable[str]) -> list[Finding]:
    held = given if isinstance(given, Mapping) else {}
    return [
        Finding(
            (*where, str(name)),
            f"one of {', '.join(names)}{nearest(str(name), names)}",
            "a name that is none of them",
        )
        for name in held
        if name not in names
    ]
