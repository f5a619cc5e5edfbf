"""What every test of the Python side may ask for."""

from __future__ import annotations

import copy
import json
import os
import shutil

import pytest
from wheel import CONTRACT, FIXTURES, SITE


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
