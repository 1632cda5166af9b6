"""PostgreSQL by ADBC and DuckDB by its own reader: Arrow batches of a query, in a reading transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from occurisk.errors import MachineError, RegistryError
from occurisk.registry.sources.addresses import Address

_BATCH_ROWS = 1 << 17


def postgresql_batches(address: Address, query: str | None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in a PostgreSQL database; the transaction may read only.

    Numbers of the type `numeric` come as text, digit for digit.

    Raises
    ------
    MachineError
        If the driver is not installed.
    RegistryError
        If there is no query, no connection, or the query fails.
    """
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as problem:
        raise _not_installed("PostgreSQL") from problem
    if not query:
        raise _no_query(address.name, [])
    try:
        with dbapi.connect(address.text) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(query.rstrip("; \t\r\n"))  # as people end it; the driver puts it into another
            yield from cursor.fetch_record_batch()
    except (dbapi.Error, pa.ArrowException) as problem:
        # Not `from problem`: a driver's own text may hold the address.
        raise _failed(address.name, address.without_secrets(str(problem))) from None


def duckdb_batches(path: Path, query: str | None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in a DuckDB file, which is opened to read only and reaches no other file.

    Raises
    ------
    MachineError
        If DuckDB is not installed.
    RegistryError
        If there are several tables and no query, or the query fails.
    """
    try:
        import duckdb
    except ImportError as problem:
        raise _not_installed("DuckDB") from problem
    try:
        with duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as known:
            rows = known.sql(query or _only_table(known, path))
            if rows is not None:  # a statement that is no query has none
                yield from rows.to_arrow_reader(_BATCH_ROWS)
    except duckdb.Error as problem:
        raise _failed(str(path), str(problem)) from problem


def _only_table(known: object, path: Path) -> str:
    found = known.execute(  # type: ignore[attr-defined]
        "SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"
    ).fetchall()
    if len(found) != 1:
        raise _no_query(str(path), [table for _, table in found])
    schema, table = (name.replace('"', '""') for name in found[0])
    return f'SELECT * FROM "{schema}"."{table}"'  # noqa: S608 (quoted)


def _no_query(name: str, tables: list[str]) -> RegistryError:
    return RegistryError(
        f"It is not said which rows of {name} to score.",
        first=f"its tables: {', '.join(tables[:20])}" if tables else None,
        rule="Of a database, the rows of one query are scored.",
        fix='--query "select occupation, persons from register"',
    )


def _not_installed(engine: str) -> MachineError:
    return MachineError(
        f"What reads {engine} is not installed.",
        rule="Databases need drivers of their own.",
        fix="pip install 'occurisk[sql]'",
    )


def _failed(name: str, message: str) -> RegistryError:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return RegistryError(
        f"The database {name} gave no rows.",
        first=" ".join(lines)[:300],
        rule="One SELECT, by a user who may read.",
        fix="Try the same query in the database's own tool.",
    )
