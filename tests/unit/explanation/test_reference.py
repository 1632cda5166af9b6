"""What explains a model is worked out once and kept beside it; what cannot be read is worked out again."""

import shutil
from dataclasses import replace

import pandas as pd
import pytest

from helpers.explained import reference
from helpers.trained import default_bundle
from occurisk.explanation.reference import KEPT, kept_reference


@pytest.mark.slow
def test_what_explains_a_model_is_kept_beside_it(tmp_path, monkeypatch):
    shutil.copytree(default_bundle().path, tmp_path / "model")
    bundle = replace(default_bundle(), path=tmp_path / "model")
    asked, known = [], reference()

    def explained(model):
        asked.append(model.version)
        return known

    monkeypatch.setattr("occurisk.explanation.reference.explain_reference", explained)
    first, second = kept_reference(bundle), kept_reference(bundle)
    assert len(asked) == 1
    pd.testing.assert_frame_equal(first.explanation.contributions, second.explanation.contributions)
    pd.testing.assert_frame_equal(first.changes, second.changes)
    assert (first.explanation.replicas == second.explanation.replicas).all()
    assert first.explanation.base == second.explanation.base

    kept = tmp_path / KEPT / bundle.digest / "contributions.npz"
    kept.write_bytes(kept.read_bytes()[:1000])
    assert kept_reference(bundle).changes.equals(first.changes)
    assert len(asked) == 2
