"""The engine in a real master: bus, runner, minions' facts, restart."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from feeder import Feeder, envelope
from master_process import Bus, Master
from waiting import until
from wheel import SITE

BOOT = "8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11"
ALLOC = "5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11"
CONTRACT = Path(SITE) / "saltext/eos/contract/events"


def _example(event: str, verb: str) -> dict:
    name = event.replace("/", "_")
    spec = json.loads((CONTRACT / f"{name}.json").read_text("utf-8"))["spec"]["verbs"][verb]
    parts = {part: spec["example"][part] for part in ("subject", "verdict", "change", "links")}
    tag = f"eos/{event}/{verb}/example"
    return {"event": event, "verb": verb, "severity": spec["severity"], "tag": tag, **parts}


def _record(n: int, minion: str = "n1", alloc: str | None = ALLOC, **changed) -> dict:
    made = _example("kernel/oom", "killed")
    made["subject"] = {**made["subject"], "minion": minion, "alloc": alloc, "place": alloc or "x"}
    made["links"] = {**made["links"], "alloc": alloc}
    for name in ("severity", "tag"):
        del made[name]
    return {
        "n": n,
        "boot": BOOT,
        "kind": "killed",
        "mark": f"{minion}-{n}",
        "occurred": "2026-11-20T09:10:11Z",
        "evidence": [f"kmsg:{n}"],
        **made,
        **changed,
    }


def _signed(key, minion: str, records: list[dict], of: str | None = None) -> dict:
    content = {"minion": of or minion, "boot": BOOT, "records": records, "sent": "x"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    raw = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return {
        "schema": 1,
        "minion": minion,
        "batch": text,
        "signature": base64.b64encode(raw).decode(),
        "id": minion,
    }


def _tag(minion: str) -> str:
    return f"salt/beacon/{minion}/eos_oom/killed"


def _kernel(master: Master, minion: str) -> list[str]:
    query = "SELECT id FROM events WHERE source = ? ORDER BY row"
    return [one for (one,) in master.ask(query, f"kernel:{minion}")]


def test_a_committed_event_is_fired_as_it_is(master):
    bus = Bus(master)
    try:
        with Feeder(master.socket, "fire-00000001") as feeder:
            feeder.greet()
            made = envelope(1, feeder.epoch)
            assert feeder.take(made)["seq"] == 1
            found = until(lambda: [one for one in bus.events if one["data"]["id"] == made["id"]])
        data = dict(found[0]["data"])
        data.pop("_stamp")
        assert data == made
        assert found[0]["tag"] == made["tag"]
        assert len(found) == 1
    finally:
        bus.end()


def test_events_are_shown_one_line_each_and_as_envelopes(master):
    with Feeder(master.socket, "show-00000001") as feeder:
        feeder.greet()
        task = _example("nomad/task", "oom")
        feeder.take(
            envelope(1, feeder.epoch, **task, origin="stream", evidence=["nomad:820"]),
            envelope(2, feeder.epoch),
        )
    status, text = master.run(
        "eos.events", "event=nomad/task", "limit=1", "evidence=True", out=None
    )
    assert status == 0
    (line,) = text.strip().splitlines()
    assert not line.startswith("- ")
    assert "critical" in line
    assert "nomad/task oom" in line
    assert "nomad:820" in line
    assert f"confidence {task['verdict']['confidence']}" in line
    status, text = master.run("eos.events", "event=nomad/task", "limit=1", "advice=True", out="eos")
    assert status == 0
    assert [one.split(":")[0].strip() for one in text.strip().splitlines()[1:]] == ["what to do"]
    status, found = master.run("eos.events", "tag=eos/nomad/task/*", "since=1h")
    assert status == 0
    assert [one["id"] for one in found] == ["b:show-00000001:1"]
    assert master.run("eos.events", "severity=critical", "event=bridge")[1] == []
    for wrong in ("since=tomorrow", "severity=loud", "event=nomad/none", "limit=0"):
        status, said = master.run("eos.events", wrong)
        assert status != 0
        assert "expected" in json.dumps(said)


def test_follow_prints_each_event_at_once(master):
    command = [str(master.bin / "salt-run"), "-c", str(master.home), "--log-level=quiet"]
    command += ["eos.events", "follow=True", "limit=1", "event=bridge", "evidence=True"]
    with Feeder(master.socket, "foll-00000001") as feeder:
        feeder.greet()
        feeder.take(envelope(1, feeder.epoch))
        shown = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=master.home)
        try:
            assert "bridge checkpoint" in shown.stdout.readline()
            feeder.take(envelope(2, feeder.epoch, evidence=["followed"]))
            assert "followed" in shown.stdout.readline()
        finally:
            shown.kill()
            shown.wait(10)


def test_follow_ends_quietly_when_it_is_told_to(master):
    command = [str(master.bin / "salt-run"), "-c", str(master.home), "eos.events", "follow=True"]
    with Feeder(master.socket, "term-00000001") as feeder:
        feeder.greet()
        feeder.take(envelope(1, feeder.epoch))
        shown = subprocess.Popen(
            [*command, "event=bridge"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=master.home,
        )  # fmt: skip
        try:
            assert shown.stdout.readline()
            shown.terminate()
            rest, _ = shown.communicate(timeout=20)
        finally:
            shown.kill()
        assert "Traceback" not in rest
        assert shown.returncode == 0


def test_a_failed_allocation_is_told_with_the_memory_that_killed_it(master):
    kernel, gone = _example("kernel/oom", "killed"), _example("nomad/alloc", "failed")
    task = _example("nomad/task", "failed")
    moved = _example("nomad/alloc", "rescheduled")
    alloc, later = "0f3c6d5f-1c80-4b0a-9c3e-0a3d4f2f6a77", "0f3c6d5f-1c80-4b0a-9c3e-0a3d4f2f6a78"
    for one in (kernel, gone, task):
        one["subject"] = {**one["subject"], "alloc": alloc}
    kernel["links"] = {**kernel["links"], "alloc": alloc}
    gone["verdict"] = {**gone["verdict"], "cause": "failure", "exit_code": 137}
    task["verdict"] = {**task["verdict"], "cause": "exit", "exit_code": 1}
    moved["subject"] = {**moved["subject"], "alloc": later}
    moved["verdict"] = {**moved["verdict"], "cause": "failure", "exit_code": None}
    moved["links"] = {**moved["links"], "previous_alloc": alloc}
    with Feeder(master.socket, "memo-00000001") as feeder:
        feeder.greet()
        for number, one in enumerate((kernel, gone, moved, task), 1):
            feeder.take(envelope(number, feeder.epoch, **one, origin="stream"))
    words = f"because {kernel['subject']['process']} was killed for memory"
    for tag, is_told in (("alloc/failed", True), ("alloc/rescheduled", True), ("task", False)):
        _, text = master.run("eos.events", f"tag=eos/nomad/{tag}/*", "limit=1", out=None)
        assert (words in text) is is_told, text


def test_replay_and_bridge_are_words_without_out(master):
    with Feeder(master.socket, "word-00000001") as feeder:
        feeder.greet()
        feeder.take(envelope(1, feeder.epoch))
    _, text = master.run("eos.replay", "from_seq=1", "epoch=word-00000001", "test=True", out="eos")
    assert text == "1 event, 1 to 1 of epoch word-00000001, would have been fired.\n"
    assert master.run("eos.bridge", out=None)[1].startswith("inbox     events ")


def test_replay_fires_again_and_says_so(master):
    with Feeder(master.socket, "repl-00000001") as feeder:
        feeder.greet()
        feeder.take(*[envelope(n, feeder.epoch) for n in range(1, 6)])
    status, said = master.run("eos.replay", "from_seq=2", "to_seq=4", "epoch=repl-00000001",
                              "test=True")  # fmt: skip
    assert (status, said["fired"]) == (0, 0)
    assert "3 events" in said["comment"]
    bus = Bus(master)
    try:
        assert master.run("eos.replay", "from_seq=2", "to_seq=4", "epoch=repl-00000001")[0] == 0
        again = until(
            lambda: (
                (found := [one["data"] for one in bus.events if one["data"].get("replay")])
                and len(found) == 3
                and found
            )
        )
        assert [one["seq"] for one in again] == [2, 3, 4]
    finally:
        bus.end()
    status, said = master.run("eos.replay", "from_seq=9", "epoch=repl-00000001")
    assert status != 0
    assert "from number 9 on; expected" in said["comment"]
    assert "epoch=repl-00000001 from_seq=1 to_seq=5 (5 events" in said["comment"]
    status, said = master.run("eos.replay")
    assert (status, said["fired"]) == (0, 0)
    held = next(one for one in said["epochs"] if one["epoch"] == "repl-00000001")
    assert (held["first"], held["last"], held["events"]) == (1, 5, 5)


def test_the_bridge_tells_how_it_is(master):
    with Feeder(master.socket, "stat-00000001") as feeder:
        feeder.greet()
        standing = {"name": "nomad:global", "ready": True, "degraded": None, "index": 820,
                    "heard": int(time.time() * 1000), "counters": {}}  # fmt: skip
        silent = {**standing, "name": "consul:dc1", "heard": 0}
        feeder.say({"kind": "status", "standings": [standing, silent], "depth": 3})
        feeder.take(envelope(1, feeder.epoch))
        status, said = master.run("eos.bridge")
        assert status == 0, said["problems"]
        stream = next(one for one in said["streams"] if one["epoch"] == feeder.epoch)
        assert stream["last_seq"] == 1
        assert "number 1, 3 waiting" in said["text"]
        assert "source    consul:dc1: index -, last fact never, servers heard never" in said["text"]
        (nomad,) = (one for one in said["sources"] if one["source"] == "nomad:global")
        assert 0 <= nomad["heard"] < 10
        feeder.say({"kind": "status", "standings": [{**standing, "degraded": "token refused"}]})
        feeder.take(envelope(2, feeder.epoch))
        status, said = master.run("eos.bridge")
        assert status != 0
        assert "token refused" in json.dumps(said["problems"])
        feeder.say({"kind": "status", "standings": [standing]})
        feeder.take(envelope(3, feeder.epoch))


def test_a_signed_record_is_one_row_however_often_it_is_told(master):
    key = master.accept("n1")
    bus = Bus(master)
    try:
        until(lambda: _told(master, _signed(key, "n1", [_record(5)]), "n1", 1))
        for _ in range(3):
            master.fire(_signed(key, "n1", [_record(5), _record(6)]), _tag("n1"))
        until(lambda: len(_kernel(master, "n1")) == 2)
        expected = [f"k:n1:{BOOT}:n1-5", f"k:n1:{BOOT}:n1-6"]
        assert _kernel(master, "n1") == expected
        until(lambda: set(expected) <= set(bus.ids()))
        fired = next(one for one in bus.events if one["data"].get("id") == expected[0])
        assert fired["tag"] == f"eos/kernel/oom/killed/{ALLOC}"
        assert fired["data"]["origin"] == "beacon"
    finally:
        bus.end()


def _acknowledgements(bus: Bus) -> list[dict]:
    told = [one["data"] for one in bus.events]
    return [job for job in told if job.get("fun") == "eos_oom.acknowledge"]


def _told(master, data, minion, count):
    master.fire(data, _tag(minion))
    return len(_kernel(master, minion)) >= count


def test_the_minion_is_told_what_is_in_the_inbox(master):
    key = master.accept("n4")
    bus = Bus(master, "salt/job/")
    try:
        master.fire(_signed(key, "n4", [_record(7, "n4")]), _tag("n4"))
        # An acknowledgement of what another test told may still be on its way.
        wanted = {"n4": [BOOT, 7]}
        until(lambda: wanted in [{job["tgt"][0]: job["arg"]} for job in _acknowledgements(bus)])
    finally:
        bus.end()


def test_nothing_forged_enters_the_inbox(master):
    """One minion with a key of its own speaks for the others in every way that Salt lets it."""
    own, victim = master.accept("evil"), master.accept("n2")
    before = master.ask("SELECT count(*) FROM events")[0][0]
    forged = _signed(own, "n2", [_record(1, "n2")])
    unsigned = {**_signed(victim, "n2", [_record(1, "n2")]), "signature": ""}
    other = _signed(own, "evil", [_record(1, "n2")])
    changed = _signed(victim, "n2", [_record(1, "n2")])
    changed["batch"] = changed["batch"].replace('"n":1', '"n":2')
    attempts = [
        (forged, _tag("n2")),
        (unsigned, _tag("n2")),
        (changed, _tag("n2")),
        (_signed(own, "evil", [_record(1, "evil")]), _tag("n2")),
        (_signed(own, "evil", [_record(1, "evil")]) | {"minion": "n2"}, _tag("n2")),
        (_signed(own, "n2", [_record(1, "n2")]), _tag("evil")),
        (_signed(own, "evil", [_record(1, "evil")], of="n2"), _tag("evil")),
        ({"batch": "x"}, _tag("../pki/master.pem")),
        ({"batch": 5, "minion": "n2", "signature": []}, _tag("n2")),
        (_signed(own, "nobody", [_record(1, "nobody")]), _tag("nobody")),
        (_record(1, "n2"), "eos/kernel/oom/killed/x"),
        (
            {"id": "evil", "cmd": "_minion_event", "data": _record(1, "n2")},
            "eos/kernel/oom/killed/x",
        ),
        (envelope(1), "eos/nomad/alloc/failed/web/api"),
    ]
    for data, tag in attempts:
        master.fire(data, tag)
    master.fire(other, _tag("evil"))
    until(lambda: master.ask("SELECT count(*) FROM dead WHERE id LIKE 'k:evil:%'")[0][0] == 1)
    assert master.ask("SELECT count(*) FROM events")[0][0] == before
    until(lambda: master.ask("SELECT 1 FROM minions WHERE minion = 'n2' AND refused >= 3"), 20)
    until(lambda: master.ask("SELECT why FROM minions WHERE minion = 'evil' AND refused > 0"))
    master.fire(_signed(victim, "n2", [_record(1, "n2")]), _tag("n2"))
    until(lambda: _kernel(master, "n2") == [f"k:n2:{BOOT}:n2-1"])


HOSTILE = [
    {"n": 2**70}, {"n": -1}, {"n": True}, {"boot": "\ud800"}, {"mark": "\ud800"},
    {"mark": "x" * 9000},
    {"event": "nomad/alloc"}, {"event": ["x"]}, {"verb": "oom"}, {"subject": 5}, {"links": []},
    {"evidence": ["\ud800"]}, {"occurred": 5}, {"surplus": 1},
]  # fmt: skip


def test_no_signed_nonsense_ends_the_engine(master):
    key = master.accept("n3")
    for n, changed in enumerate(HOSTILE):
        master.fire(_signed(key, "n3", [_record(n + 1, "n3") | changed]), _tag("n3"))
    master.fire(_signed(key, "n3", [_record(100, "n3")]), _tag("n3"))
    until(lambda: f"k:n3:{BOOT}:n3-100" in _kernel(master, "n3"))
    assert _kernel(master, "n3") == [f"k:n3:{BOOT}:n3-100"]
    with Feeder(master.socket, "alive-0000001") as feeder:
        assert feeder.greet()["kind"] == "welcome"


def test_a_flood_is_held_back_and_comes_again(master):
    key = master.accept("n5")
    records = [_record(n, "n5", None) for n in range(1, 401)]
    partial: list[int] = []

    def again() -> bool:
        found = master.ask("SELECT last_n FROM minions WHERE minion = 'n5'")
        last = found[0][0] if found else 0
        partial.append(last % 50)
        master.fire(_signed(key, "n5", records[last : last + 50]), _tag("n5"))
        return last == 400

    until(again, 60, 0.3)
    # Somewhere less than a batch was let in.
    assert any(partial)
    assert _kernel(master, "n5") == [f"k:n5:{BOOT}:n5-{n}" for n in range(1, 401)]


def test_kill_task_and_service_of_one_allocation_are_linked_both_ways(master):
    alloc = "0a3d4f2f-0000-4000-8000-00000000aaaa"
    key = master.accept("n6")
    master.fire(_signed(key, "n6", [_record(1, "n6", alloc)]), _tag("n6"))
    until(lambda: _kernel(master, "n6"))
    task = _example("nomad/task", "oom")
    service = _example("consul/service", "deregistered")
    with Feeder(master.socket, "link-00000001") as feeder:
        feeder.greet()
        task["subject"] = {**task["subject"], "alloc": alloc}
        service["links"] = {**service["links"], "alloc": alloc}
        said = feeder.take(
            envelope(1, feeder.epoch, **task, origin="stream"),
            envelope(2, feeder.epoch, **service, origin="stream"),
        )
        assert said["refused"] == []
    ids = {f"k:n6:{BOOT}:n6-1", "b:link-00000001:1", "b:link-00000001:2"}
    _, found = master.run("eos.events", "since=1h", "limit=500")
    linked = {one["id"]: set(one["related"]) for one in found if one["id"] in ids}
    assert linked == {one: ids - {one} for one in ids}


def test_a_restarted_master_goes_on_where_it_was(master):
    """Last, because it stops the master."""
    with Feeder(master.socket, "rest-00000001") as feeder:
        feeder.greet()
        feeder.take(envelope(1, feeder.epoch))
    master.stop()
    status, _ = master.run("eos.bridge")
    assert status != 0
    master.start()
    until(lambda: master.said().count("eos_bridge serves") >= 2, 120)
    with Feeder(master.socket, "rest-00000001") as feeder:
        assert feeder.greet()["last_seq"] == 1
        assert feeder.take(envelope(1, feeder.epoch), envelope(2, feeder.epoch))["seq"] == 2
    query = "SELECT count(*) FROM events WHERE epoch = 'rest-00000001'"
    assert master.ask(query) == [(2,)]


def test_a_runner_without_an_inbox_says_what_to_do(tmp_path, master):
    master.inbox.rename(tmp_path / "inbox.db")
    try:
        for verb in (["eos.events"], ["eos.bridge"], ["eos.replay", "from_seq=1"]):
            status, said = master.run(*verb)
            assert status != 0
            assert "configure-master" in json.dumps(said)
    finally:
        (tmp_path / "inbox.db").rename(master.inbox)
