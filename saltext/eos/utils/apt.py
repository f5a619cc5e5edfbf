"""Where apt keeps what it knows of a repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

LISTS = Path("/var/lib/apt/lists")
ETC = Path("/etc/apt")


def files(name: str, repository: Mapping[str, str]) -> dict[Path, str]:
    """Give the files of a repository: its key, and a deb822 source that trusts that key alone."""
    key = ETC / "keyrings" / f"{name}.asc"
    source = (
        "Types: deb\n"
        f"URIs: {repository['uri']}\n"
        f"Suites: {repository['suite']}\n"
        "Components: main\n"
        f"Signed-By: {key}\n"
    )
    return {
        key: repository["key"].strip() + "\n",
        ETC / "sources.list.d" / f"{name}.sources": source,
    }


def is_indexed(repository: Mapping[str, str]) -> bool:
    """Tell whether apt fetched, and so verified, the signed index of a repository."""
    where = repository["uri"].split("://", 1)[-1].rstrip("/").replace("/", "_")
    stem = f"{where}_dists_{repository['suite'].replace('/', '_')}_"
    return any((LISTS / f"{stem}{name}").exists() for name in ("InRelease", "Release"))
