"""The contract that the generator wrote: one JSON file per declaration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOME = Path(__file__).parent.parent / "contract"

_seen: dict[Path, tuple[tuple[int, int], Contract]] = {}


class ContractError(Exception):
    """The contract's files are absent or unreadable: the wheel is broken, not the pillar."""


@dataclass(frozen=True)
class Contract:
    """All declarations of one wheel; components are in the order of their needs."""

    schema: int
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    digest: str = ""


def load(home: str | Path | None = None) -> Contract:
    """
    Read the contract, or give the copy read before if its index has not changed.

    :param home: folder with ``index.json``; the wheel's own when left out.
    :raises ContractError: a file is absent or not JSON.
    """
    where = Path(home) if home else HOME
    index = where / "index.json"
    try:
        stat = index.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = _seen.get(where)
        if known and known[0] == stamp:
            return known[1]
        names = json.loads(index.read_text("utf-8"))
        contract = Contract(
            schema=names["schema"],
            components=_read(where, "components", names),
            plans=_read(where, "plans", names),
            resources=_read(where, "resources", names),
            digest=digest(where),
        )
    except (OSError, ValueError, KeyError) as err:
        raise ContractError(
            f"the contract in {where} cannot be read: {err}; expected the files that "
            "`npm run generate` writes; install the wheel saltext-eos again"
        ) from err
    _seen[where] = (stamp, contract)
    return contract


def _read(where: Path, kind: str, names: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: json.loads((where / kind / f"{name}.json").read_text("utf-8"))
        for name in names.get(kind, [])
    }


def digest(home: str | Path | None = None) -> str:
    """Give a short digest over all files of a contract, to compare master and minions."""
    where = Path(home) if home else HOME
    total = hashlib.sha256()
    for path in sorted(where.rglob("*.json")):
        total.update(path.relative_to(where).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def shadowed(opts: Mapping[str, Any]) -> list[str]:
    """List synced copies (``saltutil.sync_all``) that hide modules of this wheel."""
    synced = Path(str(opts.get("extension_modules") or ""))
    package = Path(__file__).parent.parent
    return sorted(
        str(path)
        for kind in ("modules", "states", "runners", "pillar", "beacons", "engines")
        for path in (synced / kind).glob("*.py")
        if (package / kind / path.name).exists()
    )
