"""
Judge the reactor of decisions: what it starts for recorded events, as Salt's own reactor reads it.

It is no state file, so it is rendered with an event: for a decision that can be claimed it has to
start an orchestration that there is, and for any other one nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import salt.config
import salt.loader
import salt.template
from problem import Problem

PLACE = Path("saltext/eos/srv/salt/eos/heal")
DECISION = "d-1"


def reactions(site: Path, work: Path, origins: dict[Path, Path]) -> Iterator[Problem]:
    """Check the reactor with an event for each orchestration beside it."""
    reactor = site / PLACE / "reactor.sls"
    if not reactor.exists():
        return
    file = str(origins[reactor])
    acts = sorted(path.stem for path in reactor.parent.glob("*.sls") if path != reactor)
    opts = dict(salt.config.master_config(None)) | {
        "extension_modules": str(work / "x"), "cachedir": str(work / "cache"),
    }  # fmt: skip
    for act in acts:
        home = work / "healer" / act
        opts["eos_state_dir"] = str(home)
        _decide(home, act)
        tag = f"eos/heal/decided/{act}"
        wanted = [{"mods": f"eos.heal.{act}"}, {"pillar": {"eos_decision": DECISION}}]
        right = {"eos decided": {"runner.state.orchestrate": [{"args": wanted}]}}
        # As the engine fires it, then as a minion's event comes: another id, another act, no id.
        cases: list[tuple[str, Any, Any]] = [
            (tag, {"decision": DECISION, "_stamp": "2026-11-21T12:00:00.000000"}, right),
            (tag, {"id": "n1", "tag": tag, "cmd": "_minion_event", "data": {"decision": "x"}}, {}),
            (f"{tag}s", {"decision": DECISION}, {}),
            (tag, {"data": {}}, {}),
        ]
        for at, data, expected in cases:
            found = _rendered(reactor, opts, at, data)
            if found != expected:
                text = (
                    f"for event {at} with {data!r} it starts {found!r}; expected {expected!r}; "
                    "correct src/emit/heal-sls.ts"
                )
                yield Problem(file, "EOS401", text)


def _rendered(path: Path, opts: dict[str, Any], tag: str, data: dict[str, Any]) -> Any:
    renderers = salt.loader.render(opts, {})
    try:
        return salt.template.compile_template(
            str(path), renderers, opts["renderer"], opts.get("renderer_blacklist"),
            opts.get("renderer_whitelist"), tag=tag, data=data,
        )  # fmt: skip
    except Exception as err:  # noqa: BLE001 - whatever is raised, it does not render
        return f"nothing, because it fails: {err}"


def _decide(home: Path, act: str) -> None:
    """Write a healer's file with one decision that can be claimed."""
    from saltext.eos.utils import heal_file, heal_store  # noqa: PLC0415
    from saltext.eos.utils.heal_settings import Settings  # noqa: PLC0415
    from saltext.eos.utils.heal_state import Decision  # noqa: PLC0415

    path = home / heal_file.NAME
    with contextlib.closing(heal_store.Store(path)) as store, store.step(Settings()) as at:
        store.state.decisions[DECISION] = Decision(
            id=DECISION, incident="i-1", action=act, thing="t", subject={}, names=(),
            input_hash="x", created=at.now, expires=at.now + 600.0, state="decided",
        )  # fmt: skip
        store.state.mark("decisions", DECISION)
