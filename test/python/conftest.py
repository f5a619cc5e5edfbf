"""
Build the wheel of this tree and put it before everything else on the import path.

So tests see what users install: merged sources, entry point, contract and SLS. A folder given in
``EOS_WHEEL`` (an unpacked wheel) is used instead of building one.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

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


def pytest_unconfigure():
    """Remove the unpacked wheel that this run made."""
    if "EOS_WHEEL" not in os.environ:
        shutil.rmtree(SITE.parent, ignore_errors=True)


@pytest.fixture
def pillar():
    """A small pillar that the fixture contract accepts; each test gets its own copy."""
    return copy.deepcopy(json.loads((FIXTURES / "pillar.json").read_text("utf-8")))


@pytest.fixture
def contract():
    """The fixture contract."""
    from saltext.eos.utils.contract import load

    return load(CONTRACT)


@pytest.fixture
def stack(contract, pillar):
    """The fixture stack, ready to compile nodes."""
    from saltext.eos.utils.compile import Stack

    return Stack(contract, pillar)


@pytest.fixture
def master_opts(tmp_path):
    """Options of a master whose store, keys and custody are in a temporary folder."""
    opts = {
        "id": "m_master",
        "__role": "master",
        "eos_state_dir": str(tmp_path / "store"),
        "eos_custody_key": str(tmp_path / "custody.key"),
        "pki_dir": str(tmp_path / "pki"),
        "extension_modules": str(tmp_path / "extmods"),
        "test": False,
    }
    (tmp_path / "pki" / "minions").mkdir(parents=True)
    return opts
