"""What the lines of ``eos.events`` leave out."""

from saltext.eos.utils import bridge_report


def test_what_was_told_before_it_settled_is_shown_once():
    told = [
        {"id": "c:web-1:deregistered:unsettled", "settled": False},
        {"id": "c:web-2:deregistered:unsettled", "settled": False},
        {"id": "c:web-1:deregistered", "settled": True},
    ]
    shown = [one["id"] for one in bridge_report.told_once(told)]
    assert shown == ["c:web-2:deregistered:unsettled", "c:web-1:deregistered"]
