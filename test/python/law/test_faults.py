"""
Every resource behind a proxy that harms one request: the first read, the write, or a read after it.

Each is made, changed and taken away, with some of all faults by a seed; with ``EOS_FAULT=all``
each fault at each of these places.
"""

import contextlib
import os
import time

import pytest
from fault_proxy import between
from law_fault_cases import consul_cases, nomad_cases, vault_cases
from law_faults import Bench, Clock, Through, generated, places_of
from law_tables import FLEETING

pytestmark = pytest.mark.server

FEW = None if os.environ.get("EOS_FAULT") == "all" else 2


@pytest.fixture(scope="session")
def proxies(salted_once):
    """The proxy of each service, which starts when first asked for."""
    with contextlib.ExitStack() as stack:
        running = {}

        def of(service):
            if service not in running:
                known = salted_once.connections[service]
                running[service] = stack.enter_context(between(known["address"], known["ca_file"]))
            return running[service]

        yield of


@pytest.fixture
def bench(salted, proxies, monkeypatch, caplog):
    """Cases of a service are tried here."""
    caplog.set_level("DEBUG")

    def of(service):
        salted.serve(service)
        proxy = proxies(service)
        clock = Clock([proxy], time.monotonic)
        clock.patch(monkeypatch)
        through = Through(salted, service, proxy)
        through.patch(monkeypatch)
        return Bench(salted, through, proxy, clock, lambda: caplog.text)

    return of


def tried(bench, case):
    """Try a case with each fault that is its turn."""
    known, wrong = bench.clean(case), []
    for harm in places_of(case, known[1], FEW):
        try:
            bench.judge(case, harm, known)
        except AssertionError as err:
            wrong.append(str(err))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("table", FLEETING, ids=[one["resource"] for one in FLEETING])
def test_a_harmed_request_ends_in_what_is_so(ready, bench, table):
    """Mutation: believe a write that got no answer undone, and `changes` hides what was made."""
    salted = ready(table)
    cases = generated(table, salted)
    try:
        for case in cases:
            tried(bench(table["service"]), case)
    finally:
        salted.state(cases[-1].function, **cases[-1].arguments)


BY_HAND = {"consul": consul_cases, "vault": vault_cases, "nomad": nomad_cases}


@pytest.mark.parametrize("service", BY_HAND)
def test_a_harmed_request_of_a_state_by_hand_ends_in_what_is_so(salted, bench, service):
    """Mutation: say nothing of a write without an answer, and what was made is not in `changes`."""
    salted.serve(service)
    cases, wrong = BY_HAND[service](salted), []
    try:
        for case in cases:
            try:
                tried(bench(service), case)
            except AssertionError as err:
                wrong.append(str(err))
    finally:
        for case in cases:
            case.prepare()
    assert not wrong, "\n".join(wrong)
