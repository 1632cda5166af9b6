"""Accounts of MLflow's own basic-auth app: who may log in to `occurisk ui --auth`, and judge."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from occurisk.errors import TrackingError
from occurisk.tracking.reachable import sqlite_file
from occurisk.tracking.store import guarded, open_store, tracking_uri

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


def prepare_accounts(reviewers: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Make the accounts that are missing, and let everybody judge.

    MLflow's pages offer a queue's questions only to those who have the right in so many words: the default
    permission, which its server goes by, is not enough for them.

    Parameters
    ----------
    reviewers : sequence of str
    environment : mapping of str to str
        As `auth_environment` returns it.

    Returns
    -------
    dict of str to str
        The first password of each new account.

    Raises
    ------
    TrackingError
        If MLflow refuses a name or a password.
    """
    os.environ.update(environment)
    with guarded("make accounts beside"):
        open_store()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what MLflow's server is built on
            accounts = import_module("mlflow.server.auth.sqlalchemy_store").SqlAlchemyStore()
        accounts.init_db(f"sqlite:///{auth_folder() / 'auth.db'}")
        if not accounts.has_user(ADMIN):
            accounts.create_user(ADMIN, os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"], is_admin=True)
        made = {name: secrets.token_urlsafe(12) for name in reviewers if not accounts.has_user(name)}
        for name, password in made.items():
            accounts.create_user(name, password)
        for user in accounts.list_users():
            if not user.is_admin:
                accounts.grant_user_permission(user.username, "experiment", "*", "EDIT")
    return made


def _private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
