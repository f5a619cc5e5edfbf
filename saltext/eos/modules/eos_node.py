"""What a preflight wants to know of a node."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saltext.eos.utils import contract, listeners
from saltext.eos.version import SCHEMA, __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    __grains__: dict[str, Any]
    __opts__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos_node"


def __virtual__():
    return __virtualname__


def versions():
    """
    Tell what this node has: wheel, schema, contract, Salt, Python, and synced copies that hide
    modules of the wheel.

    CLI Example:

    .. code-block:: bash

        salt '*' eos_node.versions
    """
    return {
        "eos": __version__,
        "schema": SCHEMA,
        "contract": contract.digest(),
        "salt": __grains__["saltversion"],
        "python": platform.python_version(),
        "shadowed": contract.shadowed(__opts__),
    }


def facts(packages=()):
    """
    Tell what a node offers: memory in bytes, listening ports with the unit that holds each, and
    where installed packages come from.

    packages
        Names of packages to look up.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_node.facts '["consul"]'
    """
    return {
        **versions(),
        "memory": _memory(),
        "listeners": listeners.found(),
        "packages": {name: _package(name) for name in packages},
    }


def _memory() -> int:
    for line in Path("/proc/meminfo").read_text("ascii").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return 0


def _package(name: str) -> dict[str, Any]:
    """Give the installed version of a package and the repositories that offer exactly that."""
    shown = __salt__["cmd.run_all"](["apt-cache", "policy", name], python_shell=False)
    installed, origins, offers, version = None, [], set(), None
    for line in shown["stdout"].splitlines() if shown["retcode"] == 0 else ():
        words = line.replace("***", "").split()
        if line.startswith("  Installed:") and words[1] != "(none)":
            installed = words[1]
        elif len(words) == 2 and words[1].isdigit() and not words[0].isdigit():
            version = words[0]
        elif len(words) > 2 and words[0].isdigit() and words[1] != "/var/lib/dpkg/status":
            offers.add(words[1])
            if version == installed:
                origins.append(words[1])
    return {"installed": installed, "origins": origins, "offers": sorted(offers)}
