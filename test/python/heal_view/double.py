"""
A double of Nomad, Consul and Vault that tells what it is given, and fails where a test says so.

Its rows have every field of real ones: test_heal_real compares them.
"""

from __future__ import annotations

import http.server
import itertools
import json
import re
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "5ec7e700-0000-4000-8000-00000000cafe"
NODE = "0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1"


def stub(name: str, namespace: str = "apps", **more: Any) -> dict[str, Any]:
    """Give a job as ``/v1/jobs`` lists it."""
    summary = {"Complete": 0, "Failed": 0, "Lost": 0, "Queued": 0, "Running": 1, "Starting": 0,
               "Unknown": 0}  # fmt: skip
    return {
        "CreateIndex": 62, "Datacenters": ["*"], "ID": name, "JobModifyIndex": 287,
        "JobSummary": {
            "Children": {"Dead": 0, "Pending": 0, "Running": 0}, "CreateIndex": 62, "JobID": name,
            "ModifyIndex": 852, "Namespace": namespace, "Summary": {name: summary},
        },
        "ModifyIndex": 847, "Multiregion": None, "Name": name, "Namespace": namespace,
        "NodePool": "default", "ParameterizedJob": False, "ParentID": "", "Periodic": False,
        "Priority": 50, "Status": "running", "StatusDescription": "", "Stop": False,
        "SubmitTime": 1795260343525973513, "Type": "service", **more,
    }  # fmt: skip


def state(name: str, allocs: list[dict[str, Any]], namespace: str = "apps", **more: Any) -> dict:
    """Give a job as ``/v1/jobs/statuses`` lists it, with its allocations."""
    return {
        "Allocs": [
            {
                "ClientStatus": one["ClientStatus"], "DeploymentStatus": {
                    "Canary": False, "Healthy": True},
                "FollowupEvalID": "", "Group": one["TaskGroup"], "HasPausedTask": False,
                "ID": one["ID"], "JobVersion": one["JobVersion"], "NodeID": one["NodeID"],
            }
            for one in allocs
        ],
        "ChildStatuses": None, "Datacenters": ["*"], "GroupCountSum": len(allocs), "ID": name,
        "IsPack": False, "LatestDeployment": None, "ModifyIndex": 877, "Name": name,
        "Namespace": namespace, "NodePool": "default", "ParentID": "", "Priority": 50,
        "Status": "running", "Stop": False, "SubmitTime": 1795254216916081954, "Type": "service",
        "Version": 1, **more,
    }  # fmt: skip


def alloc(number: int, job: str, namespace: str = "apps", **more: Any) -> dict[str, Any]:
    """Give an allocation as ``/v1/allocations`` lists it."""
    return {
        "ClientDescription": "Tasks are running", "ClientStatus": "running", "CreateIndex": 194,
        "CreateTime": 1795259687881394226,
        "DeploymentStatus": {
            "Canary": False, "Healthy": True, "ModifyIndex": 239,
            "Timestamp": "2026-11-21T11:19:47.929259571Z",
        },
        "DesiredDescription": "", "DesiredStatus": "run",
        "DesiredTransition": {
            "ForceReschedule": None, "Migrate": None, "MigrateDisablePlacement": None,
            "NoShutdownDelay": None, "Reschedule": None,
        },
        "EvalID": "088e190c-8393-6b44-10df-1ccaed31924b", "FollowupEvalID": "",
        "ID": f"b9f3a338-8a2c-274c-5899-{number:012x}", "JobID": job, "JobType": "service",
        "JobVersion": 1, "ModifyIndex": 875, "ModifyTime": 1795269776226084881,
        "Name": f"{job}.{job}[0]", "Namespace": namespace, "NextAllocation": "", "NodeID": NODE,
        "NodeName": "n1", "PreemptedAllocations": None, "PreemptedByAllocation": "",
        "RescheduleTracker": None, "TaskGroup": job, "TaskStates": None, **more,
    }  # fmt: skip


RULES = [{"Capabilities": ["list-jobs", "read-job"], "Name": "*", "Policy": "", "Variables": None}]
NODES = [{
    "Address": "172.30.77.11", "CreateIndex": 8, "Datacenter": "dc1", "Drain": False,
    "Drivers": {}, "HostVolumes": {}, "ID": NODE, "LastDrain": None, "ModifyIndex": 838,
    "Name": "n1", "NodeClass": "", "NodePool": "default", "SchedulingEligibility": "eligible",
    "Status": "ready", "StatusDescription": "", "Version": "1.11.3",
}]  # fmt: skip
INSTANCE = "_nomad-task-b9f3a338-8a2c-274c-5899-000000000000-group-job0-job0-http"


