"""The pillar samples of all pages, applied as they stand: real pillar, real SLS, real servers."""

import pytest
import yaml
from law_nomad import csi_plugin
from law_pillar import Applied, on_page
from law_tables import FLEETING


@pytest.fixture
def applied(salted, tmp_path):
    """Give what applies samples to the servers of a service."""

    def to(service):
        salted.serve(service)
        return Applied(salted, tmp_path)

    return to


@pytest.mark.server
@pytest.mark.parametrize("table", FLEETING, ids=[table["resource"] for table in FLEETING])
def test_a_sample_of_the_pillar_is_applied_as_it_stands(salted, applied, table):
    """Mutation: hand `name` to the state as the id is not, or sort by name, and one fails."""
    apply = applied(table["service"])
    if table["resource"] == "nomad_csi_volume":
        csi_plugin(salted.client("nomad"), salted.home / "nomad")
    present, absent = on_page(table["resource"])
    written = yaml.safe_load(present)["eos"]["objects"]
    ids = [f"{resource} {name}" for resource, objects in written.items() for name in objects]
    gone = {
        resource: {
            name: {"absent": True, **{key: values[key] for key in _keys(resource) & {*values}}}
            for name, values in objects.items()
        }
        for resource, objects in written.items()
    }
    try:
        predicted = apply(present, test=True)
        assert salted.wrote == []
        assert {one["result"] for one in predicted.values()} == {None}, predicted
        done = apply(present)
        assert {*done} == {*ids}
        assert [one["result"] for one in done.values()] == [True] * len(ids), done
        assert done[ids[-1]]["changes"] == predicted[ids[-1]]["changes"] != {}
        again = apply(present)
        assert ([one["changes"] for one in again.values()], salted.wrote) == ([{}] * len(ids), [])
        removed = apply(absent)
        assert list(removed) == [ids[-1]]
        assert removed[ids[-1]]["result"] is True, removed
        assert removed[ids[-1]]["changes"] != {}
    finally:
        left = apply(yaml.safe_dump({"eos": {"objects": gone}}, sort_keys=False))
    assert list(left) == list(reversed(list(done)))
    assert [one["result"] for one in left.values()] == [True] * len(ids), left


def _keys(resource):
    (table,) = (one for one in FLEETING if one["resource"] == resource)
    return {*table["keys"]} - {"name"}


@pytest.mark.server
def test_nothing_is_sent_of_a_pillar_that_is_wrong_somewhere(salted, applied):
    """Mutation: check each object when its turn comes, and the first is written."""
    apply = applied("nomad")
    sample = "eos: {objects: {nomad_namespace: {right: {}, wrong: {descripton: x}}}}"
    with pytest.raises(AssertionError, match="eos:objects:nomad_namespace:wrong:descripton"):
        apply(sample)
    assert salted.sent == []
