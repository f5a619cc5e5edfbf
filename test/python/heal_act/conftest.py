"""A master with a minion that every test of this folder shares."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from healing_master import HealingMaster


@pytest.fixture(scope="module")
def healing():
    """A running master and minion."""
    home = Path(tempfile.mkdtemp(prefix="ea", dir="/tmp"))
    one = HealingMaster(home)
    try:
        one.start()
        one.engine()
        yield one
    finally:
        one.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def _well(request):
    """What is done succeeds at once, and nothing is wrong, unless the test says otherwise."""
    if "healing" not in request.fixturenames:
        return
    one = request.getfixturevalue("healing")
    one.well()
    one.show("", False)
