"""A webhook over real TLS: signed, verified, and bounded whatever the receiver does."""

from __future__ import annotations

import time

import pytest
from receiving import KEY, Receiver
from waiting import ended

from saltext.eos.utils import heal_webhook
from saltext.eos.utils.heal_notify_message import Message

MESSAGE = Message("a1", 1, 1, 1.0, "decided", "warning", "Eos healing: resync", {"policy": "p"})


@pytest.fixture
def receiver(tmp_path):
    made = []

    def make(*answers, **options):
        made.append(Receiver(tmp_path, list(answers), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def send(to, *, key=KEY, ca=None, within=2.0, now=None):
    """Send one message."""
    ca = str(to.ca) if ca is None else ca
    heal_webhook.send(to.url, key, MESSAGE, now or time.time(), ca or None, within)


def test_what_is_sent_is_signed(receiver):
    to = receiver()
    send(to)
    ((headers, body),) = to.taken
    assert body == heal_webhook.body_of(MESSAGE)
    assert headers["eos-id"] == "a1"
    assert heal_webhook.verified(KEY, headers, body, time.time())


def test_only_who_has_the_key_signs_and_only_for_now(receiver):
    to = receiver()
    send(to)
    ((headers, body),) = to.taken
    now = time.time()
    assert not heal_webhook.verified(b"x" * 40, headers, body, now)
    assert not heal_webhook.verified(KEY, headers, body + b" ", now)
    assert not heal_webhook.verified(KEY, headers, body, now + 310)
    assert not heal_webhook.verified(KEY, headers, body, now - 310)
    later = {**headers, "eos-timestamp": str(int(now) + 200)}
    assert not heal_webhook.verified(KEY, later, body, now + 200)
    for wrong in ({}, {**headers, "eos-timestamp": "now"}, {**headers, "eos-signature": "v1=é"}):
        assert not heal_webhook.verified(KEY, wrong, body, now)


def test_the_signature_is_as_documented():
    """HMAC-SHA256 of timestamp, dot and body: computed here with another program's words."""
    import hashlib
    import hmac

    told = heal_webhook.signature(b"key", 1700000000, b'{"a":1}')
    expected = hmac.new(b"key", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    assert told == f"v1={expected}"


def test_an_unverified_receiver_gets_nothing(receiver):
    to = receiver()
    with pytest.raises(heal_webhook.Failed, match="CERTIFICATE_VERIFY_FAILED"):
        send(to, ca="")
    assert to.taken == []
    wrong = receiver(host="127.0.0.9")
    with pytest.raises(heal_webhook.Failed, match="IP address mismatch"):
        send(wrong)
    assert wrong.taken == []


@pytest.mark.parametrize("answer", ["silent", "drip", "stall"])
def test_a_slow_receiver_is_cut_off(receiver, answer):
    """It answers for as long as the test lasts. Mutation: bound each reading, and not all of it."""
    to = receiver(answer)
    with pytest.raises(heal_webhook.Failed) as failed:
        ended(lambda: send(to, within=0.7))
    assert not failed.value.is_final


@pytest.mark.parametrize(
    ("answer", "is_final"),
    [("reset", False), ("garbage", False), (500, False), (503, False), (429, False), (408, False),
     (400, True), (401, True), (404, True), (302, True)],
)  # fmt: skip
def test_what_a_receiver_says_decides_whether_it_is_sent_again(receiver, answer, is_final):
    with pytest.raises(heal_webhook.Failed) as failed:
        send(receiver(answer))
    assert failed.value.is_final is is_final


def test_a_redirect_is_not_followed(receiver):
    to = receiver(302)
    with pytest.raises(heal_webhook.Failed, match="answered 302"):
        send(to)
    assert to.connections == 1


def test_errors_do_not_show_what_an_address_hides(receiver):
    to = receiver(500)
    to.url += "&token=hidden"
    with pytest.raises(heal_webhook.Failed) as failed:
        send(to)
    assert "hidden" not in str(failed.value)


def test_nobody_there_is_said():
    with pytest.raises(heal_webhook.Failed, match="cannot be reached"):
        heal_webhook.send("https://127.0.0.1:1/", KEY, MESSAGE, time.time(), within=1.0)
