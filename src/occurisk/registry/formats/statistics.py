"""Stata, SPSS and SAS files, by ReadStat: values as stored, with the labels that explain them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from occurisk.errors import MachineError, OutputError, RegistryError
from occurisk.registry.formats.base import Ragged, RegistryFile

KINDS = {"stata": "Stata", "spss": "SPSS", "sas": "SAS"}
_READERS = {"stata": "read_dta", "spss": "read_sav", "sas": "read_sas7bdat"}
_WHOLE = {"int8": pa.int8(), "int16": pa.int16(), "int32": pa.int32()}
_CHUNK = 100_000


@dataclass(frozen=True)
class Labels:
    """What such a file says of its columns, for the file that is written from it.

    Attributes
    ----------
    columns : Mapping
        Column -> its label.
    values : Mapping
        Column -> value -> its label.
    formats : Mapping
        Column -> how it is shown: dates are numbers with such a format.
    missing : Mapping
        Of SPSS: column -> ranges of values that stand for no answer.
    measures : Mapping
        Of SPSS: column -> nominal, ordinal or scale.
    widths : Mapping
        Of SPSS: column -> how wide it is shown.
    file : str
        What the file is called in itself.
    notes : list of str
        Of SPSS: what else it says of itself.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, Any] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    file: str = ""
    notes: list[str] = field(default_factory=list)


def open_statistics(path: Path, name: str, kind: str) -> RegistryFile:
    """Prepare to read a Stata, SPSS or SAS file.

    Parameters
    ----------
    path : Path
    name : str
        For people.
    kind : {"stata", "spss", "sas"}

    Raises
    ------
    MachineError
        If the library is not installed.
    RegistryError
        If it has no rows.
    """
    library = _library()
    read_one = getattr(library, _READERS[kind])
    how = {"disable_datetime_conversion": True, "output_format": "dict"}
    if kind == "spss":
        how["user_missing"] = True  # values that stand for no answer stay what they are
    columns, about = read_one(str(path), row_limit=1, **how)
    if not any(len(values) for values in columns.values()):
        raise RegistryError(
            f"The registry {name} has columns and no rows.",
            rule="A registry has a header and at least one row.",
        )
    kinds = about.readstat_variable_types
    schema = pa.schema([(column, _type(kinds[column])) for column in about.column_names])

    def read(_: Callable[[Ragged], None]) -> Iterator[pa.RecordBatch]:
        for values, _about in library.read_file_in_chunks(read_one, str(path), _CHUNK, **how):
            arrays = [
                pa.array(values[f.name], pa.float64() if _is_number(f) else pa.string()) for f in schema
            ]
            yield pa.RecordBatch.from_arrays(
                [a.cast(f.type) for a, f in zip(arrays, schema, strict=True)], schema=schema
            )

    labels = Labels(
        {c: text for c, text in about.column_names_to_labels.items() if text},
        dict(about.variable_value_labels),
        {c: shown for c, shown in about.original_variable_types.items() if _is_number(schema.field(c))},
        dict(about.missing_ranges),
        {c: m for c, m in about.variable_measure.items() if m != "unknown"},
        dict(about.variable_display_width),
        about.file_label or "",
        list(about.notes),
    )
    # SAS counts its rows at the end only where it was not compressed.
    rows = about.number_rows if kind != "spss" or about.number_rows else None
    return RegistryFile(path, name, kind, schema, rows, (KINDS[kind],), read, about=labels)


def _library() -> Any:
    try:
        import pyreadstat
    except ImportError as problem:
        raise MachineError(
            "What reads Stata, SPSS and SAS files is not installed.",
            rule="They need the library pyreadstat.",
            fix="pip install 'occurisk[statistics]', or save the list as CSV.",
        ) from problem
    return pyreadstat


def _type(kind: str) -> pa.DataType:
    return pa.string() if kind == "string" else _WHOLE.get(kind, pa.float64())


def _is_number(column: pa.Field) -> bool:
    return not pa.types.is_string(column.type)


class StatisticsOut:
    """A Stata or SPSS file: its writer needs all rows at once, so they wait in memory."""

    def __init__(
        self, path: Path, kind: str, user: pa.Schema, added: list[pa.Field], labels: Labels | None
    ) -> None:
        self.path, self.kind, self.user, self.added = path, kind, user, added
        self.labels, self.library = labels or Labels(), _library()
        self.parts: list[list[pa.Array]] = []

    @property
    def altered(self) -> int:
        """Always 0: nothing runs in these files."""
        return 0

    def write(self, user: list[pa.Array], added: list[pa.Array]) -> None:
        """Append rows."""
        self.parts.append([*user, *added])

    def close(self) -> None:
        """Write the file.

        Raises
        ------
        OutputError
            If the format has no place for a name or a text.
        """
        fields = [*self.user, *self.added]
        columns = {f.name: [_plain(part[i]) for part in self.parts] for i, f in enumerate(fields)}
        if len(columns) < len(fields):
            raise self._impossible("a column's name stands twice")
        frame = pd.DataFrame(
            {
                name: pd.concat([pd.Series(p, dtype=p.dtype) for p in parts], ignore_index=True)
                if parts
                else pd.Series([], dtype=object if pa.types.is_string(f.type) else float)
                for f, (name, parts) in zip(fields, columns.items(), strict=True)
            }
        )
        said: dict[str, Any] = {
            "column_labels": dict(self.labels.columns),
            "variable_format": dict(self.labels.formats),
            "file_label": self.labels.file,
        }
        said["variable_value_labels"] = {name: dict(found) for name, found in self.labels.values.items()}
        if self.kind == "spss":
            said |= {"missing_ranges": dict(self.labels.missing)}
            said |= {"variable_measure": dict(self.labels.measures)}
            said |= {"variable_display_width": dict(self.labels.widths), "note": self.labels.notes or ""}
        write = self.library.write_dta if self.kind == "stata" else self.library.write_sav
        try:
            write(frame, str(self.path), **said)
        except (self.library.PyreadstatError, self.library.ReadstatError, ValueError, TypeError) as problem:
            raise self._impossible(str(problem)) from problem

    def _impossible(self, why: str) -> OutputError:
        return OutputError(
            f"The rows cannot be written as a {KINDS[self.kind]} file.",
            first=why.split("\n", maxsplit=1)[0],
            rule=f"Names and texts must be such as {KINDS[self.kind]} allows.",
            fix="Write another format: --format parquet or csv.",
        )

    def abandon(self) -> None:
        """Let go of the rows."""
        self.parts = []


def _plain(column: pa.Array) -> np.ndarray:
    """Return what the writers take: text with gaps as empty, numbers with gaps as NaN."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        gaps = column.null_count and pa.types.is_integer(column.type)
        found: np.ndarray = (column.cast(pa.float64()) if gaps else column).to_numpy(zero_copy_only=False)
        return found
    return np.array([v or "" for v in column.cast(pa.string()).to_pylist()], dtype=object)
