"""Judge what the wheel watches with: the checks of events, and the drop-ins of beacons."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from problem import Problem


def examples(site: Path, origins: Mapping[Path, Path]) -> Iterator[Problem]:
    """Hold every declared example to the check that the wheel has for its event."""
    contracts = sorted((site / "saltext/eos/contract/events").glob("*.json"))
    if not contracts:
        return
    table = importlib.import_module("saltext.eos.events.table")
    for path in contracts:
        declared = json.loads(path.read_text("utf-8"))
        for verb, one in declared["spec"]["verbs"].items():
            event = {"event": declared["event"], "verb": verb, **one["example"]}
            found = table.problem(event)
            if found is not None:
                text = f"example of {verb}: the wheel refuses it ({found}); expected it to fit"
                yield Problem(str(origins[path]), "EOS411", f"{text}; run `npm run generate`")


def drop_ins(
    site: Path, beacons: Mapping[str, Callable[..., Any]], origins: Mapping[Path, Path]
) -> Iterator[Problem]:
    """Ask every beacon whether it accepts the drop-in that minions get."""
    for path in sorted((site / "saltext/eos/beacon_config").glob("*.conf")):
        for name, settings in yaml.safe_load(path.read_text("utf-8"))["beacons"].items():
            text = _refusal(beacons, name, settings)
            if text:
                yield Problem(str(origins[path]), "EOS412", text)


def _refusal(beacons: Mapping[str, Callable[..., Any]], name: str, settings: list[Any]) -> str:
    for function in ("beacon", "validate"):
        if f"{name}.{function}" not in beacons:
            return (
                f"Salt loads no {name}.{function}; expected saltext/eos/beacons/{name}.py with "
                "`beacon` and `validate`; write it"
            )
    is_valid, why = beacons[f"{name}.validate"](settings)
    if is_valid:
        return ""
    return f"{name} refuses its own drop-in: {why}; expected the defaults to fit; correct one"
