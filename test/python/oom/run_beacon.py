"""Run the beacon in passes, and take its records as a master would."""

from __future__ import annotations

import base64
import json
import time

from cage import wait_for
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from saltext.eos.events import table
from saltext.eos.utils.record_batch import BEAT

CONFIG = [{"docker": ""}]


class Runner:
    """
    The beacon of one minion, pass by pass.

    :param beacons: Salt's loader.
    :param key: the minion's key, to verify what comes.
    """

    def __init__(self, beacons, key, config=None) -> None:
        self._beacons = beacons
        self._public = key.public_key()
        self.config = CONFIG if config is None else config
        self.records: dict[int, dict] = {}
        self.events: list[dict] = []
        self.seconds: list[float] = []

    def run(self) -> list[dict]:
        """Make one pass; every record of every batch is verified."""
        start = time.perf_counter()
        events = self._beacons["eos_oom.beacon"]([*self.config, {"_beacon_name": "eos_oom"}])
        self.seconds.append(time.perf_counter() - start)
        # Also that it is there is told; here it is about records alone.
        events = [event for event in events if event["tag"] != BEAT]
        for event in events:
            self.events.append(event)
            signature = base64.b64decode(event["signature"])
            batch = event["batch"].encode()
            self._public.verify(signature, batch, padding.PKCS1v15(), hashes.SHA256())
            for record in json.loads(batch)["records"]:
                assert self.records.setdefault(record["n"], record) == record
                assert table.problem(envelope(record)) is None
        return events

    def until(self, condition, what: str):
        """Make passes until the condition holds."""

        def passed():
            self.run()
            return condition()

        return wait_for(passed, what)

    def of(self, pids) -> list[dict]:
        """Give the records of these processes."""
        return [one for one in self.records.values() if one["subject"].get("pid") in set(pids)]


def envelope(record: dict) -> dict:
    """Give the part of an envelope that its declaration is about."""
    parts = ("event", "verb", "subject", "verdict", "change", "links")
    return {part: record[part] for part in parts}
