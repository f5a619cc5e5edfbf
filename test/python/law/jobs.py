"""Jobs for tests: small, of the driver that needs no image."""

from __future__ import annotations

import contextlib
import time
from urllib.parse import quote

WEB = """
variable "seconds" {
  type    = string
  default = "3600"
}

variable "labels" {
  type    = map(string)
  default = {}
}

job "web" {
  type = "service"
  meta = var.labels

  group "server" {
    count = 1

    update {
      min_healthy_time  = "0s"
      healthy_deadline  = "20s"
      progress_deadline = "30s"
    }

    restart {
      attempts = 0
      mode     = "fail"
    }

    task "sleep" {
      driver       = "raw_exec"
      kill_timeout = "1s"

      config {
        command = "/bin/sleep"
        args    = [var.seconds]
      }

      env {
        GREETING    = "hello"
        DB_PASSWORD = "hunter22"
      }

      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
"""


def job(name="web", command=("/bin/sleep", "3600"), healthy=0, **more):
    """
    Give a job as data; ``more`` goes over the job, ``group`` over its group.

    :param healthy: nanoseconds that a task must run before it is healthy.
    """
    group, kind = more.pop("group", {}), more.get("Type", "service")
    task = {
        "Name": "main",
        "Driver": "raw_exec",
        "KillTimeout": 1_000_000_000,
        "Config": {"command": command[0], "args": list(command[1:])},
        "Resources": {"CPU": 20, "MemoryMB": 16},
    }
    update = {"MinHealthyTime": healthy, "HealthyDeadline": 10**10, "ProgressDeadline": 2 * 10**10}
    never = {"Attempts": 0, "Interval": 10**9 * 60, "Delay": 10**9, "Mode": "fail"}
    one = {
        "Name": "one",
        "Count": 1,
        "Tasks": [task],
        "RestartPolicy": never,
        **({"Update": update} if kind in ("service", "system") else {}),
        **(
            {}
            if kind.startswith("sys")
            else {"ReschedulePolicy": {"Attempts": 0, "Unlimited": False}}
        ),
        **group,
    }
    return {"ID": name, "Name": name, "Type": "service", "TaskGroups": [one], **more}


def await_scheduled(client, name):
    """Wait until nothing of a job is being scheduled: purged before that, Nomad 1.11.3 panics."""
    ends = time.monotonic() + 30
    while any(
        one["Status"] == "pending"
        for one in client.get(f"/v1/job/{quote(name, safe='')}/evaluations")
    ):
        assert time.monotonic() < ends, f"{name} is still being scheduled"
        time.sleep(0.1)


@contextlib.contextmanager
def gone(salted, *names):
    """Purge jobs when the block ends."""
    try:
        yield
    finally:
        for name in names:
            await_scheduled(salted.client("nomad"), name)
            result = salted.state("nomad_job.absent", name=name, purge=True, within="30s")
            assert result["result"] is True, result
