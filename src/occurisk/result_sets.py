"""Results that stand in a folder as one set: complete or not there, beside whatever else lies in it.

Of a folder of results only that is ever replaced or removed which occurisk wrote there, by its own list.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from occurisk.errors import OutputError
from occurisk.files import cannot_write, sha256, umask

try:
    import fcntl
except ImportError:  # Windows: no lock, the rest holds
    fcntl = None  # type: ignore[assignment]

# In a folder of results while a run is at work, or after one was killed.
_LOCK, _STAGING, _READY = ".occurisk.lock", ".occurisk-staging-", ".occurisk-ready-"


@dataclass(frozen=True)
class Staging:
    """Where a set of results is put together, before all of it takes its place at once.

    Attributes
    ----------
    folder : Path
        Write here, in subfolders too.
    out : Path
        Where the set will stand.
    kind : str
        Of results.
    own : Mapping
        Names of an earlier set that this one replaces.
    digests : dict
        SHA-256 by name, of what was digested while it was written.
    """

    folder: Path
    out: Path
    kind: str
    own: Mapping[str, Any]
    digests: dict[str, str] = field(default_factory=dict)

    def claim(self, names: Iterable[str]) -> None:
        """Refuse, before the work begins, names under which something stands that occurisk did not write.

        Raises
        ------
        OutputError
        """
        taken = [n for n in names if n not in self.own and os.path.lexists(self.out / n)]
        foreign = [n for n in taken if n != _manifest(self.kind)]
        if foreign:
            raise OutputError(
                f"{self.out} holds {len(foreign)} files that no earlier run lists as its own, "
                "under names that this run would write.",
                first=str(self.out / foreign[0]),
                rule="Only what occurisk wrote there, by its own list in that folder, is ever replaced.",
                fix="Choose another --out, or move these files away.",
            )


@contextmanager
def result_set(out: Path, kind: str, *, replace: bool, inputs: Iterable[Path] = ()) -> Iterator[Staging]:
    """Yield a staging folder; all of its files appear in `out` if the block ends well.

    `manifest.KIND.json` lists what was written: names, sizes, SHA-256. A finished set is renamed to
    `.occurisk-ready-KIND` in `out`, and that rename decides: what a run killed before it left is thrown
    away, what a run killed after it left is moved into place by the next run or reader (`settle`).
    Nothing is synced to disk: this holds when a process dies, not when the power fails.

    Parameters
    ----------
    out : Path
        May hold files of the user's own; they stay.
    kind : str
        Of results: sets of different kinds may share a folder.
    replace : bool
        Whether an earlier set of this kind may be replaced. Only files on its list are removed, and none
        that was changed since.
    inputs : iterable of Path
        Files that are read; none may lie in `out`.

    Raises
    ------
    OutputError
        If an input lies in `out`, an earlier set may not be replaced or was changed, a name is taken by a
        file of the user's, another run is writing there, or the disk is full.
    """
    out = Path(out)
    refuse_inputs(out, inputs)
    made = not out.exists()
    try:
        with _held(out):
            _settle(out)
            own = _listed(out, kind)
            stamps = _may_replace(out, kind, own, replace)
            staging = Staging(Path(tempfile.mkdtemp(prefix=_STAGING, dir=out)), out, kind, own)
            os.chmod(staging.folder, 0o777 & ~umask())
            try:
                yield staging
                staging.claim(_names(staging.folder))
                if stamps != _stamps(out, own):
                    _may_replace(out, kind, own, replace)
                _list(staging)
                ready = out / f"{_READY}{kind}"
                os.replace(staging.folder, ready)
                _move_in(ready, out)
            finally:
                shutil.rmtree(staging.folder, ignore_errors=True)
    except OSError as error:
        raise cannot_write(out, error) from error
    finally:
        if made:
            with suppress(OSError):  # not empty, or another run is there already
                out.rmdir()


def settle(out: Path) -> None:
    """Finish what a killed run had decided; for readers of a set.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    if not any(Path(out).glob(f"{_READY}*")):
        return
    try:
        with _held(out):
            _settle(out)
    except OSError as error:
        raise cannot_write(out, error) from error


def written(out: Path, kind: str) -> list[str]:
    """Return the names of a set that stands in a folder; none if occurisk wrote none there."""
    return list(_listed(Path(out), kind))


def refuse_inputs(out: Path | None, inputs: Iterable[Path]) -> None:
    """Refuse an output folder that holds a file which is read.

    Raises
    ------
    OutputError
    """
    if out is None:
        return
    place = Path(out).resolve()
    inside = [path for path in inputs if Path(path).resolve().is_relative_to(place)]
    if inside:
        raise OutputError(
            f"{len(inside)} of the files to read lie in the folder of the results, {out}.",
            first=str(inside[0]),
            rule="Results go to a folder of their own, so that no input is ever at risk.",
            fix="Choose another --out.",
        )


def refuse_overwriting(path: Path | None, inputs: Iterable[Path]) -> None:
    """Refuse a file to write that is one of the files to read.

    Raises
    ------
    OutputError
    """
    for other in inputs:
        if path is not None and Path(path).resolve() == Path(other).resolve():
            raise OutputError(
                f"{path} is to be read and to be written.",
                rule="No input is ever overwritten.",
                fix="Give the figures another name.",
            )


