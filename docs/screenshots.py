"""Take the README's pictures: `PYTHONPATH=tests python docs/screenshots.py [FOLDER]` (needs chromium)."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from occurisk.explanation.dossier import explain_list

from helpers.browsers import chromium, mlflow_server
from helpers.trained import default_bundle
from occurisk.explanation.reference import explain_reference
from occurisk.report.explanation_page import render
from occurisk.report.explanation_payload import About
from occurisk.tracking import store as tracking
from occurisk.tracking.explanations import artifact_links, log_explanations

PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Report on a desk, on a phone, in the dark; and inside MLflow."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "docs" / "img"
    folder.mkdir(parents=True, exist_ok=True)
    bundle = default_bundle()
    current = bundle.reference[bundle.reference["status"] == "soc2010"]
    dossier = explain_list(current, explain_reference(bundle, labels=bundle.reference["label"]))
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    work = Path(tempfile.mkdtemp())
    pages = {}
    for language in ("en", "ru", "kk"):
        about = About("Reference occupations", bundle.version, made, kind="reference", language=language)
        pages[language] = work / f"{language}.html"
        pages[language].write_text(render(dossier, about), encoding="utf-8")
    shots = [
        ("report.png", "en", 1280, 900, False, ""),
        ("report_detail.png", "en", 1280, 1150, False, "43-9021"),
        ("report_dark.png", "ru", 1280, 1150, True, "35-3031"),
        ("report_phone.png", "kk", 400, 860, False, "29-1141"),
    ]
    for name, language, width, height, dark, code in shots:
        with chromium(width, height, dark) as driver:
            driver.get(pages[language].as_uri() + (f"#o-{code}" if code else ""))
            driver.save_screenshot(str(folder / name))
    with mlflow_server(work) as address:
        os.environ["MLFLOW_TRACKING_URI"] = address
        with tracking.run(tracking.TRAINING, bundle.version) as mlflow:
            about = About("Reference occupations", bundle.version, made, kind="reference")
            log_explanations(mlflow, dossier, about)
            info = mlflow.active_run().info
        links = artifact_links(info.experiment_id, info.run_id)
        with chromium(1500, 1000) as driver:
            for name, link in (("mlflow_report.png", links["report"]), ("mlflow_table.png", links["table"])):
                driver.get("about:blank")
                driver.get(f"{address}/{link}")
                time.sleep(8)
                driver.save_screenshot(str(folder / name))


if __name__ == "__main__":
    main()
