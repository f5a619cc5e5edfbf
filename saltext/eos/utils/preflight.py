"""Everything that can be known to fail before a host is touched."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import contract, heal_setup, master, measures, sealed
from saltext.eos.version import SCHEMA, __version__

IDLE_WITHIN = 300


def findings(opts: dict[str, Any], form: dict[str, Any], known: contract.Contract) -> list[str]:
    """
    List what stands in the way of this stack; a stack that already runs has nothing.

    :param form: the compiled form of the whole stack.
    :param known: the contract.
    """
    nodes = sorted(form["all"])
    packages = {name: _packages(form, name) for name in nodes}
    every = sorted(set().union(*packages.values())) if packages else []
    answers = master.ask(opts, nodes, "eos_node.facts", [every])
    found = [*master_side(opts), *_several(form)]
    for node in nodes:
        if node not in answers:
            found.append(
                f"{node} does not answer; expected an accepted minion that runs; see "
                "`salt-run manage.down` and `salt-key -L`"
            )
            continue
        facts = answers[node]["ret"]
        if not isinstance(facts, dict):
            found.append(
                f"{node} does not know eos_node.facts; expected the wheel saltext-eos in the "
                f"minion's Python; install it there and restart the minion ({facts})"
            )
            continue
        found += skew(node, facts)
        found += _pillar(opts, node)
        found += _ports(node, form["all"][node], facts)
        found += _memory(node, form["all"][node], facts)
        found += _identity(node, packages[node], facts, form["all"][node])
    return found


def master_side(opts: dict[str, Any]) -> list[str]:
    """Check what only the master's own configuration can break."""
    found = []
    order = [name for entry in opts.get("ext_pillar") or () for name in entry]
    if not order or order[-1] != "eos":
        found.append(
            f"ext_pillar of this master is {', '.join(order) or 'empty'}; expected `eos` as the "
            "last; run `saltext-eos configure-master`"
        )
    if not sealed.has_key(opts):
        found.append(
            "this master has no custody key; run `saltext-eos configure-master` as root, which "
            "makes it"
        )
    found += [
        f"{path} hides a module of the wheel; remove that copy" for path in contract.shadowed(opts)
    ]
    return found + heal_setup.problems(opts)


def _several(form: dict[str, Any]) -> list[str]:
    """
    Refuse what is not safe yet: server set-up on every node, with the tokens it needs.

    Components without a role run everywhere, and ``vault_open`` would open a Vault of its own on
    each node; nothing is made or delivered before this is told.
    """
    nodes = form["plan"]["nodes_of"].get("vault_open", [])
    if len(nodes) <= 1:
        return []
    return [
        f"eos:topology has {len(nodes)} nodes ({', '.join(nodes)}); expected one: this version "
        "sets up the servers of one node only; take the others out of eos:topology"
    ]


def skew(node: str, facts: dict[str, Any]) -> list[str]:
    """Compare a minion's wheel with this master's."""
    mine = {"eos": __version__, "schema": SCHEMA, "contract": contract.digest()}
    found = [
        f"{node} has {name} {facts.get(name)}; expected {mine[name]}, as on the master; install "
        "the same wheel there and restart the minion"
        for name in mine
        if facts.get(name) != mine[name]
    ]
    return found + [
        f"{path} on {node} hides a module of the wheel; remove that copy"
        for path in facts.get("shadowed", ())
    ]


def _pillar(opts: dict[str, Any], node: str) -> list[str]:
    pillar = master.node_pillar(opts, node)
    errors = [f"pillar of {node}: {error}" for error in pillar.get("_errors", ())]
    if not errors and not (pillar.get("eos") or {}).get("_compiled"):
        return [
            f"pillar of {node} has no eos:_compiled; expected `eos` for it too; add to the "
            f"pillar's top.sls `'{node}': [eos]`"
        ]
    return errors


def _packages(form: dict[str, Any], node: str) -> list[str]:
    parts = form["all"][node]["components"].values()
    return sorted({name for part in parts for name in part.get("packages", ())})


def _ports(node: str, compiled: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    """Tell ports held by a stranger from free ones and from those our own unit holds."""
    found = []
    for name, part in compiled["components"].items():
        if not part.get("unit"):
            continue
        for field, port in part["ports"].items():
            holder = facts["listeners"].get(str(port["port"]))
            if holder and holder["unit"] not in ("", part["unit"]):
                found.append(
                    f"port {port['port']} on {node} is held by {holder['command']} "
                    f"({holder['unit']}); expected it free for eos:{name}:{field}, or held by "
                    f"{part['unit']}; stop that unit, or give {name} another port"
                )
    return found


def _memory(node: str, compiled: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    declared = compiled["node"]["memory"]
    if facts["memory"] >= declared:
        return []
    return [
        f"{node} has {measures.readable(facts['memory'])} of memory; expected at least "
        f"{measures.readable(declared)}, as eos:topology:{node}:memory says; correct the pillar"
    ]


def _identity(
    node: str, packages: list[str], facts: dict[str, Any], compiled: dict[str, Any]
) -> list[str]:
    """Find packages of the right name from the wrong place: Debian's `loki` is another program."""
    values = compiled["components"].get("host", {}).get("values", {})
    uri = str((values.get("repository") or {}).get("uri", "")).rstrip("/")
    found = []
    for name in packages:
        package = facts["packages"].get(name) or {}
        offered = [one for one in package.get("offers", ()) if uri and one.rstrip("/") == uri]
        ours = [one for one in package.get("origins", ()) if uri and one.rstrip("/") == uri]
        if package.get("installed") and offered and not ours:
            found.append(
                f"package {name} {package['installed']} on {node} is not the one of {uri}; "
                "another program may have that name; remove it, then run this again"
            )
    return found
