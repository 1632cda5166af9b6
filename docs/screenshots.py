"""Take the docs' pictures of the model in `models/`, after `make train` (needs chromium).

`OCCURISK_MODELS_DIR=models PYTHONPATH=tests python docs/screenshots.py [FOLDER]`
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.browsers import chromium, mlflow_server
from helpers.journey import choose, give_reason, go, press, text_of, wait
from helpers.trained import default_bundle
from occurisk.explanation.explained_list import explain_list
from occurisk.explanation.reference import kept_reference
from occurisk.model.bundles.bundle import Bundle
from occurisk.occupations.coding_systems import ISCO08
from occurisk.occupations.concordances import load_tables
from occurisk.report.explanation_page import render
from occurisk.report.explanation_payload import About, Quality
from occurisk.scoring.score import score_registry
from occurisk.tracking.explanations import artifact_links
from occurisk.tracking.interface import start_page
from occurisk.tracking.scoring_run import TrackOptions, track_scoring
from occurisk.tracking.store import UI_ADDRESS

PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    """The report on a desk, on a phone, in the dark; then a reviewer's way through MLflow."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "docs" / "img"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        bundle = default_bundle()
        report(bundle, Path(scratch), folder)
        review(bundle, Path(scratch), folder)


def report(bundle: Bundle, work: Path, folder: Path) -> None:
    """The report of the reference occupations, as a file."""
    current = bundle.reference[bundle.reference["status"] == "soc2010"]
    explained = explain_list(current, kept_reference(bundle))
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    shots = [
        ("report.png", "en", 1280, 900, False, ""),
        ("report_detail.png", "en", 1280, 1150, False, "43-9021"),
        ("report_dark.png", "ru", 1280, 1150, True, "35-3031"),
        ("report_phone.png", "kk", 390, 860, False, "29-1141"),
    ]
    for name, language, width, height, dark, code in shots:
        page = work / f"{language}.html"
        about = About(
            "Reference occupations", bundle.version, made, kind="reference", language=language,
            quality=Quality.of(bundle.manifest["metrics"]),
        )  # fmt: skip
        page.write_text(render(explained, about), encoding="utf-8")
        with chromium(width, height, dark) as driver:
            driver.get(page.as_uri() + (f"#o-{code}" if code else ""))
            driver.save_screenshot(str(folder / name))


def review(bundle: Bundle, work: Path, folder: Path) -> None:
    """Run list, queues, one item with its answer, and the report, inside MLflow."""
    codes = [code for code in sorted(load_tables().known(ISCO08)) if len(code) == 4]
    jobs = np.random.default_rng(7).lognormal(8, 1, len(codes)).round()
    path = work / "jobs.csv"
    pd.DataFrame({"isco08": codes, "jobs": jobs}).to_csv(path, index=False)
    scored = score_registry(bundle, path, work / "out")
    with mlflow_server(work) as address, chromium(1500, 900) as driver:
        os.environ["MLFLOW_TRACKING_URI"] = address
        run = track_scoring(scored, bundle, TrackOptions())

        def shot(name: str) -> None:
            time.sleep(3)  # charts and frames settle
            driver.save_screenshot(str(folder / f"mlflow_{name}.png"))

        go(driver, start_page(5000).replace(UI_ADDRESS, address), "jobs.csv")
        shot("runs")
        go(driver, run.queue, "jobs.csv")
        shot("queue")
        press(driver, "Start review")
        wait(lambda: "0 of 40 reviewed" in text_of(driver))
        choose(driver, "verdict", "too high")
        give_reason(driver, "Much of this work is done face to face.")
        shot("review")
        links = artifact_links(run.experiment_id, run.run_id, pictures=False)
        go(driver, f"{address}/{links['report']}", "explanations")
        shot("report")


if __name__ == "__main__":
    main()
