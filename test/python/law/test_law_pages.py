"""The pages of what is written by hand: every sample on them is applied as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from law_states import own, samples
from wheel import ROOT

PAGES = {path.stem: path for path in sorted((ROOT / "docs/resources").glob("*.md"))}
REQUISITES = ("require",)


def test_every_module_written_by_hand_has_its_page():
    """Mutation: add one without a page, and nobody finds it."""
    folders = ("modules", "states")
    here = [path.stem for one in folders for path in (ROOT / "saltext/eos" / one).glob("*.py")]
    services = ("consul_", "nomad_", "vault_")
    assert set(PAGES) == {name for name in here if name.startswith(services)}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_every_function_and_argument(name):
    """Mutation: rename an argument, and the page tells of one that is not there."""
    import ast

    text = PAGES[name].read_text("utf-8")
    for folder in ("modules", "states"):
        path = ROOT / "saltext/eos" / folder / f"{name}.py"
        if not path.exists():
            continue
        aliases = {"list_": "list"}
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            assert f"{name}.{aliases.get(node.name, node.name)}" in text
            if folder == "states":
                said = [argument.arg for argument in node.args.args if f"`{argument.arg}`" in text]
                assert said == [argument.arg for argument in node.args.args]


def test_the_page_of_jobs_names_every_argument_of_a_function():
    """Mutation: give a function one argument more, or another default: its row lacks it."""
    import ast
    import re

    text = PAGES["nomad_job"].read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| .* \|$", text, re.MULTILINE))
    tree = ast.parse((ROOT / "saltext/eos/modules/nomad_job.py").read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for node in [node for node in functions if not node.name.startswith("_")]:
        names = [argument.arg for argument in node.args.args]
        values = [ast.literal_eval(one) for one in node.args.defaults]
        first = [None] * (len(names) - len(values))
        wanted = [
            f"{name}={value}" if value else name
            for name, value in zip(names, [*first, *values], strict=True)
        ]
        assert re.findall(r"`([^`]+)`", rows[node.name.rstrip("_")]) == wanted


def test_no_sample_of_a_page_undoes_another_of_its_own():
    """Mutation: put the samples of a node into one block again: who copies it drains the node."""
    opposed = {"nomad_node.ineligible", "nomad_node.drained", "nomad_node.eligible"}
    for block in samples("nomad_node"):
        assert len(opposed & {function for function, _ in block}) <= 1


def test_the_page_of_connections_names_every_option():
    """Mutation: take an option more, or another default, and its page does not tell of it."""
    import re

    from saltext.eos.utils import settings

    text = (ROOT / "docs/connections.md").read_text("utf-8")
    table = text.partition("## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", table, re.MULTILINE))
    assert tuple(rows) == settings.OPTIONS
    said = set(re.findall(r"`(https://127[^`]+)` of (\w+)", rows["address"]))
    assert said == {(url, name.capitalize()) for name, url in settings.DEFAULTS.items()}
    assert f"`{settings.CA_FILE}`" in rows["ca_file"]
    shown = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    connections = shown["eos"]["connections"]
    assert connections.keys() == settings.DEFAULTS.keys()
    assert {name for one in connections.values() for name in one} == set(settings.OPTIONS)


@pytest.mark.server
@pytest.mark.parametrize(
    "name",
    [
        "consul_kv_tree",
        "consul_check",
        "consul_maintenance",
        "vault_auth_config",
        "vault_generated",
    ],
)
def test_the_samples_are_applied_as_they_stand(salted, name):
    """Mutation: write a sample that no state takes, and who copies it is the first to see."""
    service = name.partition("_")[0]
    salted.serve(service)
    mount = {"name": "kv", "type": "kv", "options": {"version": "2"}}
    if service == "vault":
        assert salted.state("vault_mount.present", **mount)["result"] is True
    try:
        for block in samples(name):
            for function, arguments in block:
                given = {k: v for k, v in arguments.items() if k not in REQUISITES}
                applied = salted.state(function, **given)
                assert applied["result"] is True, applied
                assert applied["changes"], applied
            for function, arguments in block:
                given = {k: v for k, v in arguments.items() if k not in REQUISITES}
                assert salted.state(function, **given)["changes"] == {}
    finally:
        if service == "vault":
            salted.state("vault_mount.absent", name="kv")
        else:
            salted.state("consul_service.absent", name="shop-1")


@pytest.mark.server
def test_the_samples_of_two_clusters_are_applied_as_they_stand(salted, tmp_path, monkeypatch):
    """Mutation: as above; the other cluster stands in a file of its own test."""
    from saltext.eos.utils import peering, placed

    salted.serve("consul")
    from_file, place = placed.from_file, peering.Path

    def here(name):
        below = str(name).startswith("/var/lib/eos")
        return place(tmp_path / Path(name).name) if below else place(name)

    monkeypatch.setattr(peering, "Path", here)
    monkeypatch.setattr(placed, "from_file", lambda name: from_file(str(here(name))))
    written, joins, absent = samples("consul_peering")
    for block in (written, absent):
        ((function, arguments),) = block
        applied = salted.state(function, **arguments)
        assert applied["result"] is True, applied
        assert applied["changes"], applied
    ((function, arguments),) = joins
    result = salted.state(function, test=True, **arguments)
    assert (result["result"], set(result["changes"])) == (None, {"state"}), result
    assert own(salted, "consul").get("/v1/peerings") == []
