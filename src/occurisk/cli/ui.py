"""`occurisk ui`: the tracked runs in a browser."""

from __future__ import annotations

import os
import subprocess
import sys

import click


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="Listen on this port."
)
@click.option("--auth", is_flag=True, help="Let reviewers log in, so that verdicts have their names.")
@click.option(
    "--reviewers", default="", metavar="A,B", help="Make an account for each of these people, with --auth."
)
def ui(port: int, auth: bool, reviewers: str) -> None:
    """Open the tracking store in the MLflow UI; Ctrl-C stops it."""
    from occurisk.errors import OutputError
    from occurisk.tracking.accounts import ADMIN, prepare_accounts
    from occurisk.tracking.interface import check_port, start_page, ui_command
    from occurisk.tracking.reviewing.queue import check_reviewers
    from occurisk.tracking.store import UI_MODE, shown_uri, tracking_uri

    if reviewers and not auth:
        raise click.UsageError("--reviewers goes with --auth.")
    if tracking_uri().startswith("http"):
        click.echo(f"MLFLOW_TRACKING_URI is a server already: open {tracking_uri()}/{UI_MODE}")
        return
    check_port(port)
    arguments, environment = ui_command(port, auth)
    page = start_page(port)
    click.echo(f"Store: {shown_uri()}")
    if auth:
        for name, password in prepare_accounts(check_reviewers(reviewers), environment).items():
            click.echo(f"New account  {name}  password {password}  (it is shown only now)")
        click.echo(
            f"Who logs in sees the queues made for them: occurisk review RUN --queue --reviewers A,B\n"
            f"{ADMIN} may make more accounts at http://127.0.0.1:{port}/signup; they judge after a restart."
        )
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
