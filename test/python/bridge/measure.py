"""
Measure the engine alone: ``python measure.py [events] [rate]``, with the wheel on PYTHONPATH.

Prints events per second that are durable in the inbox when fed as fast as it acknowledges, and
the delay from sending to acknowledgement at a fixed rate. The machine's other work is in it.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from engine_process import Engine
from feeder import compact, envelope

ALLOC = {
    "event": "nomad/alloc",
    "verb": "restarted",
    "tag": "eos/nomad/alloc/restarted/web/api",
    "severity": "warning",
    "origin": "stream",
}


def main() -> None:
    """Run both measures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    example = _example()
    with tempfile.TemporaryDirectory(prefix="eb-") as home:
        engine = Engine(Path(home)).start()
        try:
            print(json.dumps({"flood": _flood(engine, example, count)}))
            print(json.dumps({"paced": _paced(engine, example, rate, 10)}))
        finally:
            engine.end()


def _example() -> dict:
    from saltext.eos import contract

    path = Path(contract.__path__[0]) / "events" / "nomad_alloc.json"
    verbs = json.loads(path.read_text("utf-8"))["spec"]["verbs"]
    verb = verbs[ALLOC["verb"]]
    parts = {name: verb["example"][name] for name in ("subject", "verdict", "change", "links")}
    source = {"kind": "nomad", "name": "nomad:global", "epoch": "global#1", "index": 1,
              "topic": "Allocation", "type": "AllocationUpdated", "server": "s1"}  # fmt: skip
    return {**ALLOC, **parts, "severity": verb["severity"], "source": source}


def _made(example: dict, epoch: str, first: int, count: int) -> bytes:
    return compact(
        [
            envelope(
                n, epoch, **example | {"subject": {**example["subject"], "alloc": f"{n:036x}"}}
            )
            for n in range(first, first + count)
        ]
    )


def _flood(engine: Engine, example: dict, count: int) -> dict:
    batches = [_made(example, "flood-00000001", start, 500) for start in range(1, count, 500)]
    with engine.feeder("flood-00000001") as feeder:
        feeder.greet()
        began = time.monotonic()
        for one in batches[:4]:
            feeder.send(one)
        for at in range(len(batches)):
            said = feeder.hear()
            assert said["kind"] == "ack", said
            assert said["refused"] == [], said["refused"][0]
            if at + 4 < len(batches):
                feeder.send(batches[at + 4])
        seconds = time.monotonic() - began
    size = sum(map(len, batches)) // (len(batches) * 500)
    return {"events": count, "bytes": size, "per_second": round(count / seconds)}


def _paced(engine: Engine, example: dict, rate: int, seconds: int) -> dict:
    """Send ten milliseconds' worth at a time, whether or not the last was acknowledged."""
    share = rate // 100
    batches = [_made(example, "paced-00000001", 1 + n * share, share) for n in range(100 * seconds)]
    sent: list[float] = []
    delays: list[float] = []
    with engine.feeder("paced-00000001") as feeder:
        feeder.greet()

        def listen() -> None:
            done = 0
            while done < len(batches):
                seq = feeder.hear()["seq"]
                now = time.monotonic()
                while done * share < seq:
                    delays.append(now - sent[done])
                    done += 1

        listener = threading.Thread(target=listen)
        listener.start()
        began = time.monotonic()
        for n, one in enumerate(batches):
            time.sleep(max(0.0, began + n / 100 - time.monotonic()))
            sent.append(time.monotonic())
            feeder.send(one)
        listener.join()
    ranked = sorted(delays)
    return {
        "rate": rate,
        "median_ms": round(statistics.median(ranked) * 1000, 2),
        "p99_ms": round(ranked[int(len(ranked) * 0.99)] * 1000, 2),
        "max_ms": round(ranked[-1] * 1000, 2),
    }


if __name__ == "__main__":
    main()
