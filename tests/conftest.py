"""Shared places of the tests, and the guard of the developer's own folders."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from helpers.checkout import DEVELOPERS_OWN, ORIGINALS

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle

pytest.register_assert_rewrite("helpers.registries")
# No test times anything: a busy machine is no mistake of the code.
hypothesis.settings.register_profile("occurisk", deadline=None)
hypothesis.settings.load_profile("occurisk")
# The tests' own processes fill the cores: further threads or workers, in them or in the commands that they
# start, would only wait for each other. Whoever tests that processes change no figure asks for two.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT"):
    os.environ.setdefault(name, "1")
# Needs no model: one process begins with it while the other trains the model that both would wait for.
FIRST = "test_interval_coverage.py"
# What commands look into by default, and the name that `helpers.trained` knows.
SHARED = "OCCURISK_MODELS_DIR"
_GUARDED = tuple(f"{folder}{os.sep}" for folder in DEVELOPERS_OWN)


def pytest_addoption(parser):
    parser.addoption("--renew", action="store_true", help="write the golden files anew (make golden)")


def pytest_configure(config):
    """Give the run a folder of models of its own, which worker processes inherit, and guard the others."""
    if not hasattr(config, "workerinput"):
        config.occurisk_run = Path(tempfile.mkdtemp(prefix="occurisk-tests-"))
        os.environ[SHARED] = str(config.occurisk_run / "models")
        config.occurisk_before = _listing()
    sys.addaudithook(_guard)


def pytest_sessionfinish(session):
    """Fail a run that left something in `models/` or `mlruns/`, be it from a command's own process."""
    config = session.config
    if hasattr(config, "occurisk_run"):
        shutil.rmtree(config.occurisk_run, ignore_errors=True)
        if left := sorted(_listing() ^ config.occurisk_before):
            print(f"\nThe tests changed the checkout's own folders: {', '.join(left)}", file=sys.stderr)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_modifyitems(items):
    """Put the files in the order in which processes take them."""
    items.sort(key=lambda item: item.path.name != FIRST)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Measure no coverage in tests that repeat others on many inputs: tracing them takes a third longer."""
    measured = item.config.pluginmanager.getplugin("_cov")
    controller = measured and measured.cov_controller
    apart = controller is not None and item.get_closest_marker("covered_elsewhere") is not None
    if apart:
        controller.pause()
    yield
    if apart:
        controller.resume()


@pytest.fixture(scope="session")
def originals() -> Path:
    """The folder of third-party originals; tests that need it are skipped, visibly, without it."""
    if not (ORIGINALS / "CATALOGUE.md").is_file():
        pytest.skip(f"needs the third-party originals at {ORIGINALS}")
    return ORIGINALS


@pytest.fixture(scope="session")
def model() -> Bundle:
    """The default model, trained once a run; not to be written to."""
    from helpers.trained import default_bundle

    return default_bundle()


def _guard(event, arguments):
    # A developer's own model must not change what the tests test.
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(_GUARDED):
        raise AssertionError(f"a test opened {arguments[0]}: the run has a folder of models of its own")


def _listing() -> set[str]:
    return {str(path) for folder in DEVELOPERS_OWN for path in folder.glob("*")}
