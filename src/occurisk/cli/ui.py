"""`occurisk ui`: the tracked runs in a browser."""

from __future__ import annotations

import os
import subprocess
import sys

import click


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@click.option("--auth", is_flag=True, help="With accounts: reviewers log in, and verdicts have their names.")
def ui(port: int, auth: bool) -> None:
    """Open the tracking store in the MLflow UI; Ctrl-C stops it."""
    from occurisk.errors import OutputError
    from occurisk.tracking.interface import check_port, start_page, ui_command
    from occurisk.tracking.store import UI_MODE, shown_uri, tracking_uri

    if tracking_uri().startswith("http"):
        click.echo(f"MLFLOW_TRACKING_URI is a server already: open {tracking_uri()}/{UI_MODE}")
        return
    check_port(port)
    arguments, environment = ui_command(port, auth)
    page = start_page(port)
    click.echo(f"Store: {shown_uri()}")
    if auth:
        click.echo(f"Log in as admin; make an account for each reviewer at http://127.0.0.1:{port}/signup")
    click.echo(f"In half a minute, open {page}  (Ctrl-C stops it)")
    try:
        code = subprocess.call([sys.executable, *arguments], env={**os.environ, **environment})  # noqa: S603
    except KeyboardInterrupt:
        return
    if code not in (0, -2, 130):
        raise OutputError(
            f"The MLflow UI stopped with exit code {code}.",
            fix="What it printed above says why.",
        )
