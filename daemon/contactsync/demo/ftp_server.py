"""The demo's FTP server: pyftpdlib on loopback, with the permissions that docs/ftp-facts.md recommends."""

from __future__ import annotations

import errno
import importlib
import logging
import socket
import threading
from pathlib import Path
from typing import Any

from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import ConfigurationError

HOST = "127.0.0.1"
NAME = "demo"
"""The account, the FTP user and its password."""


class FtpServer:
    """pyftpdlib on loopback, in its own thread; it listens at once and answers after `serve`."""

    def __init__(self, port: int) -> None:
        """Listen; raises ConfigurationError if the port is not available or pyftpdlib is not installed."""
        try:
            # Not imported above, because only the demo needs it installed.
            handlers, servers, ioloop, authorizers = (
                importlib.import_module(f"pyftpdlib.{name}")
                for name in ("handlers", "servers", "ioloop", "authorizers")
            )
        except ModuleNotFoundError:
            raise ConfigurationError(
                "the demo's FTP server is not installed: run pip install 'contactsync[demo]'"
            ) from None
        # Show its problems, but not each command.
        logger = logging.getLogger("pyftpdlib")
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.WARNING)
        self._authorizer = authorizers.DummyAuthorizer()
        handler = type(
            "Handler",
            (handlers.FTPHandler,),
            # Names are bytes: one in Latin-1 stays as it was sent.
            {"authorizer": self._authorizer, "unicode_errors": "surrogateescape"},
        )
        try:
            # Not by pyftpdlib, which loses the errno.
            listener = socket.create_server((HOST, port))
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "is taken" if taken else f"is not available ({error})"
            raise ConfigurationError(
                f"port {port} of {HOST} {why}: choose another one with `--port N` (or `make run PORT=N`)"
            ) from None
        self._server: Any = servers.FTPServer(listener, handler, ioloop=ioloop.IOLoop())
        self.port: int = self._server.address[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ftp", daemon=True)

    def __enter__(self) -> FtpServer:
        """Return itself: it already listens."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread, then the connections."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        self._server.close_all()

    def serve(self, home: Path) -> None:
        """Accept the account, with the permissions of docs/ftp-facts.md, "Permissions that hold"."""
        self._authorizer.add_user(NAME, NAME, str(home), perm="elr")
        imports = home / "contacts" / "import"
        # Markers are created and deleted here.
        self._authorizer.override_perm(NAME, str(imports), "elradfw")
        for action in ACTIONS:
            inbox = home / "contacts" / action / "in"
            self._authorizer.override_perm(NAME, str(inbox), "elradfwMT")
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._server.ioloop.loop(timeout=0.2, blocking=False)
