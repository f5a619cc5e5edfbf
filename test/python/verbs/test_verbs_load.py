"""Each verb stands in a file of its own sort, and the runner has them all."""

import ast

import pytest
import salt.config
import salt.loader
from wheel import SITE

VERBS = SITE / "saltext/eos/verbs"


def _declared():
    """Every public function of the files of verbs that shows how it is called."""
    for path in sorted(VERBS.glob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            is_public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if is_public and "CLI Example:" in (ast.get_docstring(node) or ""):
                yield node.name


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """Salt's loader of runners."""
    root = tmp_path_factory.mktemp("salt")
    master = dict(salt.config.master_config(None)) | {"extension_modules": str(root / "x")}
    return salt.loader.runner(master)


def test_the_runner_has_every_verb_and_nothing_else(runner):
    loaded = sorted(name for name in runner if name.startswith("eos."))
    assert loaded == sorted(f"eos.{name}" for name in _declared())


def test_a_verb_answers_with_the_options_of_its_loader(runner, tmp_path):
    opts = dict(salt.config.master_config(None)) | {"eos_state_dir": str(tmp_path / "elsewhere")}
    context = {}
    found = salt.loader.runner(opts, context=context)["eos.events"]()
    assert f"inbox {tmp_path}/elsewhere/inbox.db is not there" in found["comment"]
    assert context["retcode"] == 1
