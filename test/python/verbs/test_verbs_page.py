"""The page that people read at night names every check that they are shown."""

from __future__ import annotations

import re
from pathlib import Path

from saltext.eos.utils import heal_judge, heal_report_explain, heal_settings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/healing-operations.md").read_text("utf-8")
TABLE = PAGE.partition("## What each check asks of you")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `([a-z_]+)` \|(.*)\|(.*)\|$", TABLE, re.MULTILINE)


def test_each_check_has_its_row_in_the_order_of_the_pipeline():
    """Mutation: add a check without a row, or take a row away."""
    assert [name for name, _, _ in ROWS] == [name for name, _ in heal_judge.PIPELINE]
    assert {name for name, _ in heal_judge.NOTES} == {name for name, _, _ in ROWS[:7]} | {
        "cool_down"
    }


def test_each_check_that_can_stop_something_says_what_to_do():
    """Mutation: leave the last cell of a row empty."""
    empty = {name for name, _, to_do in ROWS if not to_do.strip()}
    assert empty == {"dedupe"}
    assert not empty & set(heal_report_explain.ADVICE)


def test_the_defaults_on_the_page_are_those_of_the_settings():
    """Mutation: change a default, and leave the page as it was."""
    held = heal_settings.Settings()
    words = {
        "blast": f"{held.blast_share:.0f} % of the jobs",
        "mass_failure": f"at most {held.mass_failure:.0f} % of the jobs",
        "debounce": f"{held.debounce_least:.0f} s), or enough",
        "breaker": f"`attempts` ({held.pace.attempts})",
        "cool_down": f"up to {held.pace.cool_most / 3600:.0f} h",
    }
    assert (held.bucket_size, held.bucket_every) == (5, 600)
    words["bucket"] = "five at most, one comes each ten minutes"
    cells = {name: let_through for name, let_through, _ in ROWS}
    assert {name: said in cells[name] for name, said in words.items()} == dict.fromkeys(words, True)


def test_the_page_is_linked_from_where_people_begin():
    """Mutation: take the link out of README, and it is found by `ls docs` alone."""
    for name in ("README.md", "docs/quickstart.md"):
        assert "healing-operations.md" in (ROOT / name).read_text("utf-8")
