"""What stands, what waits and for what: live observations laid over the graph of needs."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import master
from saltext.eos.utils.contract import Contract


def status(opts: dict[str, Any], form: dict[str, Any], known: Contract) -> dict[str, Any]:
    """
    Ask every node how its components are.

    A gate is ``passed``; ``waiting`` when it does not pass and something it needs does not either;
    ``failed`` when all it needs stands and it still does not pass; ``unknown`` without an answer.

    :param form: the compiled form of the whole stack.
    """
    nodes = sorted(form["all"])
    answers = master.ask(opts, nodes, "eos_gate.observe_all")
    books = master.ask(opts, sorted(answers), "eos_host.status")
    seen = _observed(form, answers)
    components = [_component(one, seen, known) for one in seen]
    return {
        "stack": form["stack"],
        "nodes": [
            {
                "name": name,
                "address": form["nodes"][name]["address"],
                "roles": form["nodes"][name]["roles"],
                "answers": name in answers,
                "refused": _refused(books.get(name)),
            }
            for name in nodes
        ],
        "components": [one for one in components if one["entry"] is None],
        "apps": _apps(form, [one for one in components if one["entry"] is not None]),
    }


def readable(status: dict[str, Any]) -> str:
    """Write a status for people: a line each, and for what does not stand, why."""
    lines = []
    for one in status["components"]:
        line = f"{one['gate']:8} {one['name']} on {one['node']}"
        if one["gate"] == "waiting" and one["waits_for"]:
            line += f": waits for {', '.join(one['waits_for'])}"
        elif one["gate"] != "passed":
            line += f": {one['observed']}" + (f" ({one['why']})" if one["why"] else "")
        lines.append(line)
    for app in status["apps"]:
        line = f"{app['gate']:8} app {app['name']} {app['url'] or ''}".rstrip()
        lines.append(line + ("" if app["gate"] == "passed" else f": {app['observed']}"))
    return "\n".join(lines)


def needs(status: dict[str, Any]) -> list[str]:
    """List what does not stand although all that it needs does, and who goes by an old pillar."""
    found = [
        f"{one['name']} has a pillar that is refused, since {one['refused']['since']}, and goes by "
        f"what it read before: {one['refused']['why']}; when the pillar is right, run "
        f"`salt {one['name']} saltutil.refresh_pillar`; it asks again every 5 minutes by itself"
        for one in status["nodes"]
        if one["refused"]
    ]
    found += [
        f"{one['name']} on {one['node']} is {one['gate']}: {one['observed']}"
        for one in status["components"]
        if one["gate"] in ("failed", "unknown")
    ]
    return found + [
        f"app {app['name']} is {app['gate']}: {app['observed']}"
        for app in status["apps"]
        if app["gate"] in ("failed", "unknown")
    ]


def _refused(answer: dict[str, Any] | None) -> dict[str, str] | None:
    """Read since when and why a minion's own pillar is refused; None where it is not."""
    told = (answer or {}).get("ret")
    found = told.get("refused") if isinstance(told, dict) else None
    return {name: str(found.get(name)) for name in ("since", "why")} if found else None


def _observed(form: dict[str, Any], answers: dict[str, Any]) -> list[dict[str, Any]]:
    """Give one row per component, entry and node; ``unknown`` where nothing answered."""
    rows = []
    for node, compiled in form["all"].items():
        answer = answers.get(node, {}).get("ret")
        told = {
            (one["component"], one["entry"]): one
            for one in (answer if isinstance(answer, list) else ())
        }
        silence = "the minion does not answer" if answer is None else str(answer)[:200]
        for name, part in compiled["components"].items():
            for entry in part.get("each", [None]):
                blank = {"gate": "unknown", "observed": silence, "why": ""}
                one = told.get((name, entry), blank)
                rows.append(
                    {
                        "name": name,
                        "entry": entry,
                        "node": node,
                        "gate": one["gate"],
                        "observed": one["observed"],
                        "why": one["why"],
                    }
                )
    return rows


def _component(one: dict[str, Any], seen: list[dict[str, Any]], known: Contract) -> dict[str, Any]:
    standing: dict[str, bool] = {}
    for other in seen:
        passed = other["gate"] == "passed"
        standing[other["name"]] = standing.get(other["name"], True) and passed
    needs = known.components[one["name"]]["spec"]["needs"]
    waits_for = [need for need in needs if not standing.get(need, True)]
    gate = one["gate"]
    if gate == "waiting" and not waits_for:
        gate = "failed"
    return {**one, "gate": gate, "waits_for": [] if gate == "passed" else waits_for}


def _apps(form: dict[str, Any], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    apps = []
    for one in entries:
        part = form["all"][one["node"]]["components"][one["name"]]["each"][one["entry"]]
        route = part["values"].get("route")
        apps.append(
            {
                "name": one["entry"],
                "url": f"https://{route}" if route else None,
                "gate": one["gate"],
                "observed": one["observed"],
                "why": one["why"],
                "waits_for": one["waits_for"],
            }
        )
    return apps
