"""MLflow's own web interface over the tracking store: how it is started, and where it opens."""

from __future__ import annotations

import socket
import subprocess
import time

from occurisk.errors import OutputError
from occurisk.tracking.accounts import auth_environment, has_accounts
from occurisk.tracking.descriptions import VIEW
from occurisk.tracking.store import SCORING, artifact_root, guarded, need_experiment, open_store, tracking_uri


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
        environment |= auth_environment()
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


def answers_within(address: str, server: subprocess.Popen[bytes], seconds: float = 120) -> bool:
    """Wait until a server that was started asks who is there; False if it ended, or took too long."""
    end = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < end:
        if has_accounts(address):
            return True
        time.sleep(0.5)
    return False


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
