"""Units under a real systemd: given up, restarted for ever, stopped, gone, and well again."""

from __future__ import annotations

import time

import pytest
from counting import calls
from host_systemd import wait_for

from saltext.eos.beacon_config.eos_host import DEFAULTS
from saltext.eos.events import table
from saltext.eos.utils import hint, host_bus
from saltext.eos.utils.host_bus import Call, NoAnswer
from saltext.eos.utils.host_form import Form
from saltext.eos.utils.host_judge import WELL
from saltext.eos.utils.host_kept import Known
from saltext.eos.utils.host_units import MANAGER, ROOT, End, Loop, Standing, Units, seen
from saltext.eos.utils.host_watch import Watch
from saltext.eos.utils.record_scribe import Scribe

RUNS = {"ExecStart": "/bin/sleep infinity"}


@pytest.fixture
def watching(at_systemd, tmp_path, request):
    """A watch of one unit, which is made and started by each test."""
    unit = f"eos-{request.node.name[:40].replace('_', '-')}.service"
    opened = []

    class Watching:
        """The watch, its unit, and what it told."""

        name = unit
        systemd = at_systemd

        def __init__(self):
            self.again()

        def again(self):
            """Start the watch anew, as with the minion."""
            for one in opened:
                one.close()
            self.watch = Watch(
                tmp_path / "books", "n1", Known(Form({unit: "consul"})), dict(DEFAULTS)
            )
            opened[:] = [self.watch]

        def told(self):
            """Make a pass and give all verbs with their causes so far."""
            self.watch.step()
            records = self.watch._books.state["records"]
            return [(one["verb"], one["verdict"]["cause"]) for one in records]

        def until(self, *wanted):
            """Make passes until exactly that was told."""
            wait_for(lambda: len(self.told()) >= len(wanted), f"{wanted}", 90)
            assert self.told() == list(wanted)
            return self.watch._books.state["records"]

        def quiet(self, seconds):
            """Make passes for a while, and give what was told."""
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                found = self.told()
                time.sleep(0.2)
            return found

    yield Watching()
    at_systemd.run("systemctl", "stop", unit)
    opened[0].close()


def _is_event(record):
    made = hint.envelope("n1", record, "e", 1)
    assert hint.problem("n1", record, made, "eos_host") is None
    words = table.says(made)
    assert "{" not in words
    return made


def test_a_unit_that_systemd_gave_up_is_told_once_and_its_recovery_too(watching):
    watching.systemd.unit(watching.name, **RUNS)
    assert watching.quiet(1.5) == []
    watching.systemd.unit(watching.name, ExecStart="/bin/false")
    watching.systemd.run("systemctl", "kill", "--signal=KILL", watching.name)
    (record,) = watching.until(("failed", "gave_up"))
    assert record["verdict"]["result"] == "signal"
    assert record["subject"] == {"minion": "n1", "unit": watching.name, "component": "consul"}
    shown = watching.systemd.run(
        "systemctl", "show", "--value", "--property=InvocationID", watching.name
    )
    assert record["mark"].startswith(f"{shown}:")
    made = _is_event({"n": 1, **record})
    assert made["id"] == f"h:n1:unit:failed:{record['mark']}"
    assert made["tag"] == f"eos/host/unit/failed/{watching.name}"
    # A restart of the minion tells nothing again, and forgets nothing.
    watching.again()
    assert watching.quiet(4) == [("failed", "gave_up")]
    watching.systemd.unit(watching.name, **RUNS)
    _, well = watching.until(("failed", "gave_up"), ("recovered", "runs"))
    _is_event({"n": 2, **well})


def test_another_failure_after_a_start_is_another_fact(watching):
    watching.systemd.unit(watching.name, ExecStart="/bin/false")
    watching.until(("failed", "gave_up"))
    watching.systemd.unit(watching.name, ExecStart="/bin/false")
    first, second = watching.until(("failed", "gave_up"), ("failed", "gave_up"))
    assert first["mark"] != second["mark"]


