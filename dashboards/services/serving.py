"""Serving the app on this machine: a free port, one worker child, and an orderly end of both."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.errors import NotFound, UsageError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORTS_TRIED = 50
THREADS = 8  # callbacks are short reads of the store; eight browsers at once on two cores (assumed)
GRACE_SECONDS = 10.0  # the worker gives its run back to the queue within this


def serve(workspace: Path, host: str, port: int, with_worker: bool, say: Callable[[str], None]) -> None:
    """Serve until told to stop.

    Raises
    ------
    UsageError
        Another host than this machine is asked for, or no port is free.
    NotFound
        There is no workspace yet.
    """
    if host not in LOOPBACK:
        raise UsageError(
            f"--host {host}: there are no users and passwords yet, so the app answers on this machine "
            f"only; use 127.0.0.1"
        )
    if not workspace.is_dir():
        raise NotFound(f"no workspace at {workspace}; make one with: twin init {workspace}")
    from waitress.server import create_server

    from dashboards.app import build_app

    logging.getLogger("waitress.queue").setLevel(
        logging.ERROR
    )  # a page asks for many files at once; that is no news
    app = build_app(workspace)
    door = open_socket(host, port)
    free = door.getsockname()[1]
    server = create_server(app.server, sockets=[door], threads=THREADS)
    if free != port:
        say(f"port {port} is in use, taking {free}")
    say(f"the twin is at http://{'[::1]' if ':' in host else host}:{free} (Ctrl+C ends it)")
    with _orderly_end(), _worker(workspace, with_worker):
        try:
            server.run()
        except (KeyboardInterrupt, SystemExit):
            say("ending")
        finally:
            server.close()


def open_socket(host: str, first: int) -> socket.socket:
    """A listening socket on the first port from ``first`` on that nothing else listens on.

    Raises
    ------
    UsageError
        None of the next 50 ports is free.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last = min(first + PORTS_TRIED, 65536) - 1
    for port in range(first, last + 1):
        door = socket.socket(family, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free again
        try:
            door.bind((host, port))
            door.listen()  # only listening makes it ours: two may bind a port, one may listen
        except OSError:
            door.close()
            continue
        return door
    raise UsageError(f"no free port from {first} to {last}; name another with --port")


@contextmanager
def _worker(workspace: Path, wanted: bool) -> Iterator[None]:
    """One worker child for as long as the app is served."""
    if not wanted:
        yield
        return
    child = subprocess.Popen([sys.executable, "-m", "dashboards.worker", str(workspace)])
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Treat a request to terminate like Ctrl+C, so that the worker is ended too."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
