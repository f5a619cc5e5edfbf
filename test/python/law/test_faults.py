"""
Every resource behind a proxy that harms one request: the first read, the write, or a read after it.

Each is made, changed or taken away, with some of all faults, by a seed; with ``EOS_FAULT=all`` each
is all three, with each fault at each of these places.
"""

import os
import random

import pytest
from law_fault_cases import consul_cases, nomad_cases, vault_cases
from law_faults import SEED, generated, places_of
from law_tables import FLEETING

pytestmark = pytest.mark.server

FEW = None if os.environ.get("EOS_FAULT") == "all" else 2


def tried(here, case):
    """Try a case with each fault that is its turn."""
    known, wrong = here.clean(case), []
    for harm in places_of(case, known[1], FEW):
        try:
            here.judge(case, harm, known)
        except AssertionError as err:
            wrong.append(str(err))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("table", FLEETING, ids=[one["resource"] for one in FLEETING])
def test_a_harmed_request_ends_in_what_is_so(ready, bench, table):
    """Mutation: believe a write that got no answer undone, and `changes` hides what was made."""
    salted = ready(table)
    cases = generated(table, salted)
    try:
        dice = random.Random(f"{SEED} {table['resource']}")
        for case in cases if FEW is None else [dice.choice(cases)]:
            tried(bench(table["service"]), case)
    finally:
        salted.state(cases[-1].function, **cases[-1].arguments)


BY_HAND = {"consul": consul_cases, "vault": vault_cases, "nomad": nomad_cases}


@pytest.mark.parametrize("service", BY_HAND)
def test_a_harmed_request_of_a_state_by_hand_ends_in_what_is_so(
    salted,
    bench,
    service,
):
    """Mutation: say nothing of a write without an answer, and what was made is not in `changes`."""
    salted.serve(service)
    cases, wrong = BY_HAND[service](salted), []
    cases = [one for one in cases if FEW is None or not one.is_slow]
    try:
        for case in cases:
            try:
                tried(bench(service), case)
            except AssertionError as err:
                wrong.append(str(err))
    finally:
        for case in cases:
            case.prepare()
        for case in cases:
            if case.function.endswith((".absent", ".disabled")):
                salted.state(case.function, **case.arguments)
    assert not wrong, "\n".join(wrong)
