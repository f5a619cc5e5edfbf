"""What the lines of ``eos.events`` say, and what they leave out."""

import re

import pytest
from feeder import envelope
from salt.exceptions import SaltRunnerError

from saltext.eos.utils import bridge_report, bridge_verbs, event_line, event_text


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
    assert event_line.line(made).startswith(f"{shown} info ")
    assert event_text.fill("until {change.until}", {"change": {"until": told}}) == f"until {shown}"


def test_what_to_do_is_under_what_is_grave_and_only_when_asked_for():
    calm, grave = envelope(1), envelope(2, verb="down", severity="critical")
    assert event_line.lines(grave, advice=False) == [event_line.line(grave)]
    assert event_line.lines(calm, advice=True) == [event_line.line(calm)]
    _, advice = event_line.lines(grave, advice=True)
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


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"seveerity": "warning"}, "seveerity is no option; expected one of tag, event"),
        ({"follow": "maybe"}, "follow is 'maybe'; expected True or False"),
        ({"advice": "maybe"}, "advice is 'maybe'; expected True or False"),
        ({"tag": "nomad/alloc/*"}, "tag is 'nomad/alloc/*'; expected a glob of eos/"),
        ({"limit": "many"}, "limit is 'many'; expected a whole number"),
    ],
)
def test_a_wrong_option_is_named_and_nothing_is_shown(tmp_path, asked, said):
    filters = dict.fromkeys(("tag", "event", "subject", "severity", "since"))
    others = {name: asked.pop(name) for name in list(asked) if name == "seveerity"}
    given = {"limit": 50, "follow": False, "advice": False} | asked
    wanted = filters | {name: given.pop(name) for name in list(given) if name in filters}
    with pytest.raises(SaltRunnerError, match=re.escape(said)):
        bridge_verbs.events({"eos_state_dir": str(tmp_path)}, wanted, **given, others=others)


def test_salts_own_words_are_no_options(tmp_path):
    with pytest.raises(SaltRunnerError, match=r"inbox .* is not there"):
        bridge_verbs.replay(
            {"eos_state_dir": str(tmp_path)}, 1, None, None, False, {"__pub_user": "root"}
        )


def test_a_line_names_the_kernel_and_the_task_first_and_no_unsettled_id():
    made = envelope(1)
    made["related"] = ["c:x:deregistered", "c:x:y:unsettled", "n:task:a:srv:oom:1", "k:n1:b:7"]
    assert "with k:n1:b:7; with n:task:a:srv:oom:1]" in event_line.line(made, evidence=True)
    assert "with " not in event_line.line(made)


ALLOC = "848efc16-668d-8493-32f2-8e7e840ad7a4"
FORMER = "1613d034-dd0c-46f2-92e7-f5e17b1b7e23"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("failed: killed, exit code 137, signal 0: it died", "exit code 137 (SIGKILL): it died"),
        ("failed: exit, exit code 1, signal 0", "failed: exit, exit code 1"),
        ("failed: signal, exit code 139, signal 11", "exit code 139 (SIGSEGV), signal 11"),
        ("failed: driver, exit code -, signal -: no", "failed: driver: no"),
        ("exit code 255", "exit code 255"),
        (f"(allocation {ALLOC} after {FORMER})", "(allocation 848efc16 after 1613d034)"),
        (f"whoami (_nomad-task-{ALLOC}-group-whoami-whoami-http) on n1",
         "whoami (_nomad-task-848efc16…) on n1"),
        ("signal 09 and a signal 0x", "signal 09 and a signal 0x"),
    ],
)  # fmt: skip
def test_a_line_has_short_ids_and_no_bare_code(told, shown):
    assert event_line.plain(told).endswith(shown)


def _alloc(verb, cause, **verdict):
    return envelope(
        2, event="nomad/alloc", verb=verb, severity="warning", links={"previous_alloc": FORMER},
        subject={"job": "web", "group": "api", "alloc": ALLOC, "node": "n1"},
        verdict={"cause": cause, "exit_code": None, **verdict},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (_alloc("failed", "failure", exit_code=137), (ALLOC, 120)),
        (_alloc("failed", "failure", exit_code=1), None),
        (_alloc("rescheduled", "failure"), (FORMER, 600)),
        (_alloc("rescheduled", "drain"), None),
        (_alloc("placed", "new"), None),
        (envelope(3), None),
    ],
)
def test_the_kernel_explains_only_what_nomad_cannot(made, asked):
    assert event_line.explained(made) == asked


def test_what_proves_an_event_is_shown_when_it_is_asked_for():
    made = envelope(1, evidence=["nomad:1113"], related=["k:n1:b:7"])
    assert "nomad:1113" not in event_line.line(made)
    assert "nomad:1113; with k:n1:b:7]" in event_line.line(made, evidence=True)
