"""Where tokens and other secrets come from, and that nobody is shown one."""

import json
import os
import uuid
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from salt.exceptions import CommandExecutionError

SECRET = "5f0c6a52-8d8b-4f5e-9d53-0d2a9be5c001"


def own(salted, service):
    """Give a client of the test's own, with the server's management token."""
    from saltext.eos.utils.settings import connect

    salted.serve(service)
    return connect(service, salted.opts)


def with_token(salted, token):
    """Give options in which Consul is asked with another token; its file lies beside the own."""
    opts = salted.opts
    own_place = opts["eos"]["connections"]["consul"]["token_file"]
    place = Path(own_place).with_name(f"token-{token[:8]}")
    place.touch(0o600)
    place.write_text(token)
    chosen = {**opts["eos"]["connections"]["consul"], "token_file": str(place)}
    opts["eos"]["connections"]["consul"] = chosen
    return opts


def connecting(token, service="consul", **more):
    """Give options with a token's place for a server that is never asked."""
    chosen = {"address": "https://127.0.0.1:1", "token": token, **more}
    return {"id": "n1", "pillar": {}, "eos": {"connections": {service: chosen}}}


NO_PLACES = [
    (SECRET, "found text"),
    ([SECRET], "found a list"),
    ({"file": "/x", "sealed": "y"}, "found a map"),
    ({"value": SECRET}, "found a place by 'value'"),
    ({"vault": {"path": "kv/a"}}, "found a place by 'vault'"),
    ({"file": {"path": "/x"}}, "found a place by 'file'"),
]


@pytest.mark.parametrize(("place", "found"), NO_PLACES)
def test_a_token_itself_is_refused_and_not_repeated(place, found):
    """Mutation: say `found {place!r}`, and the message has the secret that stood there."""
    from saltext.eos.utils.settings import connect

    with pytest.raises(CommandExecutionError, match=r"expected \{file: path\}") as err:
        connect("consul", connecting(place))
    assert found in str(err.value)
    assert "eos:connections:consul" in str(err.value)
    assert SECRET not in str(err.value)


def test_a_file_that_everybody_may_read_holds_no_token(tmp_path):
    """Mutation: drop the test of the mode, and a token that leaked long ago is used."""
    from saltext.eos.utils.settings import connect

    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o644)
    with pytest.raises(CommandExecutionError, match="expected mode 0600 or 0640"):
        connect("consul", connecting({"file": str(path)}))
    path.chmod(0o640)
    client = connect("consul", connecting({"file": str(path)}))
    assert client._headers == {"X-Consul-Token": SECRET}


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe\x00", b"x" * 70_000])
def test_a_file_without_a_token_is_said_to_be_one(tmp_path, content):
    from saltext.eos.utils.settings import connect

    path = tmp_path / "token"
    if content is not None:
        path.touch(0o600)
        path.write_bytes(content)
    with pytest.raises(CommandExecutionError, match="expected a file with"):
        connect("consul", connecting({"file": str(path)}))


def test_a_pipe_is_no_file_to_wait_for(tmp_path):
    """Mutation: read whatever is there, and a named pipe keeps the minion waiting for ever."""
    from saltext.eos.utils.settings import connect

    os.mkfifo(tmp_path / "token", 0o600)
    with pytest.raises(CommandExecutionError, match="holds no secret"):
        connect("consul", connecting({"file": str(tmp_path / "token")}))


def test_two_places_of_one_token_are_one_too_many(tmp_path):
    from saltext.eos.utils.settings import connect

    with pytest.raises(CommandExecutionError, match="has token and token_file"):
        connect("consul", connecting({"file": "/x"}, token_file="/y"))


def test_vault_is_not_asked_for_its_own_token():
    """Mutation: allow it, and the connection asks itself for its token without end."""
    from saltext.eos.utils.settings import connect

    place = {"vault": {"path": "kv/eos", "field": "token"}}
    with pytest.raises(CommandExecutionError, match="cannot come from Vault"):
        connect("vault", connecting(place, "vault"))


def test_a_token_comes_out_of_its_envelope(tmp_path):
    """Mutation: read the name as a file, and the sealed token is not found."""
    from saltext.eos.utils import envelope
    from saltext.eos.utils.compiled import SCHEMA
    from saltext.eos.utils.settings import connect

    key = rsa.generate_private_key(65537, 2048)
    pem, kind = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    private = serialization.PrivateFormat.PKCS8
    (tmp_path / "minion.pem").write_bytes(
        key.private_bytes(pem, private, serialization.NoEncryption())
    )
    packed = envelope.pack(
        SECRET, key.public_key().public_bytes(pem, kind), minion="n1", purpose="consul.token"
    )
    form = {
        "schema": SCHEMA,
        "node": {"id": "n1"},
        "components": {},
        "secrets": {"consul.token": packed},
    }
    opts = connecting({"sealed": "consul.token"})
    opts |= {"pki_dir": str(tmp_path), "pillar": {"eos": {"_compiled": form}}}
    assert connect("consul", opts)._headers == {"X-Consul-Token": SECRET}
    opts["eos"]["connections"]["consul"]["token"] = {"sealed": "nobody.has_it"}
    with pytest.raises(CommandExecutionError, match="no token for consul"):
        connect("consul", opts)


