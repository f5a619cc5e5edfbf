"""What of a job has the name of another, or none: each is compared with its own."""

import pytest
from jobs import gone, job

RULES = "TaskGroups.one.Tasks.main.Resources.Devices.nvidia/gpu.Constraints"


@pytest.mark.server
def test_of_two_with_one_name_each_is_compared_with_its_own(salted):
    """Mutation: pair by name alone, and a job that nobody has changed is written in each run."""
    salted.serve("nomad")
    # No node is like that, so nothing runs.
    nowhere = [{"LTarget": "${meta.deep}", "RTarget": "no", "Operand": "="}]
    jobspec = job("deep", Constraints=nowhere)
    rules = [
        {"LTarget": "${device.attr.memory}", "RTarget": size, "Operand": ">="}
        for size in ("2 GiB", "4 GiB")
    ]
    devices = [{"Name": "nvidia/gpu", "Count": 1, "Constraints": [rule]} for rule in rules]
    jobspec["TaskGroups"][0]["Tasks"][0]["Resources"]["Devices"] = devices
    with gone(salted, "deep"):
        given = {"name": "deep", "within": "0s", "jobspec": jobspec}
        assert salted.state("nomad_job.present", **given)["result"] is True
        again = salted.state("nomad_job.present", **given)
        assert (again["result"], again["changes"]) == (True, {}), again
        rules[0]["RTarget"] = "3 GiB"
        third = salted.state("nomad_job.present", **given)
        assert set(third["changes"]) == {RULES}, third


def test_what_has_no_name_is_looked_for_at_its_place():
    """Mutation: take no name for one name, and the options of the first artifact are missed."""
    from saltext.eos.utils.nomad_unsaid import forgotten

    options = [{"checksum": "sha256:00"}, {"depth": "1"}]
    held = {"Artifacts": [{"GetterOptions": one} for one in options]}
    assert forgotten(held, held) == []
    short = {"Artifacts": [held["Artifacts"][0], {"GetterOptions": {}}]}
    assert forgotten(short, held) == ["Artifacts[1].GetterOptions.depth"]
