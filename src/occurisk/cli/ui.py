"""`occurisk ui`: the tracked runs in a browser."""

from __future__ import annotations

import os
import subprocess
import sys

import click


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
def ui(port: int) -> None:
    """Open the tracking store in the MLflow UI; Ctrl-C stops it."""
    from occurisk.errors import OutputError
    from occurisk.tracking.store import UI_MODE, tracking_uri, ui_command

    if tracking_uri().startswith("http"):
        click.echo(f"MLFLOW_TRACKING_URI is a server already: open {tracking_uri()}/{UI_MODE}")
        return
    arguments, environment = ui_command(port)
    click.echo(f"Store: {tracking_uri()}")
    click.echo(f"In half a minute, open http://127.0.0.1:{port}/{UI_MODE}  (Ctrl-C stops it)")
    try:
        code = subprocess.call([sys.executable, *arguments], env={**os.environ, **environment})  # noqa: S603
    except KeyboardInterrupt:
        return
    if code not in (0, -2, 130):
        raise OutputError(
            f"The MLflow UI stopped with exit code {code}.",
            fix=f"Is port {port} taken? Try: occurisk ui --port {port + 1}",
        )
