"""Real certificates near their end, past it, and renewed."""

from __future__ import annotations

import datetime as dt
import warnings
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from saltext.eos.events import table
from saltext.eos.utils import hint, tls
from saltext.eos.utils.host_certificate import Certificates
from saltext.eos.utils.host_judge import WELL, judge

DAY = dt.timedelta(days=1)


def _write(path, begun_before, ends_in):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "consul")])
    now = dt.datetime.now(dt.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - begun_before * DAY).not_valid_after(now + ends_in * DAY)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path.write_bytes(made.public_bytes(Encoding.PEM))
    return f"{made.serial_number:x}"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "consul.pem"


def _look(watched):
    (seen,) = watched.look()
    record = {
        "n": 1, "boot": "b", "kind": seen.verb(), "event": seen.event, "verb": seen.verb(),
        **seen.payload, "mark": seen.mark, "occurred": seen.occurred, "evidence": [],
    }  # fmt: skip
    made = hint.envelope("n1", record, "e", 1)
    assert hint.problem("n1", record, made, "eos_host") is None
    assert "{" not in table.says(made)
    return seen


@pytest.mark.parametrize(
    ("begun_before", "ends_in", "cause", "left"),
    [
        (0, 100, "holds", 99), (69, 31, "holds", 30), (71, 29, "expiring", 28),
        (99.9, 0.1, "expiring", 0), (100, -1, "expired", 0),
    ],
)  # fmt: skip
def test_less_than_thirty_percent_left_is_expiring(file, begun_before, ends_in, cause, left):
    _write(file, begun_before, ends_in)
    seen = _look(Certificates({str(file): "consul"}, 30, "n1"))
    assert seen.payload["verdict"]["cause"] == cause
    assert seen.payload["verdict"]["left"] == pytest.approx(left, abs=1)
    assert (seen.level == WELL) == (cause == "holds")


def test_it_is_told_when_it_nears_its_end_when_it_ends_and_when_it_is_renewed(file):
    watched = Certificates({str(file): "consul"}, 30, "n1")
    known, told = None, []
    for begun_before, ends_in in ((0, 100), (80, 20), (80, 20), (100, -1), (0, 100)):
        _write(file, begun_before, ends_in)
        for _ in range(3):
            seen = _look(watched)
            known, is_told = judge(known, seen, 0.0, 0)
            if is_told:
                told.append((seen.verb(), seen.payload["verdict"]["cause"]))
    # Another certificate that is as near its end is another fact.
    assert told == [
        ("expiring", "expiring"), ("expiring", "expiring"), ("expiring", "expired"),
        ("renewed", "holds"),
    ]  # fmt: skip


def test_its_id_is_its_serial_number_whoever_reads_it(file):
    serial = _write(file, 80, 20)
    marks = {_look(Certificates({str(file): "consul"}, 30, "n1")).mark for _ in range(2)}
    assert marks == {f"{serial}:expiring"}


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nx\n", b"\xff\xfe"])
def test_what_is_no_certificate_is_neither_well_nor_not(file, content):
    if content is not None:
        file.write_bytes(content)
    assert Certificates({str(file): "consul"}, 30, "n1").look() == []


def test_old_and_new_cryptography_give_the_same_moments(file):
    """Mutation: ask either for the form of the other; the new one warns of the old form."""
    _write(file, 300, 65)
    made = x509.load_pem_x509_certificate(file.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        begins, ends = tls.validity(made)
    assert ends - begins == 365 * DAY
    old = SimpleNamespace(
        not_valid_before=begins.replace(tzinfo=None), not_valid_after=ends.replace(tzinfo=None)
    )
    assert tls.validity(old) == (begins, ends)
