"""Whether a store answers and can be written, told within seconds; and one opener at a time.

MLflow itself tries a database for minutes before it gives up. Here it is asked once, directly.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

try:
    import fcntl
except ImportError:  # Windows: no lock, the rest holds
    fcntl = None  # type: ignore[assignment]

# Seconds that a store may take to answer.
ANSWER = 6
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
# A run takes seconds; whoever waits longer than this goes ahead beside the other.
_LONGEST_WAIT = 300


def sqlite_file(uri: str) -> Path | None:
    """Return the absolute path of an SQLite store; None for any other."""
    if not uri.startswith("sqlite:"):
        return None
    return Path(unquote(uri.partition("://")[2].removeprefix("/").partition("?")[0])).absolute()


def check_reachable(uri: str, patience: float = ANSWER) -> None:
    """Ask a store once whether it is there and can be written.

    Parameters
    ----------
    uri : str
    patience : float
        Seconds that it may take to answer.

    Raises
    ------
    OSError or sqlite3.Error
        If not, with what it said.
    """
    path = sqlite_file(uri)
    if path is not None:
        _check_sqlite(path, patience)
    elif uri.startswith(("http:", "https:")):
        _check_server(uri, patience)
    elif host := urlsplit(uri).hostname:
        port = urlsplit(uri).port or _PORTS.get(uri.partition(":")[0].partition("+")[0])
        if port:
            socket.create_connection((host, port), patience).close()


def _check_sqlite(path: Path, patience: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=patience)
    try:
        # Takes the lock of a writer, and writes a page: a full disk or a read-only file says so here.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE occurisk_probe (n INTEGER)")
        connection.rollback()
    except sqlite3.OperationalError as problem:
        if "locked" not in str(problem):
            raise
        # Somebody is writing: the store can be written, and MLflow waits for its turn.
    finally:
        connection.close()


def _check_server(uri: str, patience: float) -> None:
    request = Request(f"{uri.rstrip('/')}/health")  # noqa: S310  (http or https, see above)
    # Any answer is one, a refusal included: MLflow says later what is amiss.
    with suppress(HTTPError):
        urlopen(request, timeout=patience).close()  # noqa: S310


@contextmanager
def locked(uri: str) -> Iterator[bool]:
    """Let one process of this machine at a time write to a store; yield whether it is alone."""
    if fcntl is None or uri.startswith("http"):
        yield False
        return
    name = f"occurisk-store-{os.getuid()}-{hashlib.sha256(uri.encode()).hexdigest()[:16]}.lock"
    with open(Path(tempfile.gettempdir()) / name, "w", encoding="utf-8") as stream:
        deadline = time.monotonic() + _LONGEST_WAIT
        while time.monotonic() < deadline:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.05)
        else:
            yield False
            return
        yield True
