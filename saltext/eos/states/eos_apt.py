"""The Debian repository that the stack's packages come from, trusted by its own key alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import apt, atomic, mask, state

if TYPE_CHECKING:
    from collections.abc import Callable

    __opts__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos_apt"


def __virtual__():
    return __virtualname__


def repository(name, repository=None):
    """
    Keep one signed repository, and apt's index of it.

    .. code-block:: yaml

        repository:
          eos_apt.repository:
            - name: eos
            - repository: {uri: http://packages.example.org/, suite: stable, key: "-----BEGIN PGP…"}

    name
        Name of the files in ``/etc/apt``.

    repository
        ``uri``, ``suite`` and ``key`` (ASCII-armoured); without it nothing is managed.
    """
    if not repository:
        return state.unchanged(name, "The host's own list of repositories")
    wanted = apt.files(name, mask.plain(repository))
    changes: dict[str, dict[str, Any]] = {}
    try:
        for path, text in wanted.items():
            found = path.read_text("utf-8") if path.exists() else None
            if found != text:
                changes[str(path)] = {"old": None if found is None else "other", "new": "written"}
        if changes or not apt.is_indexed(repository):
            changes["index"] = {"old": None, "new": "fetched"}
        if not changes:
            return state.unchanged(name, f"The repository {name}")
        if __opts__["test"]:
            return state.changed(name, f"The repository {name} {{0}} written.", changes, test=True)
        for path, text in wanted.items():
            atomic.write(Path(path), text.encode(), mode=0o644, uid=0, gid=0)
        __salt__["pkg.refresh_db"](failhard=True)
    except (CommandExecutionError, OSError) as err:
        return state.failed(name, err)
    if not apt.is_indexed(repository):
        return state.failed(
            name,
            f"apt has no signed index of {repository['uri']} {repository['suite']} after it was "
            "fetched; expected one signed by eos:host:repository:key; run `apt-get update` on this "
            "host and read what it says",
            changes,
        )
    return state.changed(name, f"The repository {name} {{0}} written.", changes, test=False)