def test_a_unit_that_is_started_again_and_again_has_failed(watching):
    watching.systemd.unit(
        watching.name,
        ExecStart="/bin/sh -c 'sleep 0.2; exit 3'",
        Restart="always",
        RestartSec="0.3",
    )
    (record,) = watching.until(("failed", "restarts"))
    assert record["change"]["restarts"] >= DEFAULTS["restarts"]
    assert (record["verdict"]["result"], record["verdict"]["status"]) == ("exit-code", 3)
    _is_event({"n": 1, **record})
    assert watching.quiet(5) == [("failed", "restarts")]


def test_one_restart_is_systemds_own_affair(watching):
    watching.systemd.unit(watching.name, **RUNS, Restart="always", RestartSec="0.1")
    assert watching.quiet(1) == []
    watching.systemd.run("systemctl", "kill", "--signal=KILL", watching.name)
    assert watching.quiet(5) == []


def test_a_unit_that_somebody_stopped_is_told_as_stopped_after_its_quiet_time(watching):
    watching.systemd.unit(watching.name, **RUNS)
    assert watching.quiet(1) == []
    watching.systemd.run("systemctl", "stop", watching.name)
    # A restart by a state run takes less than the quiet time.
    assert watching.quiet(8) == []
    (record,) = watching.until(("stopped", "inactive"))
    _is_event({"n": 1, **record})


def test_a_unit_that_was_never_there_is_not_missed(watching):
    assert watching.quiet(2) == []
    assert watching.watch._books.state["things"][f"unit:{watching.name}"]["silent"]
    watching.systemd.unit(watching.name, **RUNS)
    assert watching.quiet(7) == []


def test_what_systemd_does_not_answer_is_neither_well_nor_not(watching, monkeypatch):
    watching.systemd.unit(watching.name, ExecStart="/bin/false")
    watching.until(("failed", "gave_up"))
    monkeypatch.setattr("saltext.eos.utils.host_bus.SYSTEM", "/run/nobody-is-there")
    watching.watch._units.close()
    assert watching.quiet(6) == [("failed", "gave_up")]


@pytest.mark.parametrize("pattern", ["consul", "con*", "eos-ignored.*"])
def test_of_what_is_ignored_nothing_is_told(at_systemd, tmp_path, monkeypatch, pattern):
    monkeypatch.setitem(table.TABLE["host/unit"]["verbs"]["failed"], "settle_seconds", 0)
    at_systemd.unit("eos-ignored.service", ExecStart="/bin/false")
    at_systemd.unit("eos-heard.service", ExecStart="/bin/false")
    form = Form({"eos-ignored.service": "consul", "eos-heard.service": "vault"})
    watch = Watch(tmp_path / "books", "n1", Known(form), {**DEFAULTS, "ignore": [pattern]})

    def told():
        watch.step()
        return [one["subject"]["unit"] for one in watch._books.state["records"]]

    wait_for(told, "the other unit")
    for _ in range(3):
        assert told() == ["eos-heard.service"]
    watch.close()


def test_an_idle_pass_over_all_units_asks_twice_writes_nothing_and_costs_little(
    at_systemd, tmp_path, monkeypatch
):
    """
    A pass over eight units makes 6,000 calls.

    Mutation: ask also for the details of what has not changed, or write the books at each pass.
    """
    monkeypatch.setattr(host_bus, "PATIENCE", 30.0)
    units = {f"eos-idle-{at}.service": f"c{at}" for at in range(8)}
    for unit in units:
        at_systemd.unit(unit, **RUNS)
    watch = Watch(tmp_path / "books", "n1", Known(Form(units)), dict(DEFAULTS))
    wait_for(lambda: watch.step() or _are_well(watch, units), "that all run")
    asks, writes, ask = [], [], host_bus.Bus.ask
    monkeypatch.setattr(host_bus.Bus, "ask", lambda bus, them: asks.append(1) or ask(bus, them))
    monkeypatch.setattr(Scribe, "write", lambda scribe, state: writes.append(state))
    for number in range(1, 21):
        assert calls(watch.step) < 10_000
        assert len(asks) == 2 * number
    assert writes == watch._books.state["records"] == []
    watch.close()


def _are_well(watch, units):
    things = watch._books.state["things"]
    return all((things.get(f"unit:{unit}") or {}).get("level") == WELL for unit in units)


