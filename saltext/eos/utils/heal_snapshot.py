"""
One reading of the stack for the healer: its minions are asked at once, for what is needed alone.

A source that does not answer wholly blocks the reading; several answers about one region agree, or
what they differ in is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.utils import contract, heal_snapshot_silent, master
from saltext.eos.utils.heal_snapshot_shape import Needs, Snapshot

WITHIN = 8.0
# Seconds of silence after which a minion is asked whether it is still at work, and for its answer.
SILENCE, ALIVE = 5, 2
# After that the reading is told to end, also when a minion says that it goes on.
LONGEST = 30.0
Ask = Callable[[dict[str, Any]], Mapping[str, Any]]
Rows = list[dict[str, Any]]


def read(
    opts: dict[str, Any], form: Mapping[str, Any], clock: Callable[[], float], needs: Needs
) -> Snapshot:
    """
    Read what is needed, now.

    :param form: the compiled form of the whole stack.
    :param clock: the healer's seconds.
    """
    at = clock()
    core = core_of(form) if needs.red else frozenset()
    wanted = questions(form, needs, core)
    if isinstance(wanted, str):
        return Snapshot(at, named(wanted))
    if not wanted:
        return Snapshot(at)
    try:
        hasty = {**opts, "gather_job_timeout": ALIVE}
        answers = master.ask(
            hasty, sorted(wanted), "eos_heal.look", [wanted, WITHIN], SILENCE, LONGEST
        )
    except SaltRunnerError as err:
        return Snapshot(at, named(f"master: {err}"))
    told = {node: answer["ret"] for node, answer in answers.items()}
    # Read last: what was told until now is in it.
    unheard = heal_snapshot_silent.unheard(opts, needs.seals)
    return put_together(at, needs, core, wanted, told)._replace(unheard=unheard)


def questions(
    form: Mapping[str, Any], needs: Needs, core: Iterable[tuple[str, str]] = ()
) -> dict[str, dict[str, Any]] | str:
    """Give by node what it is asked; or in words why what is needed cannot be asked for."""
    found: dict[str, dict[str, Any]] = {}
    nomad, consul = _of_nomad(needs), _of_consul(needs)
    nodes = form.get("nodes") or {}
    if nomad or consul is not None:
        runners = [name for name in nodes if nodes[name]["roles"].get("sidecar")]
        if not runners:
            return "sidecar: no node of the topology has the role sidecar: [runner]"
        for name in runners:
            found[name] = {
                **({"nomad": nomad} if nomad else {}),
                **({"consul": consul} if consul is not None else {}),
            }
    for name, node in {*needs.gates, *core}:
        if node in nodes:
            found.setdefault(node, {}).setdefault("gates", []).append(name)
    for unit, node in needs.units:
        if node in nodes:
            found.setdefault(node, {}).setdefault("units", []).append(unit)
    for node in {*needs.seals, *_vaults(core)}:
        address = _vault(form, node)
        if address:
            found.setdefault(node, {})["vault"] = address
    return found


def put_together(
    at: float,
    needs: Needs,
    core: frozenset[tuple[str, str]],
    wanted: Mapping[str, Mapping[str, Any]],
    told: Mapping[str, Any],
) -> Snapshot:
    """
    Make one snapshot of what the nodes told.

    :param wanted: by node what it was asked.
    :param told: by node what it answered; a silent one is not there.
    """
    blocked = named(_blocked(wanted, told))
    gates = {pair: _gate(told.get(pair[1]), pair[0]) for pair in {*needs.gates, *core}}
    seal = {node: _sealed(told.get(node)) for node in {*needs.seals, *_vaults(core)}}
    units = {pair: _of_unit(told.get(pair[1]), pair[0]) for pair in needs.units}
    if blocked:
        return Snapshot(at, blocked, gates=gates, core=core, seal=seal, units=units)
    regions = _joined(told, "nomad", "regions")
    centers = _joined(told, "consul", "datacenters")
    jobs: dict[Any, Any] = {key: None for key in needs.jobs if key[0] in regions}
    jobs |= {
        (region, one["namespace"], one["job"]): one
        for region, answers in regions.items()
        for one in _agreed(answers, "jobs", ("namespace", "job"))
    }
    for key in _torn(regions, "jobs", ("namespace", "job")):
        jobs.pop(key, None)
    return Snapshot(
        at,
        totals={
            region: (
                min(one["managed"] for one in answers), max(one["unhealthy"] for one in answers)
            )
            for region, answers in regions.items()
            if all("managed" in one for one in answers)
        },
        jobs=jobs,
        allocations={
            one["id"]: {**one, "region": region}
            for region, answers in regions.items()
            for one in _agreed(answers, "allocations", ("id",))
        },
        torn=frozenset(key[1] for key in _torn(regions, "allocations", ("id",))),
        deployments={
            (region, one["namespace"], one["job"]): one
            for region, answers in regions.items()
            for one in _agreed(answers, "deployments", ("namespace", "job"))
        },
        evaluations={
            one["id"]: {**one, "region": region}
            for region, answers in regions.items()
            for answer in answers
            for one in answer.get("evaluations", ())
        },
        nodes={
            (region, one["id"]): one
            for region, answers in regions.items()
            for one in _agreed(answers, "nodes", ("id",))
        },
        versions=_versions(regions),
        members={
            (center, node): True
            for center, answers in centers.items()
            for node in set.intersection(*(set(one["members"]) for one in answers))
        },
        services={
            (center, *key): row
            for center, answers in centers.items()
            for key, row in _rows(answers, "services", ("node", "instance")).items()
        },
        gates=gates,
        core=core,
        seal=seal,
        units=units,
    )  # fmt: skip


def named(why: str) -> str:
    """Name a source first, and why it is not whole in brackets: so sentences can go on with it."""
    source, _, words = why.partition(": ")
    return f"{source} ({words})" if words else source


def _of_nomad(needs: Needs) -> dict[str, Any]:
    jobs = sorted({one[1:] for one in needs.jobs})
    parts: dict[str, Any] = {}
    if needs.totals or jobs:
        # An empty list still brings the totals.
        parts["jobs"] = [list(one) for one in jobs] or [["", ""]]
    if jobs or needs.allocations or needs.placed:
        parts["allocations"] = {
            "ids": sorted(needs.allocations),
            "jobs": [list(one) for one in jobs],
            "nodes": sorted({node for _, node in needs.placed}),
        }
    if jobs:
        parts["deployments"] = [list(one) for one in jobs]
        parts["evaluations"] = [list(one) for one in jobs]
    if needs.versions:
        parts["versions"] = [list(one) for one in sorted({one[1:] for one in needs.versions})]
    return parts


def _of_consul(needs: Needs) -> dict[str, list[str]] | None:
    if not needs.consul and not needs.registered:
        return None
    found: dict[str, list[str]] = {}
    for center, node in sorted(needs.registered):
        found.setdefault(center, []).append(node)
    return found


def core_of(form: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """
    Give every core service of every node: what all jobs stand on.

    Only what has a unit: other gates make tokens to prove themselves, and to look changes nothing.
    """
    known = contract.load().components
    return frozenset(
        (name, node)
        for node, part in (form.get("all") or {}).items()
        for name, one in part["components"].items()
        if name in known and known[name]["spec"]["class"] == "core" and one.get("unit")
    )


def _vaults(core: Iterable[tuple[str, str]]) -> set[str]:
    return {node for name, node in core if name == "vault"}


def _vault(form: Mapping[str, Any], node: str) -> str | None:
    part = ((form.get("all") or {}).get(node) or {}).get("components", {}).get("vault")
    return f"https://127.0.0.1:{part['values']['api']}" if part else None


def _blocked(wanted: Mapping[str, Mapping[str, Any]], told: Mapping[str, Any]) -> str:
    """Say which source is not whole: every answer counts, and one source needs at least one."""
    for name in ("nomad", "consul"):
        asked = [node for node in sorted(wanted) if name in wanted[node]]
        answers = [told[node] for node in asked if node in told]
        if asked and not answers:
            return f"{name}: {', '.join(asked)} did not answer"
        for answer in answers:
            if not isinstance(answer, dict):
                return f"{name}: {str(answer)[:120]}"
            if answer.get("blocked"):
                return str(answer["blocked"])
            if not isinstance(answer.get(name), dict):
                return f"{name}: the answer has none of it"
            if answer[name].get("blocked"):
                return str(answer[name]["blocked"])
    return ""


def _gate(answer: Any, name: str) -> str:
    gates = answer.get("gates") if isinstance(answer, dict) else None
    return str(gates.get(name, "unknown")) if isinstance(gates, dict) else "unknown"


def _of_unit(answer: Any, name: str) -> str:
    units = answer.get("units") if isinstance(answer, dict) else None
    return str(units.get(name, "")) if isinstance(units, dict) else ""


def _sealed(answer: Any) -> bool | None:
    said = answer.get("vault") if isinstance(answer, dict) else None
    if not isinstance(said, dict) or said.get("initialized") is not True:
        # What was never made has nothing that could be opened.
        return None
    return said["sealed"] if isinstance(said.get("sealed"), bool) else None


def _joined(told: Mapping[str, Any], kind: str, part: str) -> dict[str, Rows]:
    """Give all answers about each region."""
    found: dict[str, Rows] = {}
    for node in sorted(told):
        answer = told[node].get(kind) if isinstance(told[node], dict) else None
        for region, rows in ((answer or {}).get(part) or {}).items():
            found.setdefault(region, []).append(rows)
    return found


def _rows(answers: Rows, part: str, names: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    """Give the rows of all answers by their names; None for one that they differ in."""
    tables = [{tuple(row[name] for name in names): row for row in one.get(part, ())}
              for one in answers]  # fmt: skip
    keys = {key for table in tables for key in table}
    first = tables[0] if tables else {}
    return {
        key: first[key] if all(one.get(key) == first.get(key) for one in tables) else None
        for key in sorted(keys)
    }


def _agreed(answers: Rows, part: str, names: tuple[str, ...]) -> Rows:
    return [row for row in _rows(answers, part, names).values() if row is not None]


def _torn(regions: Mapping[str, Rows], part: str, names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [
        (region, *key)
        for region, answers in regions.items()
        for key, row in _rows(answers, part, names).items()
        if row is None
    ]


def _versions(regions: Mapping[str, Rows]) -> dict[tuple[str, ...], dict[int, Any]]:
    found: dict[tuple[str, ...], dict[int, Any]] = {}
    for region, answers in regions.items():
        for one in _agreed(answers, "versions", ("namespace", "job", "version")):
            found.setdefault((region, one["namespace"], one["job"]), {})[one["version"]] = one
    return found
