"""Metrics are OpenMetrics over real files, and every alert asks for what there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
import urllib.request

import pytest
import yaml
from receiving import Audit, decided
from wheel import ROOT

from saltext.eos.utils import heal_metrics, heal_metrics_read, heal_status, heal_store, inbox
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import Rule

RULES = ROOT / "salt/eos/alerts/healer.yml"
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+)')
NAME = re.compile(r"\beos_healer_[a-z_]+\b")
SELECTOR = re.compile(r"(eos_healer_[a-z_]+)\{([^}]*)\}")
WANTED = {
    "EosHealerFrozen", "EosHealerSilent", "EosHealerBreakerOpen", "EosHealerUnclaimed",
    "EosHealerBudgetEmpty", "EosHealerBlocked", "EosHealerBehind", "EosBridgeDegraded",
    "EosHealerContended", "EosHealerHeld",
}  # fmt: skip


@pytest.fixture
def page(tmp_path):
    """A page over a healer, an inbox and a channel that are there."""
    store = heal_store.Store(tmp_path / "healer.db")
    with store.step(Settings()) as now:
        store.state.put_rule(Rule("freeze", "stack", "maintenance", "ann", now.now))
        store.state.put_rule(Rule("hold", "job:web", "it failed", "healer", now.now, now.now - 1))
    store.close()
    inbox.Inbox(tmp_path / "inbox.db").close()
    status = heal_status.Status(
        time.time(), 1, 3, 12, 4, "frozen", "freeze by ann", {"bucket_size": 5}, 2.5, {"looks": 7}
    )
    heal_status.write(tmp_path / heal_status.NAME, status)
    folder = tmp_path / "heal-notify"
    folder.mkdir()
    (folder / "webhook.json").write_text('{"sent": 3, "failed": 2, "dead": 1, "behind": 9}')
    return heal_metrics.Page(tmp_path, tmp_path / "inbox.db", 2)


def samples(text):
    """Give every sample of a page by name and labels; the text has to be OpenMetrics."""
    found, kind, name = {}, "", ""
    assert text.endswith("# EOF\n")
    for line in text.removesuffix("# EOF\n").splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            continue
        if line.startswith("# HELP "):
            assert line.split(" ")[2] == name
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        suffix = {"counter": "_total", "info": "_info", "gauge": ""}[kind]
        assert match[1] == name + suffix
        assert (match[1], match[2] or "") not in found
        found[match[1], match[2] or ""] = float(match[3])
    return found


def test_what_is_so_is_shown(page):
    found = samples(page.get())
    assert found["eos_healer_state", 'state="frozen"'] == 1
    assert found["eos_healer_state", 'state="running"'] == 0
    assert found["eos_healer_tokens", ""] == 2.5
    assert found["eos_healer_notify_restarts_total", ""] == 2
    assert found["eos_healer_behind_rows", ""] == 4
    assert found["eos_healer_rules", 'kind="freeze"'] == 1
    assert found["eos_healer_rules", 'kind="hold"'] == 0
    assert found["eos_healer_audit_verified", ""] == 1
    assert found["eos_healer_notifications_dead_total", 'channel="webhook"'] == 1
    assert found["eos_healer_bridge_known", ""] == 1
    assert found["eos_healer_bridge_problems", ""] >= 1
    assert found["eos_healer_loop_total", 'what="looks"'] == 7


def test_decisions_are_counted_by_what_came_of_them(tmp_path):
    audit = Audit(tmp_path)
    followed = heal_metrics_read.Followed(audit.path)
    audit.add(decided(1))
    followed.turn()
    assert sum(followed.decisions.values()) == 0
    audit.add(
        decided(2), ("claimed", {"decision": "d2", "action": "resync"}),
        ("result", {"decision": "d1", "ok": True}), ("result", {"decision": "d2", "ok": False}),
        ("expired", {"decision": "unknown", "ok": False}), ("claim_refused", {"decision": "x"}),
        decided(3), ("result", {"decision": "d3", "ok": True, "begun": False}),
        decided(4), ("result", {"decision": "d4", "ok": False, "begun": False}),
    )  # fmt: skip
    followed.turn()
    assert dict(followed.decisions) == {
        **{("resync", one): 1 for one in ("claimed", "done", "failed", "not_begun", "not_needed")},
        ("resync", "decided"): 3,
    }
    assert followed.kinds["claim_refused"] == 1
    followed.turn()
    assert sum(followed.decisions.values()) == 8
    audit.close()


def test_an_audit_that_was_changed_is_told(page, tmp_path):
    import sqlite3

    with sqlite3.connect(tmp_path / "healer.db") as db:
        db.execute("DROP TRIGGER audit_stays")
        db.execute("UPDATE audit SET body = replace(body, 'ann', 'bob')")
    assert samples(page.get())["eos_healer_audit_verified", ""] == 0


def test_nothing_there_is_no_metric_and_no_error(tmp_path):
    found = samples(heal_metrics.Page(tmp_path, tmp_path / "inbox.db").get())
    assert ("eos_healer_tokens", "") not in found
    assert found["eos_healer_audit_verified", ""] == 0
    assert found["eos_healer_bridge_known", ""] == 0


def test_it_is_served_on_the_loopback_only(page):
    server = heal_metrics.server(page, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host, port = server.server_address
    try:
        assert host == "127.0.0.1"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
            assert samples(answer.read().decode())
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healer.db", timeout=10)
    finally:
        server.shutdown()
        server.server_close()


def alerts():
    """Give every alert rule that is shipped."""
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return group["rules"]


def test_every_alert_asks_for_a_metric_and_label_that_there_is(page):
    found = samples(page.get())
    names = {name for name, _ in found}
    for rule in alerts():
        asked = set(NAME.findall(rule["expr"])) - {"eos_healer"}
        assert asked <= names, (rule["alert"], asked - names)
        for name, wanted in SELECTOR.findall(rule["expr"]):
            labels = [held for one, held in found if one == name]
            assert any(wanted in held.split(",") for held in labels), (rule["alert"], wanted)


def test_every_alert_says_what_it_means_and_what_to_do():
    told = alerts()
    assert {rule["alert"] for rule in told} >= WANTED
    assert len({rule["alert"] for rule in told}) == len(told)
    for rule in told:
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["runbook"].endswith(".")


PROMTOOL = os.environ.get("EOS_PROMTOOL") or shutil.which("promtool")
# For each alert, a series that has to raise it.
RAISES = {
    "EosHealerAbsent": ('up{job="eos_healer"}', "0x60"),
    "EosHealerSilent": ("eos_healer_status_timestamp_seconds", "0x60"),
    "EosHealerFrozen": ('eos_healer_state{state="frozen"}', "1x60"),
    "EosHealerAuditBroken": ("eos_healer_audit_verified", "0x60"),
    "EosHealerBreakerOpen": ("eos_healer_breakers_open", "2x60"),
    "EosHealerUnclaimed": (
        'eos_healer_decisions_total{action="apply",outcome="expired"}', "0x20 1x40"),
    "EosHealerBudgetEmpty": ("eos_healer_tokens", "0x60"),
    "EosHealerFailing": (
        'eos_healer_decisions_total{action="apply",outcome="failed"}', "0+1x60"),
    "EosHealerBlocked": ('eos_healer_incidents_waiting{check="complete"}', "1x60"),
    "EosHealerBehind": ("eos_healer_behind_rows", "9000x60"),
    "EosBridgeDegraded": ("eos_healer_bridge_problems", "1x60"),
    "EosSourceSilent": ("eos_healer_sources_silent", "1x60"),
    "EosHealerContended": ('eos_healer_rules{kind="contended"}', "1x60"),
    "EosHealerHeld": ('eos_healer_rules{kind="hold"}', "1x90"),
    "EosHealerForged": ('eos_healer_audit_events_total{kind="claim_refused"}', "0x20 1x40"),
    "EosNotifyRestarts": ("eos_healer_notify_restarts_total", "0x20 3x40"),
    "EosNotificationsFail": ('eos_healer_notifications_dead_total{channel="webhook"}', "0x20 1x40"),
}  # fmt: skip
QUIET = {
    'up{job="eos_healer"}': "1x90", "eos_healer_status_timestamp_seconds": "0+60x90",
    "eos_healer_audit_verified": "1x90", "eos_healer_behind_rows": "0x90",
    "eos_healer_tokens": "5x90", "eos_healer_bridge_known": "1x90",
    'eos_healer_incidents_waiting{check="bucket"}': "1x90",
}  # fmt: skip


def test_each_alert_has_a_series_that_raises_it():
    assert set(RAISES) == {rule["alert"] for rule in alerts()}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool of Debian's prometheus is not installed")
def test_prometheus_takes_the_rules_and_raises_each(tmp_path):
    """Its own tool: the rules load, healthy series raise none, each fault raises its own."""
    subprocess.run([PROMTOOL, "check", "rules", RULES], check=True, capture_output=True)
    cases = [_case(QUIET, alert, is_raised=False) for alert in RAISES]
    cases += [_case({**QUIET, one: held}, name, is_raised=True)
              for name, (one, held) in RAISES.items()]  # fmt: skip
    (tmp_path / "cases.yml").write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases})
    )
    command = [PROMTOOL, "test", "rules", tmp_path / "cases.yml"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def _case(series, alert, *, is_raised):
    """Ask whether an alert is raised at all, whatever its labels."""
    expression = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
    return {
        "interval": "1m",
        "input_series": [{"series": one, "values": held} for one, held in series.items()],
        "promql_expr_test": [
            {"expr": expression, "eval_time": "70m" if alert == "EosHealerHeld" else "30m",
             "exp_samples": [{"labels": "{}", "value": int(is_raised)}]},
        ],
    }  # fmt: skip
