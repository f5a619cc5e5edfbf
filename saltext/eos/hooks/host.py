"""What proves a host ready for the stack's packages."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import apt


def repository_is_trusted(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The declared repository's signed index is here; ready at once when none is declared."""
    repository = values.get("repository")
    if not repository:
        return {"ok": True, "observed": "the host's own repositories are used"}
    ok = apt.is_indexed(repository)
    found = "has a signed index" if ok else "has no signed index on this host"
    return {"ok": ok, "observed": f"{repository['uri']} {found}"}
