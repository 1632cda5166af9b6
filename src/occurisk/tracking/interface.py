"""MLflow's own web interface over the tracking store: how it is started, and where it opens."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

from occurisk.errors import OutputError, TrackingError
from occurisk.tracking.descriptions import VIEW
from occurisk.tracking.reachable import sqlite_file
from occurisk.tracking.store import SCORING, artifact_root, guarded, need_experiment, open_store, tracking_uri

# MLflow's own name for the account that may make others.
ADMIN = "admin"


def ui_command(port: int, auth: bool = False) -> tuple[list[str], dict[str, str]]:
    """Return the arguments of the MLflow UI, and what to add to its environment.

    Parameters
    ----------
    port : int
    auth : bool
        Start MLflow's basic-auth app: everybody logs in, and verdicts have names.
    """
    arguments = ["-m", "mlflow", "server", "--backend-store-uri", tracking_uri()]
    if root := artifact_root():
        arguments += ["--default-artifact-root", root]
    arguments += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # The job runner starts seven more processes and doubles the time to start.
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    if auth:
        arguments += ["--app-name", "basic-auth"]
        environment |= _auth_environment()
    return arguments, environment


def start_page(port: int) -> str:
    """Return the address of the scored lists, with the columns that matter; made ready if need be.

    Raises
    ------
    TrackingError
        If the store cannot be opened.
    """
    mlflow = open_store()
    with guarded("open"):
        experiment = need_experiment(mlflow, SCORING)
    view = f"viewStateShareKey={VIEW}&workflowType=machine_learning"
    return f"http://127.0.0.1:{port}/#/experiments/{experiment}/runs?{view}"


def check_port(port: int) -> None:
    """Check that nobody else listens on a port.

    Raises
    ------
    OutputError
        If somebody does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            raise OutputError(
                f"Port {port} cannot be used: {problem.strerror}.",
                rule="One program per port.",
                fix=f"Stop the other one (another MLflow UI, perhaps), or try: occurisk ui --port {port + 1}",
            ) from problem


def auth_folder() -> Path:
    """Return the folder of the accounts: beside an SQLite store.

    Raises
    ------
    TrackingError
        If the store is another database, whose server should have the accounts.
    """
    path = sqlite_file(tracking_uri())
    if path is None:
        raise TrackingError(
            "Accounts are kept beside an SQLite store, and this store is another database.",
            fix="Start the server with accounts yourself: docs/reviewing.md says how.",
        )
    return path.parent


def _auth_environment() -> dict[str, str]:
    """Return where accounts and keys are; write what is missing, readable by nobody else."""
    folder = auth_folder()
    folder.mkdir(parents=True, exist_ok=True)
    settings, key = folder / "auth.ini", folder / "auth.key"
    if not settings.exists():
        _private(
            settings,
            f"[mlflow]\ndefault_permission = EDIT\ndatabase_uri = sqlite:///{folder / 'auth.db'}\n"
            f"admin_username = {ADMIN}\n"
            "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n",
        )
    if not key.exists():
        _private(key, secrets.token_hex(32))
    variables = {"MLFLOW_AUTH_CONFIG_PATH": str(settings)}
    # Signs the forms by which accounts are made.
    variables["MLFLOW_FLASK_SERVER_SECRET_KEY"] = key.read_text(encoding="utf-8").strip()
    if not (folder / "auth.db").exists() and not os.environ.get("MLFLOW_AUTH_ADMIN_PASSWORD"):
        raise TrackingError(
            "There are no accounts yet, and no password for the first one.",
            rule=f"The first account is '{ADMIN}'; MLflow asks for at least 12 characters.",
            fix="Choose one, then: MLFLOW_AUTH_ADMIN_PASSWORD=… occurisk ui --auth",
        )
    return variables


def _private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
