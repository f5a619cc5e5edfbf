"""``saltext-eos configure-master``."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

from saltext.eos.command import account, effective
from saltext.eos.command.change import Change, Refusal, text
from saltext.eos.utils import heal_setup, sealed, store

ENGINE = "eos_bridge"
STATES = Path(__file__).parent.parent / "srv" / "salt"
MERGED = ["file_roots", "ext_pillar", "fileserver_backend", "engines", "reactor"]


def configure_master(config: str) -> Change:
    """
    Prepare the drop-in ``master.d/eos.conf``: Eos's SLS, its ext_pillar last, engines, reactor.

    A drop-in replaces lists of the main file, so the lists it writes are the effective ones with
    Eos's entries merged in.

    :param config: path of the master's main file.
    :raises Refusal: the result would not work.
    """
    opts = effective.read(config, "master")
    drop_in = Path(config).parent / "master.d" / "eos.conf"
    refused = effective.overriders(config, "master", drop_in, MERGED) + _unfit(opts)
    if refused:
        raise Refusal(refused)
    merged = {
        "file_roots": _file_roots(opts),
        "ext_pillar": _ext_pillar(opts),
        "fileserver_backend": _backends(opts),
        "engines": _engines(opts),
        "reactor": _reactor(config, drop_in, opts),
    }
    before = {name: opts.get(name) for name in merged}
    differing = [name for name in merged if before[name] != merged[name]]
    pending, steps = _places(opts)
    kept = heal_setup.replaced({"reactor": merged["reactor"]})
    return Change(
        path=drop_in,
        text=text("configure-master", merged),
        before={name: before[name] for name in differing},
        after={name: merged[name] for name in differing},
        advice="Restart the master: `systemctl restart salt-master`.",
        notes=[f"{one}; it was left alone" for one in kept],
        extra=steps,
        pending=pending,
    )


def _unfit(opts: dict[str, Any]) -> list[str]:
    found = []
    if opts.get("ext_pillar_first"):
        found.append(
            "ext_pillar_first is on: the ext_pillar `eos` would run before pillar files and see "
            "nothing; expected it off; remove that option"
        )
    if opts.get("pillar_cache"):
        found.append(
            "pillar_cache is on: new certificates and secrets would not reach minions; expected it "
            "off; remove that option"
        )
    if not str(opts.get("id", "")).endswith("_master"):
        found.append(
            f"the master's id is {opts.get('id')}; expected one that ends in `_master`, from which "
            f"orchestrations take their pillar; set `id: {opts.get('id')}_master`, or remove `id`"
        )
    if not isinstance(opts.get("ext_pillar", []), list):
        found.append("ext_pillar is no list; expected `- name: arguments` lines; correct it")
    if not isinstance(opts.get("reactor") or [], list):
        found.append("reactor is no list; expected `- tag: [files]` lines; correct it")
    return found


def _file_roots(opts: dict[str, Any]) -> dict[str, list[str]]:
    roots = {env: list(paths) for env, paths in opts["file_roots"].items()}
    base = [path for path in roots.get("base", []) if not _is_ours(path)]
    return {**roots, "base": [*base, str(STATES)]}


def _is_ours(path: str) -> bool:
    """Recognise the SLS folder of this wheel, and of one in another Python's site-packages."""
    return Path(path).parts[-4:] == ("saltext", "eos", "srv", "salt")


def _ext_pillar(opts: dict[str, Any]) -> list[Any]:
    others = [
        one for one in opts.get("ext_pillar", []) if not (isinstance(one, dict) and "eos" in one)
    ]
    ours = [one for one in opts.get("ext_pillar", []) if isinstance(one, dict) and "eos" in one]
    return [*others, *(ours[:1] or [{"eos": {}}])]


def _backends(opts: dict[str, Any]) -> list[str]:
    backends = list(opts.get("fileserver_backend") or ["roots"])
    return backends if {"roots", "roots_fs"} & set(backends) else [*backends, "roots"]


def _engines(opts: dict[str, Any]) -> list[Any]:
    names = (ENGINE, heal_setup.ENGINE)
    others = [one for one in heal_setup.engines(opts) if _engine_name(one) not in names]
    bridge = {"peers": [account.name(opts)], **_engine(opts, ENGINE)}
    return [*others, {ENGINE: bridge}, {heal_setup.ENGINE: _engine(opts, heal_setup.ENGINE)}]


def _engine(opts: dict[str, Any], name: str) -> dict[str, Any]:
    """Give what an engine was told already; whoever wrote it meant it."""
    for one in heal_setup.engines(opts):
        if _engine_name(one) == name and isinstance(one, dict):
            return dict(one[name] or {})
    return {}


def _reactor(config: str, drop_in: Path, opts: dict[str, Any]) -> list[Any]:
    """
    Merge Eos's reactions into what the master has.

    The drop-in hides the list of the main file, so that one is read beside what is effective:
    what was added there since the last time joins it.
    """
    shown = [*(opts.get("reactor") or [])]
    for path, settings in effective.sources(config, "master"):
        if path != drop_in and isinstance(settings.get("reactor"), list):
            shown += [one for one in settings["reactor"] if one not in shown]
    others = [one for one in shown if not _is_our_reaction(one)]
    return [*others, *heal_setup.ours({"reactor": others})]


def _is_our_reaction(entry: Any) -> bool:
    return any(heal_setup.is_ours(*one) for one in heal_setup.reactions({"reactor": [entry]}))


def _engine_name(one: Any) -> str:
    return str(next(iter(one), "")) if isinstance(one, dict) else str(one)


def _places(opts: dict[str, Any]) -> tuple[list[str], list[Callable[[], None]]]:
    """List what the master's user needs: its store and the custody key."""
    name = str(opts.get("user") or pwd.getpwuid(os.getuid()).pw_name)
    try:
        user = pwd.getpwnam(name)
    except KeyError as err:
        raise Refusal([f"the master's user {name} does not exist; make it, or set `user`"]) from err
    home = store.home(opts)
    pending, steps = [], []
    if not home.exists() or home.stat().st_uid != user.pw_uid:
        pending.append(f"folder {home}, for {user.pw_name} only")

        def make_home() -> None:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.chown(home, user.pw_uid, user.pw_gid)

        steps.append(make_home)
    if not sealed.has_key(opts):
        pending.append(f"custody key {opts.get('eos_custody_key') or sealed.KEY}, random")

        def make_key() -> None:
            key = Path(str(opts.get("eos_custody_key") or sealed.KEY))
            key.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            sealed.make_key(opts)
            os.chown(key, user.pw_uid, user.pw_gid)

        steps.append(make_key)
    socket = account.places(opts, _engine(opts, ENGINE), user.pw_name)
    return pending + socket[0], steps + socket[1]
