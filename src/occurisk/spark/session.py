"""PySpark, found or missed with a word on what to do; the session that a command works in."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from occurisk.errors import MachineError, RegistryError

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession


def functions() -> Any:
    """Return `pyspark.sql.functions`.

    Raises
    ------
    MachineError
        If PySpark is not installed.
    """
    try:
        from pyspark.sql import functions as found
    except ImportError as problem:
        raise MachineError(
            "Spark's Python package is not installed.",
            rule="The engine `spark` needs PySpark 4, and Java 17.",
            fix="pip install 'occurisk[spark]'",
        ) from problem
    # It is handed Arrow tables, and no frame of pandas.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    return found


def open_session(master: str | None) -> SparkSession:
    """Return the session of this process, or begin one.

    Parameters
    ----------
    master : str, optional
        Such as `local[4]` or `spark://host:7077`; by default what `spark-submit` says, else all cores here.

    Raises
    ------
    MachineError
        If PySpark or Java is missing.
    """
    functions()
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise MachineError(
            "Java is not installed.", rule="Spark needs Java 17.", fix="Install it, such as openjdk-17-jre."
        )
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("occurisk").config("spark.ui.showConsoleProgress", "false")
    if master:
        builder = builder.master(master)
        if master.startswith("local"):
            # Nobody else has to reach a driver whose workers are its own threads.
            builder = builder.config("spark.driver.host", "127.0.0.1")
            builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
            builder = builder.config("spark.ui.enabled", "false")
    try:
        session = builder.getOrCreate()
    except (PySparkException, RuntimeError) as problem:
        raise MachineError(
            "Spark does not start.",
            first=str(problem).split("\n", maxsplit=1)[0],
            fix="Check JAVA_HOME and --master.",
        ) from problem
    session.sparkContext.setLogLevel("ERROR")
    return session


def named(name: str) -> Column:
    """Return a column by its name, whatever the name holds."""
    column: Column = functions().col("`" + name.replace("`", "``") + "`")
    return column


@contextmanager
def spark_errors() -> Iterator[None]:
    """Turn what Spark raises into a `RegistryError`: of what it read, or of the work itself."""
    functions()
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as problem:
        raise _failed(str(problem)) from problem
    except Py4JJavaError as problem:  # an error of Java that PySpark has no class for
        raise _failed(str(problem.java_exception.getMessage())) from problem


def _failed(message: str) -> RegistryError:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return RegistryError(
        "Spark could not read or score the register.",
        first=(lines or ["without a word"])[0][:300],
        rule="Nothing was written.",
        fix="Check the path, its permissions, and Spark's own log.",
    )
