"""eos.events gives programs the events themselves, and people a line of text for each."""

import sys
from pathlib import Path

import pytest
from conftest import Runner

from saltext.eos.utils.inbox import Inbox

sys.path.insert(0, str(Path(__file__).parents[1] / "heal_engine"))

from stage import envelope, put


@pytest.fixture
def inbox(home):
    home.mkdir()
    inbox = Inbox(home / "inbox.db")
    put(inbox, *(envelope(n, "nomad/node/down") for n in (1, 2)))
    inbox.close()


@pytest.mark.usefixtures("inbox")
def test_for_programs_they_are_the_events_themselves(home):
    """Mutation: make text of what is given, whoever asks."""
    found = Runner(home, output="json")("events", since="1h")
    assert [one["id"] for one in found] == ["e1", "e2"]


@pytest.mark.usefixtures("inbox")
def test_for_people_they_are_lines(run):
    """Mutation: show people the list, with a dash before each line."""
    found = run("events")
    assert len(found["lines"]) == 2
    assert found["text"] == "\n".join(found["lines"])
    assert found["outputter"] == "eos"


@pytest.mark.usefixtures("inbox")
def test_where_there_is_none_people_are_told_and_programs_get_none(home, run):
    """Mutation: answer with the same in both."""
    assert run("events", severity="critical")["text"].startswith("the inbox has no event with ")
    assert Runner(home, output="json")("events", severity="critical") == []
