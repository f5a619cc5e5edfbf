"""What tests of verbs share."""

from __future__ import annotations

import pytest
import salt.config
import salt.loader
from healed import Healed


class Runner:
    """The verbs as Salt's loader gives them, with what they left in their context."""

    def __init__(self, home, **opts):
        self.context: dict = {}
        config = dict(salt.config.master_config(None)) | {"eos_state_dir": str(home), **opts}
        self._functions = salt.loader.runner(config, context=self.context)

    def __call__(self, verb, *arguments, **named):
        self.context.clear()
        return self._functions[f"eos.{verb}"](*arguments, **named)


@pytest.fixture
def home(tmp_path):
    """Folder of Eos on the master."""
    return tmp_path / "store"


@pytest.fixture
def healed(home):
    """A healer's file with nothing in it."""
    home.mkdir()
    found = Healed(home)
    found.turns()
    return found


@pytest.fixture
def run(home):
    """Run a verb: ``run("incidents", open=True)``."""
    return Runner(home)


@pytest.fixture
def opts(home):
    """Options of the master."""
    return {"eos_state_dir": str(home)}
