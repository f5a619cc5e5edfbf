"""A master with a minion that every test of this folder shares."""

from __future__ import annotations

import pytest
from healing_master import HealingMaster


@pytest.fixture(scope="module")
def healing(live_home):
    """A running master and minion."""
    one = HealingMaster(live_home)
    try:
        one.start()
        one.engine()
        yield one
    finally:
        one.stop()


@pytest.fixture(autouse=True)
def _well(request):
    """What is done succeeds at once, and nothing is wrong, unless the test says otherwise."""
    if "healing" not in request.fixturenames:
        return
    one = request.getfixturevalue("healing")
    one.well()
    one.show("", False)
