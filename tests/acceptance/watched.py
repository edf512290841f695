"""A daemon whose `/metrics` and `/healthz` are served."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.program import Program

if TYPE_CHECKING:
    from pathlib import Path


HOST = "127.0.0.1"
TOKEN = "acceptance-tests-only"


class Watched(Program):
    """A daemon with its metrics."""

    def __init__(self, folder: Path, database_url: str, **settings: object) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = probe.getsockname()[1]
        super().__init__(folder, database_url, rescan_seconds=0.3, metrics_port=self.port, **settings)
        token = folder / "token"
        token.write_text(f"{TOKEN}\n")
        self.configure(metrics_token_file=str(token))

    def get(self, path: str, *, seconds: float = 30, **headers: str) -> tuple[int, str]:
        """Status and body; 0 where nobody answers."""
        request = urllib.request.Request(f"http://{HOST}:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and details."""
        status, body = self.get("/healthz", Authorization=f"Bearer {TOKEN}")
        return status, json.loads(body or "{}")

    def value(self, name: str, **labels: str) -> float | None:
        """A sample of /metrics; None where there is none."""
        for family in text_string_to_metric_families(self.get("/metrics")[1]):
            for sample in family.samples:
                if sample.name == f"contactsync_{name}" and sample.labels == labels:
                    return sample.value
        return None
