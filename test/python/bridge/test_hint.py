"""What a minion may fire under ``eos/`` and what counts against it."""

import pytest


def _heard(tmp_path, tag):
    from saltext.eos.utils import hint

    (tmp_path / "n1").write_text("key")
    return hint.signed(tag, {"id": "n1", "cmd": "_minion_event", "data": {}}, tmp_path)


def test_the_announcement_of_a_gate_is_nothing_to_doubt(tmp_path):
    assert _heard(tmp_path, "eos/run/gate/consul/passed") is None


@pytest.mark.parametrize("tag", ["eos/kernel/oom/killed/x", "eos/runs", "eos/heal/decided/x"])
def test_any_other_tag_of_ours_counts_against_the_minion(tmp_path, tag):
    from saltext.eos.utils import hint

    with pytest.raises(hint.Doubt) as doubt:
        _heard(tmp_path, tag)
    assert doubt.value.minion == "n1"
