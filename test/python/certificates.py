"""A CA of one test, and a certificate that every server of the loopback may show."""

from __future__ import annotations

import subprocess
from pathlib import Path

NAMES = "DNS:localhost,DNS:server.dc1.consul,IP:127.0.0.1"


def make(home: Path) -> str:
    """Make ``ca.pem``, ``own.pem`` and ``own.key`` in a folder; give the path of the CA's."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=home, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=CA of this test")  # fmt: skip
    openssl("req", *key, "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=own",
            "-addext", f"subjectAltName={NAMES}")  # fmt: skip
    openssl("x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-out", "own.pem", "-copy_extensions", "copy")  # fmt: skip
    return str(home / "ca.pem")
