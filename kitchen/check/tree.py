"""Put the sources together as the wheel does, so that the check needs no build tool."""

from __future__ import annotations

import shutil
from pathlib import Path

SOURCES = (
    ("saltext/eos", "saltext/eos"),
    ("generated/saltext", "saltext/eos"),
    ("generated/contract", "saltext/eos/contract"),
    ("generated/salt", "saltext/eos/srv/salt"),
    ("salt/eos", "saltext/eos/srv/salt/eos"),
)
ENTRY = "[salt.loader]\nsaltext.eos = saltext.eos\n"


def assemble(root: Path, site: Path) -> dict[Path, Path]:
    """
    Copy the sources of ``root`` into ``site`` as one importable package.

    :return: by copied file, the file it came from, relative to ``root``.
    """
    origins: dict[Path, Path] = {}
    for source, target in SOURCES:
        folder = root / source
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            inner = path.relative_to(folder)
            generated_init = source == "generated/saltext" and path.name == "__init__.py"
            if not path.is_file() or "__pycache__" in inner.parts or generated_init:
                continue
            copy = site / target / inner
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            origins[copy] = path.relative_to(root)
    about = site / "saltext_eos-0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: saltext-eos\nVersion: 0\n")
    (about / "entry_points.txt").write_text(ENTRY)
    return origins