class Double:
    """
    The servers; each answer stands in ``answers`` under its path, each fault in ``faults``.

    A fault is a status, or a name of what goes wrong; see ``_Handler``.
    """

    def __init__(self, jobs: int = 1, copies: int = 1) -> None:
        self.asked: list[str] = []
        self.faults: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        self.allocs = [
            alloc(number, f"job{number // copies}") for number in range(jobs * copies)
        ]  # fmt: skip
        names = [f"job{number}" for number in range(jobs)]
        self.answers: dict[str, Any] = {
            "/v1/acl/token/self": {
                "Type": "client", "Policies": ["eos"], "Roles": None, "AccessorID": "a",
                "SecretID": TOKEN,
            },
            "/v1/acl/policy/eos": {"Name": "eos", "RulesJSON": {"Namespaces": RULES}},
            "/v1/jobs": [stub(name) for name in names],
            "/v1/jobs/statuses": [
                state(name, self.allocs[number * copies : (number + 1) * copies])
                for number, name in enumerate(names)
            ],
            "/v1/allocations": self.allocs,
            f"/v1/allocation/{alloc(0, 'job0')['ID']}": {
                "TaskGroup": "job0", "TaskStates": {}, "Job": {"TaskGroups": [{
                    "Name": "job0", "Tasks": [{"Name": "job0"}],
                    "Services": [{"Name": "job0", "PortLabel": "http", "Provider": "consul"}],
                }]},
            },
            "/v1/deployments": [],
            "/v1/evaluations": [],
            "/v1/nodes": NODES,
            "/v1/catalog/nodes": [{"Node": "n1"}],
            "/v1/catalog/node-services/n1": {
                "Node": {"Node": "n1"},
                "Services": [
                    {"ID": INSTANCE, "Service": "job0", "CreateIndex": 7, "ModifyIndex": 8}
                ],
            },
            "/v1/health/node/n1": [
                {"ServiceID": INSTANCE, "CheckID": "c", "Status": "passing"}
            ],
            "/v1/sys/seal-status": {"sealed": False, "initialized": True},
        }  # fmt: skip
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.double = self  # type: ignore[attr-defined]
        self.is_over = threading.Event()
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def configuration(self, home, token: str = TOKEN, **addresses: list[str]) -> str:
        """Write the configuration of a sidecar that reads this double; give its path."""
        (home / "token").write_text(token + "\n")
        common = {"ca": None, "token_file": str(home / "token")}
        here = {name: addresses.get(name, [self.address]) for name in ("nomad", "consul")}
        held = {
            "nomad": [{"region": "global", "addresses": here["nomad"], **common}],
            "consul": [{"datacenter": "dc1", "addresses": here["consul"], **common}],
        }
        (home / "config.json").write_text(json.dumps(held))
        return str(home / "config.json")

    def stop(self) -> None:
        """End it, and whatever it still sends."""
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    # All questions of a look come at once.
    request_queue_size = 64


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        double: Double = self.server.double  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        double.asked.append(self.path)
        fault = double.faults.get(parts.path)
        if isinstance(fault, int):
            # What a proxy in between may do: send back what it was sent.
            self._send(fault, f"no: {dict(self.headers)}".encode())
            return
        answer, more = double.answers.get(parts.path), {}
        if answer is None:
            self._send(404, b"not found")
            return
        query = parse_qs(parts.query)
        if "filter" in query and isinstance(answer, list):
            answer = [one for one in answer if _meets(one, query["filter"][0])]
        if isinstance(answer, list) and "per_page" in query:
            size, start = int(query["per_page"][0]), int((query.get("next_token") or ["0"])[0])
            if start + size < len(answer) or fault == "endless":
                more["X-Nomad-NextToken"] = str(0 if fault == "endless" else start + size)
            answer = answer[start : start + size]
        body = json.dumps(answer).encode()
        if fault in BODIES:
            body = BODIES[fault]
        if fault == "no leader":
            more |= {"X-Nomad-KnownLeader": "false", "X-Consul-KnownLeader": "false"}
        if fault == "filtered":
            more["X-Consul-Results-Filtered-By-ACLs"] = "true"
        self._send(200, body, more, fault)

    def _send(
        self, status: int, body: bytes, more: dict[str, str] | None = None, fault: Any = None
    ) -> None:
        double: Double = self.server.double  # type: ignore[attr-defined]
        known = {"X-Nomad-KnownLeader": "true", "X-Consul-KnownLeader": "true",
                 "X-Nomad-Index": "9", "X-Consul-Index": "9"}  # fmt: skip
        if fault == "silent":
            double.is_over.wait()
            return
        self.send_response(status)
        for name, value in {**known, **(more or {})}.items():
            self.send_header(name, value)
        if fault in ("cut chunk", "slow chunk"):
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "cut":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif fault == "cut chunk":
            self.wfile.write(b"%x\r\n%b\r\n" % (1, body[:1]))
            self.close_connection = True
        elif fault in ("slow", "slow chunk"):
            # What comes in chunks may go on for ever.
            endless = itertools.repeat(ord(" ")) if fault == "slow chunk" else ()
            for byte in itertools.chain(body, endless):
                one = bytes([byte])
                try:
                    self.wfile.write(one if fault == "slow" else b"1\r\n%b\r\n" % one)
                except OSError:
                    break
                if double.is_over.wait(0.3):
                    break
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


EQUAL = re.compile(r'([A-Za-z]+) == "([^"]*)"')


def _meets(row: dict[str, Any], condition: str) -> bool:
    """Tell whether a row meets a condition as the healer writes them: equals, ``and``, ``or``."""
    terms = re.split(r" or ", condition)
    return any(all(row.get(name) == text for name, text in EQUAL.findall(one)) for one in terms)


BODIES = {
    "empty": b"", "null": b"null", "text": b"<html>busy</html>", "object": b"{}",
    "numbers": b"[1, 2]", "half": b'[{"ID": "a"', "rows of nothing": b"[{}]",
}  # fmt: skip