@pytest.mark.server
@pytest.mark.parametrize("version", ["1", "2"])
def test_a_token_of_consul_comes_from_vault(salted, version):
    """Mutation: read version 2 as version 1, and the field is never there."""
    from saltext.eos.utils.settings import connect

    vault, consul = own(salted, "vault"), own(salted, "consul")
    mount = f"kv{version}/of-eos"
    made = salted.state("vault_mount.present", name=mount, type="kv", options={"version": version})
    assert made["result"] is True, made
    data = {"token": consul._headers["X-Consul-Token"], "count": 7}
    path = f"{mount}/data/consul" if version == "2" else f"{mount}/consul"
    vault.post(f"/v1/{path}", {"data": data} if version == "2" else data)
    try:
        opts = salted.opts
        chosen = dict(opts["eos"]["connections"]["consul"])
        del chosen["token_file"]
        chosen["token"] = {"vault": {"path": f"{mount}/consul", "field": "token"}}
        opts["eos"]["connections"]["consul"] = chosen
        found = connect("consul", opts).get("/v1/acl/token/self")
        assert found["Policies"][0]["Name"] == "global-management"
        chosen["token"]["vault"]["field"] = "count"
        with pytest.raises(CommandExecutionError, match="has no text in field 'count'"):
            connect("consul", opts)
        nowhere = {f"{mount}/nobody": "there is no secret", "nokv/app": "shows no engine"}
        for path, words in nowhere.items():
            chosen["token"]["vault"]["path"] = path
            with pytest.raises(CommandExecutionError, match=rf"{words} .*{path}"):
                connect("consul", opts)
    finally:
        salted.state("vault_mount.absent", name=mount)


@pytest.mark.server
def test_a_token_has_the_secret_of_its_place_and_nobody_sees_it(salted, tmp_path, caplog):
    """Mutation: show the field as it was read, and the secret stands in a return."""
    from saltext.eos.utils.http import Client

    place = tmp_path / "etc/app.token"
    place.parent.mkdir()
    secret = str(uuid.uuid4())
    place.touch(0o600)
    place.write_text(secret)
    wanted = {"name": "app with a secret", "secret_id": {"file": "/etc/app.token"}}
    consul = own(salted, "consul")
    caplog.set_level(0)
    said = [salted.state("consul_acl_token.present", test=True, **wanted)]
    assert said[-1]["result"] is None
    try:
        said.append(salted.state("consul_acl_token.present", **wanted))
        assert said[-1]["result"] is True, said
        assert said[-1]["changes"]["secret_id"] == {"old": None, "new": "***"}
        headers = {"X-Consul-Token": secret}
        mine = Client(consul.base_url, consul._ca_file, headers).get("/v1/acl/token/self")
        assert mine["Description"] == wanted["name"]

        said.append(salted.state("consul_acl_token.present", **wanted))
        assert (said[-1]["result"], said[-1]["changes"], salted.wrote) == (True, {}, [])
        said.append(salted.modules["consul_acl_token.get"](name=wanted["name"]))
        assert said[-1]["secret_id"] == "***"
        said.append(salted.modules["consul_acl_token.list"]())

        other = str(uuid.uuid4())
        place.write_text(other)
        said.append(salted.state("consul_acl_token.present", **wanted))
        assert said[-1]["result"] is False
        assert "cannot change secret_id from '***' to '***'" in said[-1]["comment"]
        assert salted.wrote == []
    finally:
        said.append(salted.state("consul_acl_token.absent", name=wanted["name"]))
    told = json.dumps(said) + caplog.text
    assert secret not in told
    assert other not in told


@pytest.mark.server
def test_a_token_nobody_knows_proves_no_absence(salted):
    """Mutation: take each 403 for absence, and with a wrong token everything is made again."""
    from saltext.eos.specs.consul_acl_token import SPEC
    from saltext.eos.utils import converge

    salted.serve("consul")
    opts = with_token(salted, str(uuid.uuid4()))
    salted.sent.clear()
    result = converge.present(SPEC, {"name": "made by nobody"}, {}, opts)
    assert result["result"] is False
    assert "ACL not found" in result["comment"]
    assert (
        "it does not know the one of eos:connections:consul:token_file (file " in result["comment"]
    )
    assert result["changes"] == {}
    assert salted.wrote == []


