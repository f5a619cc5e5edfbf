"""Make secrets once, and an envelope of each for every minion that needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from saltext.eos.utils import envelope, sealed, store
from saltext.eos.utils.compile import secrets_of
from saltext.eos.utils.contract import Contract


def forms(contract: Contract, form: dict[str, Any]) -> dict[str, str]:
    """
    List every secret the stack has, with the form it is made in.

    :param form: the compiled form of the whole stack.
    """
    wanted: dict[str, str] = {}
    nodes_of, apps = form["plan"]["nodes_of"], form["plan"]["apps"]
    for name, component in contract.components.items():
        entries = apps if component["spec"].get("each") else [None]
        for field, facts in component["fields"].items():
            if not facts.get("secret") or not nodes_of.get(name):
                continue
            for entry in entries:
                parts = (name, entry, field) if entry else (name, field)
                wanted[".".join(parts)] = facts["secret"]
    return wanted


def deliver(
    opts: dict[str, Any], contract: Contract, form: dict[str, Any], *, test: bool
) -> dict[str, dict[str, Any]]:
    """
    Make what is missing; what is there stays as it is.

    :param form: the compiled form of the whole stack.
    :param test: only say what would be made.
    :return: changes, without any secret.
    """
    changes: dict[str, dict[str, Any]] = {}
    for name, kind in forms(contract, form).items():
        if sealed.exists(opts, name):
            continue
        changes[f"secret {name}"] = {"old": None, "new": f"sealed {kind}"}
        if not test:
            sealed.create(opts, name, sealed.generate(kind))
    for node, compiled in form["all"].items():
        names = secrets_of(compiled["components"])
        changes |= _envelopes(opts, node, names, test=test)
    return changes


def _envelopes(
    opts: dict[str, Any], node: str, names: list[str], *, test: bool
) -> dict[str, dict[str, Any]]:
    changes: dict[str, dict[str, Any]] = {}
    folder = store.home(opts) / "envelopes" / node
    public = store.read(Path(opts["pki_dir"]) / "minions" / node)
    for name in names:
        path = store.within(folder, name, ".json")
        kept = store.read_json(path)
        if public is None:
            changes[f"envelope {name} for {node}"] = {"old": None, "new": "waits for the Salt key"}
            continue
        value = sealed.read(opts, name) if sealed.has_key(opts) else None
        key = envelope.fingerprint(public)
        made_for = (kept or {}).get("key"), (kept or {}).get("of")
        if value is not None and made_for == (key, sealed.mark(opts, value)):
            continue
        old = "made for an older key or value" if kept else None
        changes[f"envelope {name} for {node}"] = {"old": old, "new": f"made for key {key[:12]}"}
        if not test:
            value = sealed.require(opts, name)
            made = envelope.pack(value, public, minion=node, purpose=name)
            kept = {"key": key, "of": sealed.mark(opts, value), "envelope": made}
            store.replace(path, store.dump(kept))
    for path in sorted(folder.glob("*.json")):
        if path.stem not in names:
            changes[f"envelope {path.stem} for {node}"] = {"old": "kept", "new": None}
            if not test:
                path.unlink()
    return changes
