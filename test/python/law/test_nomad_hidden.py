"""What of a Nomad job is shown, and what only that it differs: by place, whatever its name."""

import pytest

SECRET = "correct horse battery"
FIELDS = [
    "Env[DB_PASS]", "Env[PGPASS]", "Env[MYSQL_PWD]", "Env[SMTP_AUTH]", "Env[ENCRYPTION_KEY]",
    "Env[DB_PASSWORD]", "Template.EmbeddedTmpl", "Template#2.EmbeddedTmpl", "Config.args[1]",
    "Config.auth[0][password]", "Config.command", "Config.image_pass.deep", "Meta[dsn]",
    "Artifact.GetterHeaders[Authorization]", "Artifact.GetterOptions[sshkey]",
    "Artifact.GetterSource", "Payload", "Service.Check.Header[X-Key]", "Service.Check.Args[0]",
    "Service.Meta[key]", "Vault.Token", "ConsulToken",
]  # fmt: skip
PLAIN = [
    ("Count", "3"), ("Config.image", "example.org/token-server:7"), ("Resources.CPU", "20"),
    ("Config.ports[0]", "http"), ("ParameterizedJob.Payload", "required"), ("Priority", "50"),
    ("Artifact.RelativeDest", "local/"), ("Template.DestPath", "secrets/env"),
]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_what_may_be_a_secret_is_hidden_by_its_place(field):
    """Mutation: look at the last name only, and `Env[PGPASS]` is shown."""
    from saltext.eos.utils.nomad_hidden import hidden

    assert hidden(field, SECRET) == "***"
    assert [hidden(field, one) for one in (None, "")] == [None, ""]


@pytest.mark.parametrize(("field", "value"), PLAIN)
def test_what_only_says_what_runs_is_shown(field, value):
    """Mutation: hide everything, and nobody sees what a run would change."""
    from saltext.eos.utils.nomad_hidden import hidden

    assert hidden(field, value) == value


def test_a_size_and_a_flag_are_shown_where_they_are_no_ones_values():
    """Mutation: decide by the last two names alone, and metadata of such a name is shown."""
    from saltext.eos.utils.nomad_hidden import hidden

    for path, value in (("Resources.SecretsMB", "64"), ("Identity.Env", "true")):
        assert hidden(path, value) == value
        for place in ("Meta", "Config", "Env"):
            assert hidden(f"{place}[{path}]", value) == "***"


def test_a_plan_shows_that_a_hidden_value_differs_and_not_which():
    """Mutation: decide by the path with its group, and a group called `Meta` is hidden whole."""
    from saltext.eos.utils.nomad_diff import changes

    field = {"Type": "Edited", "Name": "PGPASS", "Old": "was", "New": SECRET}
    env = {"Type": "Edited", "Name": "Env", "Fields": [field]}
    count = {"Type": "Edited", "Name": "Count", "Old": "1", "New": "2"}
    task = {"Type": "Edited", "Name": "Token", "Objects": [env]}
    group = {"Type": "Edited", "Name": "Meta", "Fields": [count], "Tasks": [task]}
    assert changes({"Type": "Edited", "TaskGroups": [group]}) == {
        "TaskGroups.Meta.Count": {"old": "1", "new": "2"},
        "TaskGroups.Meta.Tasks.Token.Env.PGPASS": {"old": "***", "new": "***"},
    }


JOB = {
    "ID": "web", "Payload": "cGF5bG9hZA==", "Meta": {"dsn": SECRET},
    "TaskGroups": [{"Name": "Env", "Count": 2, "Tasks": [{
        "Name": "main", "Env": {"PGPASS": SECRET}, "Templates": [{"EmbeddedTmpl": SECRET}],
        "Config": {"image": "web:7", "args": ["--password=" + SECRET], "pin": 1234},
        "Artifacts": [{"GetterSource": f"https://u:{SECRET}@h", "GetterHeaders": {"A": SECRET}}],
    }]}],
}  # fmt: skip


def test_a_job_is_given_without_what_may_be_a_secret():
    """Mutation: forget the lists inside of a job, and each argument of a task is shown."""
    from saltext.eos.utils.nomad_hidden import shown

    found = shown(JOB)
    assert SECRET not in str(found)
    assert "cGF5bG9hZA" not in str(found)
    assert "1234" not in str(found)
    (group,) = found["TaskGroups"]
    assert (found["ID"], group["Name"], group["Count"]) == ("web", "Env", 2)
    assert group["Tasks"][0]["Config"]["image"] == "web:7"


WORDS = [
    ("failed to fetch postgres://u:p/w@h/x", "failed to fetch postgres://***@h/x"),
    ("get https://u:p@ss@h: no", "get https://***@h: no"),
    ("get https://TOKEN@h/x", "get https://***@h/x"),
    ("get s3::https://h/x?aws_access_key_secret=abc: no", "get s3::https://h/x?*** no"),
    ("exec: --password=abc --verbose", "exec: --password=*** --verbose"),
    (f"exec: no such file {SECRET}", "exec: no such file ***"),
    ("Exit Code: 7", "Exit Code: 7"),
]


@pytest.mark.parametrize(("said", "shown"), WORDS, ids=range(len(WORDS)))
def test_what_a_driver_says_repeats_no_secret(said, shown):
    """Mutation: repeat a task's event as it is, and a failed download tells its login."""
    from saltext.eos.utils.nomad_hidden import scrubbed, secrets_of

    assert scrubbed(said, secrets_of(JOB)) == shown
