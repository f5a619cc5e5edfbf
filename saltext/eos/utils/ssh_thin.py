"""What salt-ssh carries to its targets, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import salt.version

PACKAGE = "saltext"
CARRIES = 3008
PAGE = "docs/salt-ssh.md"


def refusal(opts: Mapping[str, Any]) -> str | None:
    """
    Say why a target of salt-ssh cannot run what Eos brings; ``None`` where it can.

    Salt 3006 takes single modules along and not the packages that they import. One that is named
    in ``thin_extra_mods`` goes along, if it is there as a package of its own.

    :param opts: options with which a pillar is compiled; those of salt-ssh hold the master's.
    """
    master = opts.get("__master_opts__")
    if not isinstance(master, Mapping) or major() >= CARRIES:
        return None
    named = [one.strip() for one in str(master.get("thin_extra_mods") or "").split(",")]
    if PACKAGE in named:
        return None
    return (
        f"salt-ssh of Salt {major()} does not carry saltext-eos to its targets; expected Salt "
        f"{CARRIES}, or a bundle of it and `thin_extra_mods: {PACKAGE}`; see {PAGE}"
    )


def major() -> int:
    """Give the line of this Salt, such as 3008."""
    return int(salt.version.__saltstack_version__.major)
