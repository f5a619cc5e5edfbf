"""
Load the emitted tree into real Salt: ``load.py [--root DIR] [--pillars DIR]``.

Every SLS renders for every node of every pillar, every include, requisite, function, runner and
argument exists, every module imports, every argument specification serialises, every example of an
event fits its check, every beacon accepts its drop-in. All findings are printed; the exit status
is 0 without any and 1 with some.

It does not prove that a state does the right thing: the law, the gates and the lab do.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run the check on a source tree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--root", type=Path, default=HERE.parents[1])
    parser.add_argument("--pillars", type=Path, default=HERE / "pillars")
    options = parser.parse_args()
    # Salt logs what this check reports better, and what modules of other systems lack.
    logging.disable(logging.CRITICAL)
    warnings.showwarning = lambda *_, **__: None
    with tempfile.TemporaryDirectory(prefix="eos-check-") as folder:
        found = sorted(set(problems(options.root.resolve(), options.pillars, Path(folder))))
    for problem in found:
        sys.stdout.write(f"{problem}\n")
    return 1 if found else 0


def problems(root: Path, pillars: Path, work: Path) -> Iterator[Any]:
    """List every finding."""
    from tree import assemble  # noqa: PLC0415 - the import path is made here

    site = work / "site"
    origins = assemble(root, site)
    sys.path.insert(0, str(site))
    from calls import execution, imports, specifications  # noqa: PLC0415
    from minion import Minion  # noqa: PLC0415
    from problem import Problem  # noqa: PLC0415
    from watch import drop_ins, examples  # noqa: PLC0415

    broken = list(imports(site, origins))
    yield from broken
    if broken:
        return
    yield from _render(root, site, pillars, work, origins)
    plain = Minion(site, work, "n1", {}, _grains())
    yield from execution(origins, plain.modules)
    for kind, loaded in plain.loaders.items():
        yield from specifications(loaded, kind, origins)
    yield from examples(site, origins)
    yield from drop_ins(site, plain.beacons, origins)
    if not (site / "saltext/eos/contract/index.json").exists():
        text = "there is no contract; expected the files of `npm run generate`; run it"
        yield Problem("generated/contract/index.json", "EOS401", text)


def _render(
    root: Path, site: Path, pillars: Path, work: Path, origins: dict[Path, Path]
) -> Iterator[Any]:
    from minion import Minion  # noqa: PLC0415
    from problem import Problem  # noqa: PLC0415
    from reaction import reactions  # noqa: PLC0415

    from saltext.eos.utils.compile import Refused, Stack  # noqa: PLC0415
    from saltext.eos.utils.contract import load  # noqa: PLC0415

    contract = load()
    example = root / "salt/pillar/example/eos.sls"
    for path in [*sorted(pillars.glob("*.yaml")), *([example] if example.exists() else [])]:
        file = str(path.relative_to(root)) if path.is_relative_to(root) else path.name
        eos = yaml.safe_load(path.read_text("utf-8"))["eos"]
        try:
            stack = Stack(contract, eos)
            forms = {name: stack.node(name) for name in stack.nodes}
        except Refused as refused:
            for finding in refused.findings:
                text = f"the pillar is refused: {finding}; correct the pillar or the declaration"
                yield Problem(file, "EOS401", text)
            continue
        for name, form in forms.items():
            minion = Minion(site, work, name, {"eos": {**eos, "_compiled": form}}, _grains())
            names = [f"eos.{one}" for one in [*form["components"], *_by_hand(site, contract)]]
            yield from minion.check(["eos", *names], origins, file)
        whole = {
            "schema": contract.schema, "stack": stack.identity, "node": {"id": "m_master"},
            "nodes": forms, "components": {}, "plan": stack.plan(), "all": forms,
        }  # fmt: skip
        master = Minion(site, work, "m_master", {"eos": {**eos, "_compiled": whole}}, _grains())
        acts = [f"eos.heal.{act}" for act in _acts(site)]
        yield from master.check([*(f"eos.{plan}" for plan in contract.plans), *acts], origins, file)
    yield from reactions(site, work, origins)
    bare = Minion(site, work, "n1", {}, _grains())
    every = sorted(path.stem for path in (site / "saltext/eos/srv/salt/eos").glob("*.sls"))
    names = [*(name for name in every if name != "init"), *(f"heal.{act}" for act in _acts(site))]
    yield from bare.check([f"eos.{name}" for name in names], origins, "no pillar")


def _acts(site: Path) -> list[str]:
    """List the orchestrations of decided acts; the reactor beside them is no state file."""
    folder = site / "saltext/eos/srv/salt/eos/heal"
    return sorted(path.stem for path in folder.glob("*.sls") if path.stem != "reactor")


def _by_hand(site: Path, contract: Any) -> list[str]:
    """List SLS files that are neither a component nor a plan: written by hand."""
    known = {*contract.components, *contract.plans, "init"}
    folder = site / "saltext/eos/srv/salt/eos"
    return sorted(path.stem for path in folder.glob("*.sls") if path.stem not in known)


def _grains() -> dict[str, Any]:
    return dict(json.loads((HERE / "grains" / "debian-12.json").read_text("utf-8")))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.exit(main())
