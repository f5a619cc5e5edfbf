"""What the lines of ``eos.events`` say, and what they leave out."""

import pytest
from feeder import envelope

from saltext.eos.utils import bridge_report, event_text


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("2026-11-20T09:10:11Z", "2026-11-20T09:10:11.000Z"),
        ("2026-11-20T09:10:11.4Z", "2026-11-20T09:10:11.400Z"),
        ("2026-11-20T09:10:11.402Z", "2026-11-20T09:10:11.402Z"),
        ("2026-11-20T09:10:11.123456789Z", "2026-11-20T09:10:11.123Z"),
        ("soon\n", "soon\\n"),
    ],
)
def test_every_moment_is_written_in_one_way(told, shown):
    made = envelope(1, time={"occurred": told, "observed": told, "clock": "server"})
    assert bridge_report.line(made).startswith(f"{shown} info ")
    assert event_text.fill("until {change.until}", {"change": {"until": told}}) == f"until {shown}"


def test_what_to_do_is_under_what_is_grave_and_only_when_asked_for():
    calm, grave = envelope(1), envelope(2, verb="down", severity="critical")
    assert bridge_report.lines(grave, advice=False) == [bridge_report.line(grave)]
    assert bridge_report.lines(calm, advice=True) == [bridge_report.line(calm)]
    _, advice = bridge_report.lines(grave, advice=True)
    assert advice.startswith("    what to do: Until it recovers, silence says nothing about bridge")
    assert bridge_report.advised(grave, advice=True)["advice"] in advice
    assert bridge_report.advised(calm, advice=True)["advice"] is None
    assert bridge_report.advised(grave, advice=False) == grave


def test_what_was_told_before_it_settled_is_shown_once():
    told = [
        {"id": "c:web-1:deregistered:unsettled", "settled": False},
        {"id": "c:web-2:deregistered:unsettled", "settled": False},
        {"id": "c:web-1:deregistered", "settled": True},
    ]
    shown = [one["id"] for one in bridge_report.told_once(told)]
    assert shown == ["c:web-2:deregistered:unsettled", "c:web-1:deregistered"]
