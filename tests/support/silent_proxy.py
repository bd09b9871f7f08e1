"""A proxy before a database whose connections can fall silent: nobody closes them, and nobody answers on them."""

import ctypes
import socket
import struct
from contextlib import contextmanager, suppress
from threading import Event, Thread
from urllib.parse import urlsplit

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_RETURN_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)  # BPF_RET: keep no byte of a segment, so it is dropped


class SilentProxy:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._place = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        own = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = parts._replace(netloc=f"{parts.username}@{own}").geturl()
        self._connections: list[_Connection] = []
        self._passes = Event()
        self._passes.set()
        Thread(target=self._accept, daemon=True).start()

    def drop_current(self) -> None:
        """Drop what comes in on the connections of now, as a network does: nothing of it is acknowledged."""
        for connection in self._connections:
            connection.drop()

    def freeze(self) -> None:
        """Pass nothing on, as a server that stands still: the network acknowledges it, and new connections wait."""
        self._passes.clear()

    def thaw(self) -> None:
        self._passes.set()

    def close(self) -> None:
        # A thread that accepts keeps a closed listener open.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                connection = _Connection(client, self._place, self._passes)
                self._connections.append(connection)


class _Connection:
    def __init__(self, client: socket.socket, place: tuple[str, int], passes: Event) -> None:
        self._passes = passes
        server = socket.create_connection(place)
        self._ends = (client, server)
        for source, target in ((client, server), (server, client)):
            Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def drop(self) -> None:
        program = ctypes.create_string_buffer(_RETURN_NOTHING)
        described = struct.pack("HL", 1, ctypes.addressof(program))  # sock_fprog; the kernel copies it
        for end in self._ends:
            end.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)

    def close(self) -> None:
        for end in self._ends:
            end.close()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # one of both ends was closed
            while content := source.recv(1 << 16):
                self._passes.wait()
                target.sendall(content)
            self._passes.wait()
            target.shutdown(socket.SHUT_WR)


@contextmanager
def proxied(url: str):
    proxy = SilentProxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