def test_a_refused_question_is_one_answer_among_others(at_systemd):
    bus = host_bus.opened()
    no, yes = bus.ask(
        [
            Call(ROOT, MANAGER, "NoSuchThing", "s", ("x",)),
            Call(ROOT, MANAGER, "ListUnitsByNames", "as", (["no-such.service"],)),
        ]
    )
    assert no is None
    assert yes[0][0][2:4] == ("not-found", "inactive")
    bus.close()
    with pytest.raises(NoAnswer):
        bus.ask([Call(ROOT, MANAGER, "ListUnitsByNames", "as", ([],))])


def test_every_type_that_systemd_answers_in_can_be_read(at_systemd):
    bus = host_bus.opened()
    everything = Call(ROOT, "org.freedesktop.DBus.Properties", "GetAll", "s", ("",))
    listed = Call(ROOT, MANAGER, "ListUnits", "", ())
    properties, units = bus.ask([everything, listed])
    names = dict(properties[0])
    assert names["Version"].startswith("2")
    assert names["NNames"] >= len(units[0]) > 5
    bus.close()


def test_a_loop_ends_when_it_stays_up():
    loop = Loop()
    for second in range(6):
        loop.note(float(second), second, 5)
    assert loop.is_looping
    loop.note(30.0, 5, 5)
    assert loop.is_looping
    loop.note(36.0, 5, 5)
    assert not loop.is_looping


def test_a_start_by_hand_ends_a_loop():
    loop = Loop()
    for second in range(6):
        loop.note(float(second), second, 5)
    loop.note(6.0, 0, 5)
    assert not loop.is_looping
    for second in range(7, 12):
        loop.note(float(second), second - 6, 5)
    assert loop.is_looping


def test_restarts_over_hours_are_no_loop():
    loop = Loop()
    for hour in range(30):
        loop.note(hour * 3600.0, hour, 5)
        assert not loop.is_looping


def test_of_a_loop_the_last_end_is_told_and_not_the_start_that_follows():
    """Mutation: tell what systemd says at this moment, which each start sets back to success."""
    begins = Standing("loaded", "activating", "start", False, 7, "x", 1, "success", 0)
    waits = begins._replace(sub="auto-restart", result="exit-code", status=1)
    end = End()
    told = end.note(0.0, begins)
    assert (told.result, told.status) == (None, None)
    for at in (1.0, 3.0):
        assert end.note(at, waits) == waits
        told = end.note(at + 1.0, begins)
        assert (told.result, told.status) == ("exit-code", 1)
    # What was an hour ago says nothing of this loop.
    assert end.note(3_600.0, begins).result is None


def test_a_loop_is_told_with_its_last_end_whatever_it_does_at_that_moment(monkeypatch):
    """Mutation: judge a loop by the reading at which it is noticed."""
    unit, passes = "caddy.service", []
    units = Units({unit: "caddy"}, 3)
    monkeypatch.setattr(units, "_standings", lambda: {unit: passes[-1]})
    begins = Standing("loaded", "activating", "start", False, 0, "x", 1, "success", 0)
    for count in range(4):
        passes.append(begins._replace(restarts=count))
        (found,) = units.look("n1", "boot", 2.0 * count)
        verdict = found.payload["verdict"]
        passes.append(begins._replace(sub="auto-restart", result="exit-code", status=1,
                                      restarts=count))  # fmt: skip
        units.look("n1", "boot", 2.0 * count + 1.0)
    assert (found.level, verdict["cause"]) == ("failed", "restarts")
    assert (verdict["result"], verdict["status"]) == ("exit-code", 1)


def test_two_units_that_never_ran_have_facts_of_their_own():
    never = Standing("loaded", "inactive", "dead", False, 0, None, 0, None, None)
    marks = {seen("n1", "boot", unit, "app", never, False).mark for unit in ("a", "b")}
    assert len(marks) == 2


def test_systemd_that_is_not_there_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("saltext.eos.utils.host_bus.PRIVATE", str(tmp_path / "none"))
    monkeypatch.setattr("saltext.eos.utils.host_bus.SYSTEM", str(tmp_path / "none"))
    assert Units({"consul.service": "consul"}, 5).look("n1", "boot", 1.0) == []