def _settle(out: Path) -> None:
    for left in out.glob(f"{_STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)
    for ready in sorted(out.glob(f"{_READY}*")):
        kind = ready.name.removeprefix(_READY)
        if not (ready / _manifest(kind)).is_file():  # the list moves last: all else has
            shutil.rmtree(ready, ignore_errors=True)
            continue
        own = _listed(out, kind)
        # What was moved before the run was killed is on the new list, not on the old one.
        new = _read_list(ready / _manifest(kind))
        moved = {**own, **{n: entry for n, entry in new.items() if not (ready / n).exists()}}
        Staging(ready, out, kind, moved).claim(new)
        changed = [n for n, entry in own.items() if n not in moved or _differs(out / n, moved[n])]
        changed = [n for n in changed if _differs(out / n, own[n])]
        if changed:
            raise _changed(out, changed)
        _move_in(ready, out)


def _move_in(ready: Path, out: Path) -> None:
    """Move a finished set into place, its list last; each step can be done again."""
    kind = ready.name.removeprefix(_READY)
    new = _read_list(ready / _manifest(kind))
    for name in _read_list(out / _manifest(kind)):
        if name not in new:
            (out / name).unlink(missing_ok=True)
            for folder in (out / name).relative_to(out).parents[:-1]:
                with suppress(OSError):  # not empty
                    (out / folder).rmdir()
    for name in new:
        if (ready / name).exists():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(ready / name, out / name)
    os.replace(ready / _manifest(kind), out / _manifest(kind))
    shutil.rmtree(ready, ignore_errors=True)


def _manifest(kind: str) -> str:
    return f"manifest.{kind}.json"


def _names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _list(staging: Staging) -> None:
    folder, digests = staging.folder, staging.digests
    files = {
        name: {"bytes": (folder / name).stat().st_size, "sha256": digests.get(name) or sha256(folder / name)}
        for name in _names(folder)
    }
    text = json.dumps({"written_by": "occurisk", "kind": staging.kind, "files": files}, indent=1)
    (folder / _manifest(staging.kind)).write_text(text + "\n", encoding="utf-8")


def _listed(out: Path, kind: str) -> dict[str, dict[str, Any]]:
    return {n: entry for n, entry in _read_list(out / _manifest(kind)).items() if (out / n).is_file()}


def _read_list(path: Path) -> dict[str, dict[str, Any]]:
    """Read a list of files; names that lead out of the folder are not followed."""
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        entries = {str(n): {"bytes": int(e["bytes"]), "sha256": str(e["sha256"])} for n, e in files.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise OutputError(
            f"{path} is no list of files that occurisk wrote.",
            rule="Without this list nothing in the folder is replaced.",
            fix="Choose another --out.",
        ) from problem
    return {n: e for n, e in entries.items() if not (Path(n).is_absolute() or ".." in Path(n).parts)}


def _stamps(out: Path, own: Mapping[str, Any]) -> list[tuple[int, int] | None]:
    stamps: list[tuple[int, int] | None] = []
    for name in own:
        try:
            status = (out / name).stat()
            stamps.append((status.st_size, status.st_mtime_ns))
        except OSError:
            stamps.append(None)
    return stamps


def _may_replace(out: Path, kind: str, own: Mapping[str, Any], replace: bool) -> list[tuple[int, int] | None]:
    if own and not replace:
        raise OutputError(
            f"{out} holds the results of an earlier run ({len(own)} files).",
            first=str(out / next(iter(own))),
            rule="Nothing is overwritten unasked.",
            fix="Choose another --out, or add --force to replace them.",
        )
    stamps = _stamps(out, own)
    changed = [name for name, entry in own.items() if _differs(out / name, entry)]
    if changed:
        raise _changed(out, changed)
    return stamps


def _differs(path: Path, entry: Mapping[str, Any]) -> bool:
    """Tell whether a file that stands there is another than the listed one."""
    if not path.exists():
        return False
    return path.is_symlink() or path.stat().st_size != entry["bytes"] or sha256(path) != entry["sha256"]


def _changed(out: Path, names: list[str]) -> OutputError:
    return OutputError(
        f"{len(names)} of the results in {out} were changed after occurisk wrote them.",
        first=str(out / names[0]),
        rule="A file that somebody worked on is never replaced.",
        fix="Move it away, or choose another --out.",
    )


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Hold a folder; the operating system lets go of it when the process ends, however it ends.

    The lock file is removed while it is held, and whoever gets a lock looks whether the file is still the
    one that stands there: so no two can hold one folder.
    """
    path = out / _LOCK
    while True:
        try:
            out.mkdir(parents=True, exist_ok=True)
            stream = open(path, "a", encoding="utf-8")  # noqa: SIM115
        except FileNotFoundError:  # a run that failed has just removed the folder that it had made
            continue
        with stream:
            _lock(stream, out)
            if not _stands(stream, path):
                continue
            try:
                yield
            finally:
                with suppress(OSError):
                    path.unlink()
            return


def _lock(stream: IO[str], out: Path) -> None:
    if fcntl is not None:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise OutputError(
                f"Another run is writing to {out}.",
                rule="One run per folder at a time.",
                fix="Wait for it, or choose another --out.",
            ) from problem


def _stands(stream: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False
