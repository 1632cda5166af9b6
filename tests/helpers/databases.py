"""A PostgreSQL server of the tests' own: on loopback, in a temporary folder, by a user who is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

USER, PASSWORD = "statistician", "s3cret/@word"


def programs() -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`; None if PostgreSQL is not installed."""
    places = [Path(path) for path in os.environ.get("PATH", "").split(":")]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").is_file()), None)


def _account() -> dict[str, int]:
    """Return whom the server runs as: PostgreSQL refuses to be root."""
    if os.getuid():
        return {}
    known = pwd.getpwnam("postgres")
    return {"user": known.pw_uid, "group": known.pw_gid}


@contextmanager
def postgresql():
    """Yield the address of a server, with user and password in it."""
    folder, bin_, who = Path(tempfile.mkdtemp(prefix="pg-")), programs(), _account()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "password").write_text(PASSWORD)
    if who:
        os.chown(folder, who["user"], who["group"])
        os.chown(folder / "password", who["user"], who["group"])

    def call(program: str, *arguments: object) -> None:
        command = [bin_ / program, *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            **who,
        )
        assert done.returncode == 0, done.stderr

    data = folder / "data"
    try:
        call("initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={folder}/password",
             "-E", "UTF8", "--locale=C", "--no-sync")  # fmt: skip
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
        call("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        yield f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
    finally:
        if (data / "postmaster.pid").is_file():
            call("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
