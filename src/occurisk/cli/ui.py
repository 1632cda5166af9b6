"""`occurisk ui`: the tracked runs in a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import click


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="Listen on this port."
)
@click.option("--auth", is_flag=True, help="Let reviewers log in, so that verdicts have their names.")
@click.option(
    "--reviewers",
    default="",
    metavar="A,B",
    help="Make an account for each of these people, with --auth, also while the UI is running.",
)
def ui(port: int, auth: bool, reviewers: str) -> None:
    """Open the tracking store in the MLflow UI; Ctrl-C stops it."""
    from occurisk.errors import OutputError
    from occurisk.tracking.accounts import has_accounts, need_administrator
    from occurisk.tracking.interface import answers_within, check_port, start_page, ui_command
    from occurisk.tracking.reviewing.queue import check_reviewers
    from occurisk.tracking.store import UI_MODE, shown_uri, tracking_uri

    if reviewers and not auth:
        raise click.UsageError("--reviewers goes with --auth.")
    names = check_reviewers(reviewers)
    if names:
        need_administrator()
    served = tracking_uri().startswith("http")
    here = tracking_uri().rstrip("/") if served else f"http://127.0.0.1:{port}"
    if names and (served or has_accounts(here)):
        _add(here, names)
        return
    if served:
        click.echo(f"MLFLOW_TRACKING_URI is a server already: open {here}/{UI_MODE}")
        return
    check_port(port)
    arguments, environment = ui_command(port, auth)
    page = start_page(port)
    click.echo(f"Store: {shown_uri()}")
    if auth:
        click.echo(
            "Who logs in sees the queues made for them: occurisk review RUN --queue --reviewers A,B\n"
            "More accounts, while it is running: occurisk ui --auth --reviewers C"
        )
    click.echo(f"In half a minute, open {page}  (Ctrl-C stops it)")
    with subprocess.Popen([sys.executable, *arguments], env={**os.environ, **environment}) as server:  # noqa: S603
        try:
            if names and answers_within(here, server):
                _add(here, names)
            code = server.wait()
        except KeyboardInterrupt:
            server.terminate()
            return
        except BaseException:
            server.terminate()
            raise
    if code not in (0, -2, 130):
        raise OutputError(
            f"The MLflow UI stopped with exit code {code}.",
            fix="What it printed above says why.",
        )


def _add(address: str, names: Sequence[str]) -> None:
    """Make accounts one by one; print each password before the next may fail."""
    from occurisk.tracking.accounts import add_reviewer

    for name in names:
        password = add_reviewer(address, name)
        if password:
            click.echo(f"New account  {name}  password {password}  (it is shown only now)")
        else:
            click.echo(f"{name} has an account, and may judge.")
