"""Custody, envelopes and the site's CA."""

import datetime as dt
import os
import subprocess
import sys

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from salt.exceptions import CommandExecutionError


@pytest.fixture(scope="module")
def minion_key(tmp_path_factory):
    """A Salt key as a minion has it: PEM files."""
    folder = tmp_path_factory.mktemp("pki")
    key = rsa.generate_private_key(65537, 2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "minion.pem").write_bytes(private)
    return folder / "minion.pem", public


@pytest.fixture
def custody(master_opts):
    """Options of a master that has its custody key."""
    from saltext.eos.utils import sealed

    assert sealed.make_key(master_opts)
    return master_opts


def test_a_secret_is_sealed_once_and_never_overwritten(custody, tmp_path):
    from saltext.eos.utils import sealed, store

    sealed.create(custody, "consul.gossip_key", "first")
    with pytest.raises(store.Exists, match="never overwritten"):
        sealed.create(custody, "consul.gossip_key", "second")
    assert sealed.read(custody, "consul.gossip_key") == "first"
    path = tmp_path / "store/sealed/consul.gossip_key.json"
    assert b"first" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_secret_opens_under_its_own_name_and_key_only(custody, tmp_path):
    from saltext.eos.utils import sealed

    sealed.create(custody, "a", "value")
    folder = tmp_path / "store/sealed"
    (folder / "b.json").write_bytes((folder / "a.json").read_bytes())
    with pytest.raises(CommandExecutionError, match="sealed secret b does not open"):
        sealed.read(custody, "b")
    (tmp_path / "custody.key").unlink()
    sealed.make_key(custody)
    with pytest.raises(CommandExecutionError, match="restore that key"):
        sealed.read(custody, "a")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".x", "a..b"])
def test_a_name_cannot_leave_the_store(custody, name):
    from saltext.eos.utils import sealed

    with pytest.raises(CommandExecutionError, match="is no name of the store"):
        sealed.create(custody, name, "x")


def test_without_a_custody_key_it_says_who_makes_it(master_opts):
    from saltext.eos.utils import sealed

    with pytest.raises(CommandExecutionError, match="saltext-eos configure-master"):
        sealed.create(master_opts, "a", "x")


KILLED = """
import os, sys
from saltext.eos.utils import sealed, store
opts = {"eos_state_dir": sys.argv[1], "eos_custody_key": sys.argv[2]}
calls = 0
def killed(function, after):
    def wrapped(*arguments, **named):
        global calls
        calls += 1
        if calls == int(sys.argv[3]): os._exit(9)
        return function(*arguments, **named)
    return wrapped
for name in ("open", "write", "fsync", "link", "close", "fchmod"):
    setattr(os, name, killed(getattr(os, name), name))
sealed.create(opts, "a", "value")
"""


def test_a_crash_at_any_moment_leaves_the_secret_whole_or_absent(custody, tmp_path):
    from saltext.eos.utils import sealed

    outcomes = set()
    for step in range(1, 12):
        home = tmp_path / f"crash{step}"
        arguments = [str(home), custody["eos_custody_key"], str(step)]
        done = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
        found = sealed.read({**custody, "eos_state_dir": str(home)}, "a")
        assert found in (None, "value")
        outcomes.add((done.returncode, found))
        if found is None:
            again = {**custody, "eos_state_dir": str(home)}
            sealed.create(again, "a", "next")
            assert sealed.read(again, "a") == "next"
    assert (9, None) in outcomes
    assert (0, "value") in outcomes


