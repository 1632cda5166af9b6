"""The version that commands use by default, and how one is found among the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from occurisk.errors import BundleError
from occurisk.files import cannot_write, sha256, write_text
from occurisk.model.bundles.bundle import Bundle, load_bundle
from occurisk.model.bundles.manifest import MANIFEST, TRAIN_AGAIN
from occurisk.model.bundles.models_folder import CURRENT
from occurisk.paths import default_models_dir


def set_current(models_dir: Path, version: str, pointer: str = CURRENT) -> None:
    """Make a version the one that commands use by default; its digest is recorded beside its name.

    Parameters
    ----------
    models_dir : Path
    version : str
    pointer : str
        The file that says so; each axis has one of its own.
    """
    try:
        digest = sha256(models_dir / version / MANIFEST)
    except OSError as problem:
        raise cannot_write(models_dir / pointer, problem) from problem
    write_text(models_dir / pointer, f"{version}\n{digest}\n")


def find_bundle(
    models_dir: Path | None = None,
    version: str | None = None,
    train: Callable[[Path], Bundle] | None = None,
    require_digest: str | None = None,
    pointer: str = CURRENT,
) -> Bundle:
    """Load the current version of a models folder; train the default one if there is none.

    Parameters
    ----------
    models_dir : Path, optional
        `models/` of the project, or of the working directory, by default.
    version : str, optional
        Another version of that folder.
    train : callable, optional
        Called with the models folder when it holds no model.
    require_digest : str, optional
        The SHA-256 that the manifest must have.
    pointer : str
        The file that names the current version; each axis has one of its own.

    Raises
    ------
    BundleError
        If the version does not exist, is not the one that CURRENT or `require_digest` means, or there is no
        model and no way to train one.
    """
    models_dir = Path(models_dir or default_models_dir())
    recorded = None
    if version is None and (models_dir / pointer).is_file():
        version, recorded = _read_current(models_dir / pointer)
    if version is not None:
        if Path(version).name != version or not (models_dir / version).is_dir():
            versions = sorted(p.parent.name for p in models_dir.glob(f"*/{MANIFEST}"))
            raise BundleError(
                f"There is no model {version!r} in {models_dir}.",
                rule=f"Models there: {', '.join(versions) or 'none'}.",
                fix="Name one of these, or train with: occurisk train",
            )
        bundle = load_bundle(models_dir / version, require_digest)
        if recorded is not None and recorded != bundle.digest:
            raise BundleError(
                f"{version} is not the version that was made current.",
                first=f"its digest is {bundle.digest}, recorded is {recorded}",
                rule=f"{pointer} records the SHA-256 of the version's {MANIFEST}.",
                fix=TRAIN_AGAIN,
            )
        return bundle
    if train is None:
        raise BundleError(f"There is no model in {models_dir}.", fix="Train one with: occurisk train")
    bundle = train(models_dir)
    return load_bundle(bundle.path, require_digest) if require_digest else bundle


def _read_current(path: Path) -> tuple[str, str | None]:
    """Return the current version and its digest (None: written by an earlier occurisk)."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise BundleError(f"Cannot read {path}: {problem}.", fix=TRAIN_AGAIN) from problem
    return lines[0].strip(), lines[1].strip() if len(lines) > 1 and lines[1].strip() else None
