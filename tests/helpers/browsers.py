"""A headless Chromium, and an MLflow server to open in it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.stores import new_store

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# Without the background flags Chromium looks up its maker's hosts at every start.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
]


@contextmanager
def chromium(width: int = 1280, height: int = 1000, dark: bool = False) -> Iterator:
    """Open a browser; skip, visibly, where there is none."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("needs Debian's chromium and chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in [*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # The path is given, so that selenium never looks for a driver on the network.
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        try:
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            if dark:
                scheme = [{"name": "prefers-color-scheme", "value": "dark"}]
                driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
            yield driver
        finally:
            driver.quit()


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """Start `mlflow server` over an empty store on a free loopback port; yield its address."""
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"),
        *("--backend-store-uri", new_store(folder)),
        *("--artifacts-destination", str(folder / "artifacts"), "--port"),
    ]
    settings = {
        "MLFLOW_TRACKING_URI": "",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with serving(folder, command, settings, "health") as address:
        yield address


@contextmanager
def model_server(folder: Path) -> Iterator[str]:
    """Start `mlflow models serve` with the champion of the store in use; yield its address."""
    command = [
        *(sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/occurisk@champion"),
        *("--env-manager", "local", "--host", "127.0.0.1", "--port"),
    ]
    # It calls uvicorn by its name.
    settings = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with serving(folder, command, settings, "ping") as address:
        yield address


@contextmanager
def serving(folder: Path, command: list[str], settings: dict[str, str], ready: str) -> Iterator[str]:
    """Start a server, whose command ends with its port, and wait until it answers; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in {**os.environ, **settings}.items() if value}
    with open(folder / "server.log", "wb") as log:
        # A session of its own, so that its workers end with it.
        server = subprocess.Popen(
            [*command, str(port)],
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                urllib.request.urlopen(f"{address}/{ready}", timeout=2).close()  # noqa: S310
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((folder / "server.log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.3)
        yield address
    finally:
        os.killpg(server.pid, 15)
        server.wait(20)
