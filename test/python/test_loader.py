"""The wheel in real Salt: everything loads, serialises and explains itself."""

import inspect
from pathlib import Path

import msgpack
import pytest
import salt.config
import salt.loader
import salt.utils.args
from wheel import SITE

LOADED = ["modules", "states", "runners", "pillar", "output", "beacons", "engines"]
KINDS = {"modules": "CLI Example:", "states": "", "runners": "CLI Example:", "beacons": ""}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Every loader of Salt that has something of ours, by kind."""
    root = tmp_path_factory.mktemp("salt")
    opts = dict(salt.config.minion_config(None))
    opts |= {"id": "n1", "root_dir": str(root), "cachedir": str(root), "conf_file": str(root / "m")}
    opts |= {"extension_modules": str(root / "extmods"), "grains": {"saltversion": "x"}}
    mods = salt.loader.minion_mods(opts)
    master = salt.config.master_config(None) | {"extension_modules": str(root / "extmods")}
    return {
        "modules": mods,
        "states": salt.loader.states(opts, mods, salt.loader.utils(opts), None),
        "runners": salt.loader.runner(master),
        "pillar": salt.loader.pillars(master, mods),
        "output": salt.loader.outputters(master),
        "beacons": salt.loader.beacons(opts, mods, {}),
        "engines": salt.loader.engines(master, mods, salt.loader.runner(master), {}),
    }


def _names(kind):
    return sorted(path.stem for path in (SITE / "saltext/eos" / kind).glob("[a-z]*.py"))


def _ours(loaded, kind):
    return {
        name: loaded[kind][name]
        for name in loaded[kind]
        if name.partition(".")[0] in _names(kind)
        and Path(inspect.getfile(inspect.unwrap(loaded[kind][name]))).is_relative_to(SITE)
    }


def _explained(text, parameter):
    """Salt's definition list, or a field list."""
    return f"\n    {parameter}\n" in f"{text}\n" or f":param {parameter}:" in text


@pytest.mark.parametrize("kind", LOADED)
def test_every_file_of_the_wheel_is_loaded(loaded, kind):
    assert {name.partition(".")[0] for name in _ours(loaded, kind)} == set(_names(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_every_function_explains_itself(loaded, kind):
    silent = []
    for name, function in _ours(loaded, kind).items():
        text = inspect.unwrap(function).__doc__ or ""
        parameters = inspect.signature(inspect.unwrap(function)).parameters
        wanted = [p for p in parameters if not p.startswith("_")]
        if name.endswith(".mod_watch"):
            continue
        if not text.strip():
            silent.append(f"{name}: no docstring")
        if KINDS[kind] not in text:
            silent.append(f"{name}: no `{KINDS[kind]}`")
        silent += [f"{name}: nothing about {p}" for p in wanted if not _explained(text, p)]
    assert not silent


@pytest.mark.parametrize("kind", KINDS)
def test_every_argument_specification_serialises(loaded, kind):
    for function in _ours(loaded, kind).values():
        spec = salt.utils.args.get_function_argspec(function)
        msgpack.packb([spec.args, spec.varargs, spec.keywords, spec.defaults])


def test_a_class_as_default_would_not_serialise():
    """Mutation of the test above."""
    spec = salt.utils.args.get_function_argspec(lambda kind=str: kind)
    with pytest.raises(TypeError):
        msgpack.packb([spec.args, spec.defaults])


def test_the_wheel_needs_nothing_but_salt():
    (metadata,) = SITE.glob("saltext_eos-*.dist-info/METADATA")
    assert "Requires-Dist" not in metadata.read_text("utf-8")


def test_saltext_stays_a_namespace():
    assert not (SITE / "saltext/__init__.py").exists()
    assert not (SITE / "salt").exists()