ASKED = {
    "consul": "/v1/acl/policies",
    "nomad": "/v1/acl/policies",
    "vault": "/v1/sys/mounts",
}


@pytest.mark.server
@pytest.mark.parametrize("service", ASKED)
def test_a_real_server_is_understood_that_refuses_a_connection(salted, service):
    """Mutation: know the words of one server alone, and of the others the policies are searched."""
    from saltext.eos.utils.http import HttpError
    from saltext.eos.utils.settings import connect

    salted.serve(service)
    own_opts = salted.opts
    known = own_opts["eos"]["connections"][service]
    place = Path(known["token_file"]).with_name("unknown")
    place.touch(0o600)
    place.write_text(str(uuid.uuid4()))
    address = known["address"].replace("localhost", "127.0.0.1").replace("https:", "http:")
    expected = {
        f"the one of eos:connections:{service}:token_file (file {place})": {
            "token_file": str(place)
        },
        f"write https:// in eos:connections:{service}:address": {"address": address},
    }
    for words, other in expected.items():
        connections = {**own_opts["eos"]["connections"], service: {**known, **other}}
        opts = {**own_opts, "eos": {"connections": connections}}
        with pytest.raises(HttpError) as raised:
            connect(service, opts).get(ASKED[service])
        assert words in str(raised.value)


@pytest.mark.server
def test_what_a_weak_token_does_not_see_is_not_made_again(salted):
    """Mutation: believe a list that Consul has filtered, and the query is made a second time."""
    from saltext.eos.specs.consul_prepared_query import SPEC
    from saltext.eos.utils import converge

    consul = own(salted, "consul")
    weak = consul.put("/v1/acl/token", {"Description": "sees nothing"})
    wanted = {"name": "seen-by-some", "service": "web"}
    assert salted.state("consul_prepared_query.present", **wanted)["result"] is True
    opts = with_token(salted, weak["SecretID"])
    try:
        salted.sent.clear()
        result = converge.present(SPEC, wanted, {}, opts)
        assert result["result"] is False, result
        assert "may not see" in result["comment"]
        assert salted.wrote == []
        gone = converge.absent(SPEC, {"name": "seen-by-some"}, {}, opts)
        assert gone["result"] is False, gone
    finally:
        salted.state("consul_prepared_query.absent", name="seen-by-some")
        consul.delete(f"/v1/acl/token/{weak['AccessorID']}")


@pytest.mark.parametrize("content", ["{}\nsecond line", "{} # mine", "\t{}\t{}", "{}\u2019"])
def test_more_than_a_token_is_refused_and_not_repeated(tmp_path, content, caplog):
    """Mutation: put it into a header, and the error that comes has it in its text."""
    from saltext.eos.specs.consul_acl_policy import SPEC
    from saltext.eos.utils import converge

    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text(content.format(SECRET, SECRET), "utf-8")
    caplog.set_level(0)
    result = converge.present(SPEC, {"name": "web"}, {}, connecting({"file": str(path)}))
    assert result["result"] is False
    assert "expected the token alone" in result["comment"]
    assert SECRET[:8] not in result["comment"] + caplog.text


WRONG = [
    ({"address": "http://consul.example:8500"}, "address: expected https://host:port"),
    ({"address": "127.0.0.1:8501"}, "address: expected https://host:port"),
    ({"address": "https://h:abc"}, "address: expected https://host:port"),
    ({"address": "https://u:5f0c6a52@h"}, "found one with a name or password in it"),
    ({"address": 8501}, "address: expected https://host:port"),
    ({"adress": "https://h"}, "did you mean address?"),
    ("https://h", "eos:connections:consul: expected a map; found text"),
]


@pytest.mark.parametrize(("chosen", "message"), WRONG)
def test_a_connection_that_is_none_is_said_with_its_option(chosen, message):
    """Mutation: take it as it is, and the token travels in clear, or a traceback comes."""
    from saltext.eos.utils.settings import connect

    opts = {"id": "n1", "pillar": {}, "eos": {"connections": {"consul": chosen}}}
    with pytest.raises(CommandExecutionError) as err:
        connect("consul", opts)
    assert message in str(err.value)
    assert "5f0c6a52" not in str(err.value)


@pytest.mark.parametrize("path", ["kv/../sys/auth", "kv//a", "/kv/a", "kv/a\nb", "", "kv/."])
def test_a_path_of_vault_does_not_lead_elsewhere(path):
    """Mutation: put it into the address as it is, and another path of Vault is read."""
    from saltext.eos.utils import placed

    with pytest.raises(CommandExecutionError, match="the path of a secret in Vault: expected"):
        placed.read_kv(None, path)
