"""``saltext-eos remove``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saltext.eos.command import account, effective
from saltext.eos.command.change import Change


@dataclass
class Removal(Change):
    """The drop-ins of master and minion, removed together."""

    paths: tuple[Path, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether any drop-in is there."""
        return any(path.exists() for path in self.paths)

    def write(self) -> None:
        """Remove them."""
        for path in self.paths:
            path.unlink(missing_ok=True)


def remove(config: str) -> Change:
    """
    Prepare to take back what the two configure commands wrote.

    The store ``/var/lib/eos`` and the custody key stay: without them secrets are lost for ever.

    :param config: Salt's configuration folder.
    """
    folder = Path(config)
    paths = tuple(folder / f"{kind}.d" / "eos.conf" for kind in ("master", "minion"))
    before: dict[str, Any] = {}
    for kind, path in zip(("master", "minion"), paths, strict=True):
        if path.exists():
            settings = dict(effective.sources(str(folder / kind), kind))
            before |= {f"{kind} {name}": value for name, value in settings[path].items()}
    merged: dict[str, Any] = {}
    for _, options in effective.sources(str(folder / "master"), "master"):
        merged |= options
    paths += (account.tmpfiles(merged),)
    return Removal(
        path=next((path for path in paths if path.exists()), paths[0]),
        text=None,
        before=before,
        after={},
        advice="Restart master and minion. /var/lib/eos and the custody key were kept.",
        paths=paths,
    )
