"""Accounts of MLflow's own basic-auth app: who may log in to `occurisk ui --auth`, and judge."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from occurisk.errors import TrackingError
from occurisk.tracking.reachable import sqlite_file
from occurisk.tracking.store import first_line, tracking_uri

# MLflow's own name for the account that may make others.
ADMIN = "admin"


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


def auth_environment() -> dict[str, str]:
    """Return where accounts and keys are; write what is missing, readable by nobody else.

    Raises
    ------
    TrackingError
        If there is no account yet and no password for the first one, or the store is no SQLite file.
    """
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


def has_accounts(address: str) -> bool:
    """Tell whether an MLflow with accounts answers at an address: it is well, and asks who is there."""
    return (
        _answer(f"{address}/health") == 200 and _answer(f"{address}/ajax-api/2.0/mlflow/users/current") == 401
    )


def add_reviewer(address: str, reviewer: str) -> str:
    """Make an account on a running server if it lacks it, and let its owner judge.

    MLflow's pages offer a queue's questions only to those who have the right in so many words: the default
    permission, which its server goes by, is not enough for them.

    Parameters
    ----------
    address : str
        Of the server. It is asked as its administrator, whose name and password are in the environment.
    reviewer : str

    Returns
    -------
    str
        The first password of a new account; empty if there was one.

    Raises
    ------
    TrackingError
        If it does not answer, or refuses the administrator or the name.
    """
    administrator, password = need_administrator()
    if not has_accounts(address):
        raise TrackingError(
            f"{address} does not answer as an MLflow with accounts.",
            rule="Accounts are made by a server that asks who is there.",
            fix="Start one with occurisk ui --auth, or check MLFLOW_TRACKING_URI.",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what MLflow's server is built on
        mlflow, server = import_module("mlflow"), import_module("mlflow.server")
        accounts = server.get_app_client("basic-auth", tracking_uri=address)
    first = ""
    with _as_somebody(administrator, password):
        try:
            if not _done(mlflow, "RESOURCE_DOES_NOT_EXIST", accounts.get_user, reviewer):
                first = secrets.token_urlsafe(12)
                accounts.create_user(reviewer, first)
            right = (reviewer, "experiment", "*", "EDIT")
            _done(mlflow, "RESOURCE_ALREADY_EXISTS", accounts.grant_user_permission, *right)
        except mlflow.MlflowException as problem:
            raise TrackingError(
                f"{address} makes no account {reviewer!r}: {first_line(problem)}.",
                rule=f"Only an administrator makes accounts; it was asked as {administrator!r}.",
                fix="Check MLFLOW_AUTH_ADMIN_PASSWORD, and the name.",
            ) from problem
    return first


def _done(mlflow: Any, but: str, call: Callable[..., Any], *arguments: str) -> bool:
    """Call the server; tell whether it did so, or answered with this one code instead."""
    try:
        call(*arguments)
    except mlflow.MlflowException as problem:
        if problem.error_code != but:
            raise
        return False
    return True


def need_administrator() -> tuple[str, str]:
    """Return who makes accounts: name and password from the environment.

    Raises
    ------
    TrackingError
        If there is none.
    """
    given = os.environ.get("MLFLOW_AUTH_ADMIN_PASSWORD")
    if given:
        return ADMIN, given
    name, password = (os.environ.get(f"MLFLOW_TRACKING_{what}") for what in ("USERNAME", "PASSWORD"))
    if not name or not password:
        raise TrackingError(
            "There is no password of an administrator, who alone makes accounts.",
            rule=f"The first account is {ADMIN!r}; MLflow asks for at least 12 characters.",
            fix="MLFLOW_AUTH_ADMIN_PASSWORD=… occurisk ui --auth --reviewers A,B",
        )
    return name, password


@contextmanager
def _as_somebody(name: str, password: str) -> Iterator[None]:
    """Let MLflow's clients log in so; they read it from the environment."""
    ours = {"MLFLOW_TRACKING_USERNAME": name, "MLFLOW_TRACKING_PASSWORD": password}
    before = {key: os.environ.get(key) for key in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def _answer(url: str) -> int:
    """Return the status that an address answers with; 0 if it does not."""
    try:
        with urlopen(url, timeout=5) as reply:  # noqa: S310
            return int(reply.status)
    except HTTPError as problem:
        return problem.code
    except (OSError, ValueError):
        return 0


def _private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
