"""Files that are whole or absent, and their digests.

Everything that occurisk writes goes through here: first under a temporary name in the
same folder, then renamed, so that an interrupted run leaves nothing half-written.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from occurisk.errors import OutputError


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits; of a folder, that of the list of its files."""
    if path.is_dir():
        parts = sorted(part for part in path.rglob("*") if part.is_file())
        return digest("".join(f"{sha256(part)}  {part.relative_to(path).as_posix()}\n" for part in parts))
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class GrowingDigest:
    """The SHA-256 of a file, computed while somebody else appends to it."""

    def __init__(self, path: Path) -> None:
        self.path, self._hash, self._piece = path, hashlib.sha256(), bytearray(1 << 20)
        self._stream: io.FileIO | None = None

    def follow(self) -> None:
        """Take in what has been appended since."""
        if self._stream is None:
            if not self.path.exists():
                return
            self._stream = io.FileIO(self.path)
        while read := self._stream.readinto(self._piece):
            self._hash.update(memoryview(self._piece)[:read])

    def finish(self) -> str:
        """Return 64 hexadecimal digits, once the file is closed."""
        self.follow()
        self.close()
        return self._hash.hexdigest()

    def close(self) -> None:
        """Let go of the file."""
        if self._stream is not None:
            self._stream.close()


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder; 0 of what is neither."""
    if path.is_file():
        return path.stat().st_size
    return sum(part.stat().st_size for part in path.rglob("*") if part.is_file()) if path.is_dir() else 0


def digest(text: str) -> str:
    """Return the SHA-256 of a text (UTF-8) as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path; rename it to `path` if the block ends without an error.

    Parameters
    ----------
    path : Path
        Final name. Its folder is made if missing. An existing file is replaced.

    Raises
    ------
    OutputError
        If the folder cannot be written to, or the disk is full.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        os.chmod(temporary, 0o666 & ~umask())
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write a text file (UTF-8) whole or not at all; return its path."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(path)


def umask() -> int:
    """Return the permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Say why a place cannot be written to."""
    return OutputError(
        f"Cannot write {path}: {error.strerror or error}.",
        rule="The folder must exist or be creatable, be writable, and have room.",
        fix="Choose another place (--out, --models-dir, MLFLOW_TRACKING_URI) or mend its permissions.",
    )


def check_place(path: Path) -> None:
    """Raise OutputError now if a file or folder could not be made there later; nothing is made.

    Parameters
    ----------
    path : Path
        Of a file or folder to come. The nearest of its parents that exists must be a folder to write into.
    """
    nearest = next(parent for parent in Path(path).absolute().parents if parent.exists())
    code = 0 if os.access(nearest, os.W_OK) else errno.EACCES
    if not nearest.is_dir():
        code = errno.ENOTDIR
    if code:
        raise cannot_write(path, OSError(code, os.strerror(code)))


def json_text(document: Any, indent: int | None = 1) -> str:
    """Return a document as strict JSON: no NaN, whatever the numbers' types.

    Parameters
    ----------
    document : dict, list or value
        NumPy's numbers and arrays become plain ones; NaN, infinity and pandas' NA become null; keys and
        whatever else JSON does not know become text.
    indent : int, optional
        None for one line.
    """
    separators = (",", ":") if indent is None else None
    return json.dumps(
        _plain(document), indent=indent, separators=separators, ensure_ascii=False, allow_nan=False
    )


def write_json(path: Path, document: Any) -> None:
    """Write a document as strict JSON (`json_text`), whole or not at all."""
    write_text(path, json_text(document) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy, which is not imported for this
        return _plain(value.tolist())
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if type(value).__name__ in ("NAType", "NaTType") else str(value)
