"""Addresses of databases: told from paths, and shown without the user's name and password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from occurisk.errors import RegistryError

POSTGRESQL = ("postgresql", "postgres")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# What a DuckDB file holds after eight bytes.
_DUCKDB = b"DUCK"


@dataclass(frozen=True)
class Address:
    """Where a database is.

    Attributes
    ----------
    text : str
        As it was given, with whatever secret it holds; never shown.
    name : str
        For people, files and tags: host and database.
    secrets : tuple of str
        What must not appear anywhere.
    """

    text: str
    name: str
    secrets: tuple[str, ...] = ()

    def without_secrets(self, message: str) -> str:
        """Return a driver's message without the address and its secrets."""
        for secret in sorted({self.text, *self.secrets}, key=len, reverse=True):
            message = message.replace(secret, "…")
        return message


def is_address(registry: object) -> bool:
    """Tell an address such as `postgresql://host/database` from a path."""
    return _SCHEME.match(str(registry)) is not None


def address_of(registry: str) -> Address:
    """Read the address of a PostgreSQL database.

    Raises
    ------
    RegistryError
        If it is of another kind. The message does not repeat it.
    """
    scheme = _SCHEME.match(registry)
    kind = scheme[1].lower() if scheme else ""
    if kind not in POSTGRESQL:
        raise RegistryError(
            f"Addresses that begin with {kind}:// cannot be read.",
            rule="postgresql://HOST/DATABASE, a DuckDB file, or any other file.",
            fix="Of another engine, use occurisk lookup; of object storage, --engine spark.",
        )
    try:
        parts = urlsplit(registry)
        host, port, user, password = parts.hostname or "localhost", parts.port, parts.username, parts.password
    except ValueError as problem:
        raise RegistryError(
            "The address of the database cannot be read.",
            rule="postgresql://HOST[:PORT]/DATABASE",
            fix="Write characters such as @ and / in a password as %40 and %2F, or use PGPASSWORD.",
        ) from problem
    place = f"{host}:{port}" if port else host
    queried = [value.partition("=")[2] for value in parts.query.split("&") if "pass" in value.lower()]
    secrets = [secret for secret in (password, *queried) if secret]
    secrets += [unquote(secret) for secret in secrets]
    secrets += [f"{user}:{password}@"] if password else []
    return Address(registry, f"postgresql://{place}{parts.path}", tuple(secrets))


def is_duckdb(path: Path) -> bool:
    """Tell a DuckDB file by its content; a pipe, which can be read once only, is left alone."""
    try:
        if not path.is_file():
            return False
        with open(path, "rb") as stream:
            return stream.read(12)[8:] == _DUCKDB
    except (OSError, ValueError):
        return False
