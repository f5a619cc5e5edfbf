"""
Build the wheel of this tree and put it before everything else on the import path.

So tests see what users install: merged sources, entry point, contract and SLS. A folder given in
``EOS_WHEEL`` (an unpacked wheel) is used instead of building one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).parent / "fixtures"
CONTRACT = FIXTURES / "contract"


def _unpacked() -> Path:
    home = Path(tempfile.mkdtemp(prefix="eos-wheel-"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(home / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (home / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(home / "site")
    return home / "site"


SITE = Path(os.environ["EOS_WHEEL"]) if "EOS_WHEEL" in os.environ else _unpacked()
sys.path.insert(0, str(SITE))
os.environ["PYTHONPATH"] = os.pathsep.join(
    part for part in (str(SITE), os.environ.get("PYTHONPATH", "")) if part
)
