"""A list in codes of the user's own, tracked: codes that look like no SOC code belong to no major group."""

from click.testing import CliRunner

from helpers.stores import new_store
from helpers.trained import default_bundle
from occurisk.cli import occurisk


def test_codes_of_ones_own_are_scored_and_tracked(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_store(tmp_path))
    (tmp_path / "map.csv").write_text("from,to\nA1,43-9021\nB2,11-1011\n")
    (tmp_path / "jobs.csv").write_text("job,n\nA1,5\nB2,6\n")
    models = default_bundle().path.parent
    arguments = ["score", tmp_path / "jobs.csv", "--out", tmp_path / "o", "--models-dir", models]
    arguments += ["--crosswalk", tmp_path / "map.csv", "--code-column", "job"]
    done = CliRunner().invoke(occurisk, [str(a) for a in arguments])
    assert done.exit_code == 0, done.output
    assert "2 rows in = 2 scored + 0 set aside" in done.output
