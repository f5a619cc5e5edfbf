"""Open secrets on the minion, at the last moment before they are used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import envelope, sealed
from saltext.eos.utils.compiled import compiled
from saltext.eos.utils.evaluate import JOIN, SECRET, markers


def holds(data: Any) -> bool:
    """Tell whether ``data`` refers to a secret anywhere."""
    return bool(markers(data))


def resolve(data: Any, pillar: Mapping[str, Any], opts: Mapping[str, Any]) -> Any:
    """
    Copy ``data`` with every marker replaced by its secret.

    Never return, log or store the result elsewhere than where it belongs.

    :param pillar: the minion's pillar, which carries the envelopes.
    :param opts: the minion's options, which say where its key is.
    :raises CommandExecutionError: a secret has no envelope, or it does not open here.
    """
    names = markers(data)
    if not names:
        return data
    opened = {name: open_one(name, pillar, opts) for name in sorted(names)}
    return _filled(data, opened)


def open_one(name: str, pillar: Mapping[str, Any], opts: Mapping[str, Any]) -> str:
    """
    Give one secret in clear.

    On the master, where the custody key is, the store itself is asked.

    :raises CommandExecutionError: see ``resolve``.
    """
    form = compiled(pillar)
    if opts.get("__role") == "master" or str(opts.get("id", "")).endswith("_master"):
        return sealed.require(opts, name)
    found = (form.get("secrets") or {}).get(name)
    if found is None:
        raise CommandExecutionError(
            f"secret {name} has no envelope for {form['node']['id']}; expected one in the store of "
            "the master; run `salt-run eos.secrets` there, then refresh this minion's pillar"
        )
    key = Path(str(opts["pki_dir"])) / "minion.pem"
    return envelope.unpack(found, key, minion=str(opts["id"]), purpose=name)


def _filled(data: Any, opened: dict[str, str]) -> Any:
    if isinstance(data, dict):
        if data.keys() == {SECRET}:
            return opened[data[SECRET]]
        if data.keys() == {JOIN}:
            return "".join(str(_filled(part, opened)) for part in data[JOIN])
        return {key: _filled(item, opened) for key, item in data.items()}
    if isinstance(data, list):
        return [_filled(item, opened) for item in data]
    return data
