"""Who did it: also where the master runs as a user of its own, that everybody at its shell is."""

from __future__ import annotations

import os
import pwd

import pytest

from saltext.eos.utils import asker

NOBODY = str((1 << 32) - 1)
ALICE = next(one for one in pwd.getpwall() if one.pw_uid not in (0, os.getuid()))
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def said(tmp_path, monkeypatch):
    """Ask who it is, with what the kernel keeps of the login, behind sudo, and over SSH."""

    def ask(login, sudo="", ssh=""):
        (tmp_path / "loginuid").write_text(login)
        monkeypatch.setattr(asker, "LOGIN", tmp_path / "loginuid")
        for name, value in (("SUDO_USER", sudo), ("SSH_CONNECTION", ssh)):
            monkeypatch.delenv(name, raising=False)
            if value:
                monkeypatch.setenv(name, value)
        return asker.asker()

    return ask


@pytest.mark.parametrize(
    ("login", "sudo", "ssh", "name"),
    [
        (NOBODY, "", "", ME),
        (str(os.getuid()), "", "", ME),
        (str(ALICE.pw_uid), "", "", f"{ME} (login {ALICE.pw_name})"),
        (str(ALICE.pw_uid), ALICE.pw_name, "", f"root ({ALICE.pw_name} by sudo)"),
        (NOBODY, "bob", "", "root (bob by sudo)"),
        (str(os.getuid()), "", "192.0.2.7 51000 192.0.2.1 22", f"{ME} (from 192.0.2.7)"),
        (
            str(ALICE.pw_uid), "", "2001:db8::7 1 2001:db8::1 22",
            f"{ME} (login {ALICE.pw_name}, from 2001:db8::7)",
        ),
        ("", "", "; rm -rf", ME),
    ],
)  # fmt: skip
def test_the_person_behind_the_user_is_named_by_login_and_place(said, login, sudo, ssh, name):
    """Mutation: name the user of Salt alone, which two people at shells of root share."""
    if os.getuid() != 0:
        pytest.skip("who is root behind sudo is root")
    assert said(login, sudo, ssh) == name
