"""The check loads a tree into real Salt and refuses what Salt would only find at run time."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from wheel import CONTRACT, FIXTURES, ROOT


def _tree(folder, *broken):
    """Make a source tree: the real Python, the fixture contract, and some SLS."""
    shutil.copytree(ROOT / "saltext", folder / "saltext")
    for generated in ("saltext", "contract"):
        source = CONTRACT if generated == "contract" else ROOT / "generated" / generated
        if source.is_dir():
            shutil.copytree(source, folder / "generated" / generated)
    shutil.copytree(ROOT / "kitchen/check", folder / "kitchen/check")
    (folder / "salt/eos").mkdir(parents=True)
    for name in broken:
        shutil.copy(FIXTURES / "broken" / f"{name}.sls", folder / "salt/eos")
    for name in ("init", "bootstrap", "host", "tls", "consul", "terraform", "app"):
        (folder / f"salt/eos/{name}.sls").write_text("{}\n")
    pillars = folder / "pillars"
    pillars.mkdir()
    (pillars / "two.yaml").write_text(yaml.safe_dump({"eos": _pillar()}))
    events = folder / "generated/contract/events"
    shutil.copytree(ROOT / "generated/contract/events", events)
    return folder


def _pillar():
    return json.loads((FIXTURES / "pillar.json").read_text("utf-8"))


def _beacon(folder, name, module, setting):
    (folder / "saltext/eos/beacons").mkdir(exist_ok=True)
    (folder / f"saltext/eos/beacons/{name}.py").write_text(module)
    path = folder / f"generated/saltext/beacon_config/{name}.conf"
    path.write_text(DROP_IN.format(name, setting))


def _change(folder, file, old, new):
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))


def _check(folder):
    command = [sys.executable, str(folder / "kitchen/check/load.py")]
    command += ["--root", str(folder), "--pillars", str(folder / "pillars")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done


CASES = [
    ("k11", "EOS404", "id deploy vault: salt.state stands there twice"),
    ("k11", "EOS403", "id deploy vault: require names salt: vault initialised, which does not"),
    ("functions", "EOS405", "id unknown state function: state function salt.parallel does not"),
    ("functions", "EOS407", "id unknown argument: eos_file.managed has no argument modus"),
    ("functions", "EOS407", "id unknown argument behind kwargs: pkg.installed has no argument ver"),
    ("functions", "EOS410", "id missing argument: eos_file.managed needs the argument data"),
    ("functions", "EOS406", "id unknown runner: runner eos.unknown does not exist"),
    ("functions", "EOS406", "id unknown execution function: execution function test.unknown does"),
    ("includes", "EOS402", "eos.nowhere"),
    ("python", "EOS404", "id twice: test.nop stands there twice"),
    ("python", "EOS403", "id twice: require names test: elsewhere, which does not exist"),
    ("text", "EOS401", "it does not render"),
]


MUTATIONS = [
    (
        "saltext/eos/states/eos_unit.py",
        '"service.reload"',
        '"service.relod"',
        "EOS406 line .*service.relod does not exist",
    ),
    (
        "saltext/eos/modules/eos_secret.py",
        "def names():",
        "def names(kind=str):",
        "EOS409 eos_secret.names: its argument specification does not serialise",
    ),
    (
        "saltext/eos/states/eos_unit.py",
        "python_shell=False",
        "python_shel=False",
        "EOS407 line .*cmd.run_all has no argument python_shel;",
    ),
]
BEACON = """
def validate(config):
    found = [word for one in config for word in one if word == "threshold"]
    return not found, "threshold is too low" if found else "ok"


def beacon(config):
    return []
"""
DROP_IN = "beacons:\n  {}:\n    - {}: 5\n"
BEACONS = [
    ("eos_dusk", BEACON, "threshold", "eos_dusk refuses its own drop-in: threshold is too low;"),
    (
        "eos_haze",
        BEACON.replace("def validate", "def checked"),
        "interval",
        "no eos_haze.validate;",
    ),
    ("eos_mist", "", "interval", "Salt loads no eos_mist.beacon;"),
]


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    """What the check says of a tree in which everything is wrong that it refuses, in one run."""
    names = [path.stem for path in (FIXTURES / "broken").glob("*.sls")]
    folder = _tree(tmp_path_factory.mktemp("broken"), *names)
    for file, old, new, _ in MUTATIONS:
        _change(folder, file, old, new)
    refused = _pillar()
    refused["consul"]["https"] = "x"
    (folder / "pillars/refused.yaml").write_text(yaml.safe_dump({"eos": refused}))
    for name, module, setting, _ in BEACONS:
        _beacon(folder, name, module, setting)
    _change(folder, "generated/saltext/events/kernel_oomd.py", '("killed",)', '("lost",)')
    done = _check(folder)
    assert done.returncode == 1
    return done.stdout


@pytest.mark.parametrize(("name", "code", "text"), CASES)
def test_refuses(findings, name, code, text):
    lines = [
        line for line in findings.splitlines() if line.startswith(f"salt/eos/{name}.sls: {code}")
    ]
    assert any(text in line for line in lines), findings


def test_has_nothing_against_a_right_file(findings):
    assert "right.sls" not in findings


@pytest.mark.parametrize(("file", "old", "new", "finding"), MUTATIONS)
def test_reads_the_python_too(findings, file, old, new, finding):
    assert re.search(f"(?m)^{re.escape(file)}: {finding}", findings), findings


def test_a_refused_pillar_is_said_with_its_path(findings):
    assert "EOS401 the pillar is refused: eos:consul:https: expected integer" in findings


@pytest.mark.parametrize(("name", "module", "setting", "says"), BEACONS)
def test_a_beacon_accepts_its_drop_in(findings, name, module, setting, says):
    (found,) = [line for line in findings.splitlines() if name in line]
    assert found.startswith(f"generated/saltext/beacon_config/{name}.conf: EOS412 ")
    assert says in found


def test_an_example_fits_the_check_of_its_event(findings):
    (found,) = (line for line in findings.splitlines() if "EOS411" in line)
    assert found == (
        "generated/contract/events/kernel_oomd.json: EOS411 example of killed: the wheel refuses "
        'it (verb: expected one of lost; found "killed"); expected it to fit; run `npm run '
        "generate`"
    )


def test_a_right_tree_passes(tmp_path):
    """Mutation of all the cases above: with them set right, the same check finds nothing."""
    folder = _tree(tmp_path, "right")
    _beacon(folder, "eos_dusk", BEACON, "interval")
    done = _check(folder)
    assert (done.stdout, done.returncode) == ("", 0)


def test_a_module_that_does_not_import_is_named(tmp_path):
    """Nothing else of such a tree can be looked at."""
    folder = _tree(tmp_path)
    file, old = "saltext/eos/utils/state.py", "from typing import Any"
    _change(folder, file, old, f"{old}\nimport salt.utils.nowhere")
    assert "EOS408 saltext.eos.utils.state does not import" in _check(folder).stdout
