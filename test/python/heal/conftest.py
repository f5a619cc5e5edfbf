"""An engine of the healer on a file of its own, and what it decides first."""

from __future__ import annotations

import pytest
from healing import Clocks
from small_engine import Engine

from saltext.eos.utils import heal_file


@pytest.fixture
def path(tmp_path):
    """Where its file is."""
    return tmp_path / heal_file.NAME


@pytest.fixture
def engine(path):
    """An engine on a new file."""
    engine = Engine(path, Clocks())
    yield engine
    engine.store.close()


@pytest.fixture
def decision(engine):
    """What it decided first."""
    engine.tell(1)
    (decision,) = engine.work(5.0)
    return decision
