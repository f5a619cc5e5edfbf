"""Access to ``eos:_compiled``, the form that states and gates read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import salt.pillar
from salt.exceptions import CommandExecutionError

from saltext.eos.utils.mask import plain
from saltext.eos.version import SCHEMA


def compiled(pillar: Mapping[str, Any], part: str = "components") -> dict[str, Any]:
    """
    Give the compiled form in ``pillar`` as plain containers.

    :param part: what it must have: a minion outside of the stack has ``objects`` at most.
    :raises CommandExecutionError: it is absent, or of a schema this wheel does not support.
    """
    eos = pillar.get("eos") if isinstance(pillar, Mapping) else None
    form = eos.get("_compiled") if isinstance(eos, Mapping) else None
    if not isinstance(form, Mapping):
        raise CommandExecutionError(
            "pillar has no eos:_compiled: this minion is not in eos:topology, or the ext_pillar "
            "`eos` did not run or refused its pillar; expected it as the last ext_pillar of the "
            "master; run `saltext-eos configure-master` there, and `salt-run eos.preflight`"
        )
    found = form.get("schema")
    if found != SCHEMA:
        raise CommandExecutionError(
            f"eos:_compiled has schema {found!r}; expected {SCHEMA}, the one this minion's wheel "
            "supports; install the same saltext-eos on master and minion "
            "(`salt-run eos.versions` shows both)"
        )
    if part not in form:
        node = (form.get("node") or {}).get("id")
        raise CommandExecutionError(_without(part, node))
    return plain(form)


def _without(part: str, node: Any) -> str:
    if part == "objects":
        return (
            f"pillar of {node} has no eos:objects; expected at least one resource there, such as "
            "`eos: {objects: {nomad_namespace: {web: {}}}}`; see the pillar reference"
        )
    return (
        f"{node} is not in eos:topology, so nothing of the stack runs there; expected a node of "
        "the topology; `state.apply eos.objects` alone works here"
    )


def fresh(opts: Mapping[str, Any], grains: Mapping[str, Any]) -> dict[str, Any]:
    """
    Ask the master for this minion's pillar as it is now.

    A minion's own copy is as old as its last refresh, and an execution function outside of a
    state run sees that copy. Options of a state run carry a fresh one already.
    """
    compiler = salt.pillar.get_pillar(
        opts, plain(grains), opts["id"], opts.get("saltenv"), pillarenv=opts.get("pillarenv")
    )
    try:
        return dict(plain(compiler.compile_pillar()))
    finally:
        destroy = getattr(compiler, "destroy", None)
        if destroy:
            destroy()


def component(pillar: Mapping[str, Any], name: str, entry: str | None = None) -> dict[str, Any]:
    """
    Give one component of this node, or one entry of a component that exists once per app.

    :raises CommandExecutionError: the component does not run here, or has no such entry.
    """
    form = compiled(pillar)
    part = form["components"].get(name)
    if part is None:
        here = ", ".join(sorted(form["components"])) or "nothing"
        raise CommandExecutionError(
            f"component {name} does not run on {form['node']['id']}; here runs: {here}; give the "
            f"node a role in eos:topology:{form['node']['id']}:roles:{name}"
        )
    if entry is None:
        return part
    entries = part.get("each") or {}
    if entry not in entries:
        raise CommandExecutionError(
            f"component {name} has no entry {entry}; expected one of: "
            f"{', '.join(sorted(entries)) or 'none'}; add eos:apps:{entry}"
        )
    return entries[entry]