@pytest.mark.parametrize(("form", "pattern"), [
    ("uuid", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("password", r"[A-Za-z0-9]{40}"),
    ("base64:32", r"[A-Za-z0-9+/]{43}="),
])  # fmt: skip
def test_secrets_have_their_form(form, pattern):
    import re

    from saltext.eos.utils import sealed

    made = {sealed.generate(form) for _ in range(5)}
    assert len(made) == 5
    assert all(re.fullmatch(pattern, one) for one in made)


def test_an_envelope_opens_for_its_minion_and_purpose_only(minion_key):
    from saltext.eos.utils import envelope

    private, public = minion_key
    made = envelope.pack("value", public, minion="n1", purpose="a.b")
    assert envelope.unpack(made, private, minion="n1", purpose="a.b") == "value"
    with pytest.raises(CommandExecutionError, match="was given to n2"):
        envelope.unpack(made, private, minion="n2", purpose="a.b")
    for change in ({"minion": "n2"}, {"purpose": "c.d"}):
        forged = {**made, **change}
        with pytest.raises(CommandExecutionError, match="does not open"):
            envelope.unpack(forged, private, minion=forged["minion"], purpose=forged["purpose"])
    with pytest.raises(CommandExecutionError, match="has version 2"):
        envelope.unpack({**made, "v": 2}, private, minion="n1", purpose="a.b")


def test_an_unbound_envelope_would_open_for_anything(minion_key, monkeypatch):
    """Mutation: without the binding, the forged envelope of the test above opens."""
    from saltext.eos.utils import envelope

    monkeypatch.setattr(envelope, "_bound", lambda *_: b"")
    private, public = minion_key
    made = envelope.pack("value", public, minion="n1", purpose="a.b")
    forged = {**made, "purpose": "c.d"}
    assert envelope.unpack(forged, private, minion="n1", purpose="c.d") == "value"


def test_markers_are_filled_where_they_stand(minion_key):
    from saltext.eos.utils import envelope, secret

    private, public = minion_key
    made = envelope.pack("value", public, minion="n1", purpose="a.b")
    form = {"schema": 1, "node": {"id": "n1"}, "components": {}, "secrets": {"a.b": made}}
    pillar, opts = {"eos": {"_compiled": form}}, {"id": "n1", "pki_dir": str(private.parent)}
    data = {"x": [{"$secret": "a.b"}], "y": {"$join": ["<", {"$secret": "a.b"}, ">"]}, "z": 1}
    assert secret.resolve(data, pillar, opts) == {"x": ["value"], "y": "<value>", "z": 1}
    with pytest.raises(CommandExecutionError, match="no envelope for n1"):
        secret.resolve({"$secret": "c.d"}, pillar, opts)


def test_delivery_is_stable_and_follows_the_minions_key(
    custody, contract, stack, minion_key, tmp_path
):
    from saltext.eos.utils import deliver, envelope, sealed

    private, public = minion_key
    (tmp_path / "pki/minions/n1").write_bytes(public)
    (tmp_path / "pki/minions/n2").write_bytes(public)
    form = {"plan": stack.plan(), "all": {name: stack.node(name) for name in stack.nodes}}
    predicted = deliver.deliver(custody, contract, form, test=True)
    assert sealed.names(custody) == []
    made = deliver.deliver(custody, contract, form, test=False)
    assert made == predicted
    assert "envelope consul.admin_token for n2" not in made
    assert deliver.deliver(custody, contract, form, test=False) == {}
    value = sealed.read(custody, "consul.gossip_key")
    assert value not in str(made)

    other = rsa.generate_private_key(65537, 2048).public_key()
    pem = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "pki/minions/n2").write_bytes(pem)
    assert list(deliver.deliver(custody, contract, form, test=False)) == [
        "envelope consul.gossip_key for n2"
    ]
    sealed.replace(custody, "consul.gossip_key", "rotated")
    rotated = deliver.deliver(custody, contract, form, test=False)
    assert set(rotated) == {f"envelope consul.gossip_key for {node}" for node in ("n1", "n2")}
    import json

    kept = json.loads((tmp_path / "store/envelopes/n1/consul.gossip_key.json").read_text())
    opened = envelope.unpack(kept["envelope"], private, minion="n1", purpose="consul.gossip_key")
    assert opened == "rotated"


def _request(key, names=("evil.test",)):
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "evil")])
    )
    sans = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    made = builder.add_extension(sans, critical=False).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_the_ca_is_made_once_and_its_key_is_sealed(custody, tmp_path):
    from saltext.eos.utils import authority

    assert authority.make(custody, "lab")
    first = (tmp_path / "store/ca/ca.pem").read_bytes()
    assert not authority.make(custody, "lab")
    assert (tmp_path / "store/ca/ca.pem").read_bytes() == first
    assert b"PRIVATE KEY" not in (tmp_path / "store/ca/ca.key.sealed").read_bytes()
    (tmp_path / "store/ca/ca.pem").unlink()  # a crash between key and certificate
    assert authority.make(custody, "lab")
    keys = [
        x509.load_pem_x509_certificate(pem).public_key().public_numbers()
        for pem in (first, (tmp_path / "store/ca/ca.pem").read_bytes())
    ]
    assert keys[0] == keys[1]


def test_only_the_public_key_comes_from_the_request(custody):
    from saltext.eos.utils import authority

    authority.make(custody, "lab")
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = authority.names({"id": "n1", "address": "10.0.0.1"}, ["server.dc1.consul", "n1"])
    assert wanted == ["n1", "10.0.0.1", "127.0.0.1", "localhost", "server.dc1.consul"]
    pem = authority.sign(custody, _request(key), "consul", wanted)
    made = x509.load_pem_x509_certificate(pem.encode())
    found = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(one.value) for one in found} == set(wanted)
    assert "evil" not in made.subject.rfc4514_string()
    assert made.public_key().public_numbers() == key.public_key().public_numbers()


def test_a_certificate_is_renewed_for_a_reason_only(custody, monkeypatch):
    from saltext.eos.utils import authority

    authority.make(custody, "lab")
    key = ec.generate_private_key(ec.SECP256R1())
    request, wanted = _request(key), ["n1", "10.0.0.1"]
    pem = authority.sign(custody, request, "consul", wanted).encode()
    assert authority.reason(custody, pem, request, wanted) is None
    assert authority.reason(custody, None, request, wanted) == "there is none"
    assert authority.reason(custody, pem, request, [*wanted, "x"]) == "its names changed"
    other = _request(ec.generate_private_key(ec.SECP256R1()))
    assert authority.reason(custody, pem, other, wanted) == "the key of the host changed"
    end = dt.date.today() + dt.timedelta(days=364)  # noqa: DTZ011
    monkeypatch.setattr(authority, "RENEW_BELOW", 1.0)
    assert authority.reason(custody, pem, request, wanted).startswith("it ends on ")
    assert str(end.year) in authority.reason(custody, pem, request, wanted)


def test_a_request_that_is_not_signed_by_its_own_key_is_refused(custody):
    from saltext.eos.utils import authority

    authority.make(custody, "lab")
    with pytest.raises(CommandExecutionError, match="no PEM request"):
        authority.sign(custody, "nonsense", "consul", ["n1"])
    assert os.path.basename(authority.KEY) == "ca.key"  # noqa: PTH119
