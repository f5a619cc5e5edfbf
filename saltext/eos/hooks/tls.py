"""What proves that this host can verify the stack's servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography import x509

from saltext.eos.utils import tls


def authority_is_valid(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The site's CA is here, and valid at this host's time."""
    text = tls.ca_text(Path(values["ca_file"]))
    begins, ends = tls.validity(x509.load_pem_x509_certificate(text.encode()))
    ok = begins <= tls.now() <= ends
    return {"ok": ok, "observed": f"the CA is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}"}
