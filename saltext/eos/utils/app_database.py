"""
Compile the PostgreSQL of one application: a Nomad job and a volume of its own.

Its password is made once, kept in Vault, and belongs to the volume: the job sets it again at every
start, so that what Vault holds is what the database accepts.

Between application and database the connection is authenticated with SCRAM-SHA-256 and not yet
encrypted: it stays on the bridge of one host while both run there, and does not on several hosts.
"""

from __future__ import annotations

from typing import Any

from saltext.eos.utils.app_job import (
    DATABASE_LABEL,
    RESCHEDULE,
    RESTART,
    SECOND,
    VAULT,
    job,
    path_of,
    resources,
    role_of,
    service,
    update,
)

USER_ID = 5432
"""User and group of PostgreSQL in its image, owner of the volume."""
PORT = 5432
MOUNT = "/var/lib/postgresql/data"
PASSWORD = "/secrets/password"  # noqa: S105 - the file's name, not its content


def job_name(app: str) -> str:
    """Name the database's job, and its service, after the application."""
    return f"{app}-db"


def volume(app: str, namespace: str) -> dict[str, Any]:
    """Give the Terraform resource of the volume that holds the data."""
    return {
        "name": job_name(app),
        "namespace": namespace,
        "plugin_id": "mkdir",
        "parameters": {"mode": "0700", "uid": str(USER_ID), "gid": str(USER_ID)},
        "capability": [
            {"access_mode": "single-node-writer", "attachment_mode": "file-system"},
        ],
        "lifecycle": {"prevent_destroy": True},
    }


def database(app: str, values: dict[str, Any]) -> dict[str, Any]:
    """
    Give the job of an application's database.

    :param values: the fields of component ``app``; ``database`` is set.
    """
    name, wanted = job_name(app), values["database"]
    namespace, role = values["namespace"], role_of(app)
    password = path_of(namespace, name, "database")
    check = {
        "Name": f"{name} accepts a login and is not in recovery",
        "Type": "script",
        "TaskName": name,
        "Command": "/usr/local/bin/ready",
        "Interval": 10 * SECOND,
        "Timeout": 8 * SECOND,
    }
    task = {
        "Name": name,
        "Driver": "docker",
        "Config": {
            "image": wanted["image"],
            "ports": [DATABASE_LABEL],
            "cap_drop": ["all"],
            "pids_limit": 1024,
            "security_opt": ["no-new-privileges"],
        },
        "Env": {
            "PGDATA": MOUNT,
            "POSTGRES_DB": role,
            "POSTGRES_PASSWORD_FILE": PASSWORD,
            "POSTGRES_PORT": str(PORT),
            "POSTGRES_USER": role,
        },
        "Resources": resources(wanted.get("cpu", 100), wanted["memory"]),
        "Templates": [
            {
                "DestPath": "secrets/password",
                "EmbeddedTmpl": f'{{{{ with secret "kv/data/{password}" }}}}'
                "{{ .Data.data.password }}{{ end }}",
                "Envvars": False,
                "Perms": "0400",
                "Uid": USER_ID,
                "Gid": USER_ID,
                "ChangeMode": "restart",
                "Splay": 5 * SECOND,
                "ErrMissingKey": True,
            }
        ],
        "VolumeMounts": [{"Volume": "data", "Destination": MOUNT, "ReadOnly": False}],
        "LogConfig": {"MaxFiles": 3, "MaxFileSizeMB": 10},
        # The image names the signal. With one named here, Nomad cannot clear away a container that
        # ended while its host was down, tries for six minutes and starts no other meanwhile.
        "KillTimeout": 60 * SECOND,
        "RestartPolicy": RESTART,
        "Vault": VAULT,
    }
    group = {
        "Name": name,
        "Count": 1,
        "Networks": [{"DynamicPorts": [{"Label": DATABASE_LABEL, "To": PORT}]}],
        "Volumes": {
            "data": {
                "Name": "data",
                "Type": "host",
                "Source": name,
                "AccessMode": "single-node-writer",
                "AttachmentMode": "file-system",
            }
        },
        "Services": [service(name, DATABASE_LABEL, check)],
        "Update": update(auto_revert=False),
        "RestartPolicy": RESTART,
        "ReschedulePolicy": RESCHEDULE,
        "Tasks": [task],
    }
    return job(name, namespace, group, needs_vault=True)
