"""Forwards one TCP connection, so that a test can reset it in mid-stream without either end's help."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

CHUNK = 65536


class Relay:
    """Listens on loopback at `port` for one connection, and forwards it to a port."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._reset = threading.Event()
        threading.Thread(target=self._serve, name="relay", daemon=True).start()

    def reset(self) -> None:
        """Both ends get RST instead of FIN."""
        self._reset.set()
        for end in self._ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with suppress(OSError):
                # This wakes the reader.
                end.shutdown(socket.SHUT_RD)

    def _serve(self) -> None:
        with self._listener:
            client, _ = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self._target))
        self._ends = [client, server]
        threads = [
            threading.Thread(target=self._forward, args=pair, daemon=True)
            for pair in ((client, server), (server, client))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for end in self._ends:
            end.close()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (data := source.recv(CHUNK)) and not self._reset.is_set():
                target.sendall(data)
            if not self._reset.is_set():
                target.shutdown(socket.SHUT_WR)
