"""The model of the README, of `occurisk train` and of the bundle are one model."""

import re

import numpy as np
import pytest

import occurisk
from helpers.checkout import PROJECT
from occurisk.probabilities import six_digits


@pytest.mark.slow
def test_the_readme_makes_the_model_that_the_command_makes(model):
    blocks = re.findall(
        r"```python\n(.*?)```", (PROJECT / "README.md").read_text(encoding="utf-8"), flags=re.S
    )
    (snippet,) = [block for block in blocks if "AutomationClassifier" in block]
    found: dict = {}
    exec(snippet, found)  # noqa: S102  our own text
    X, theirs = found["X"], found["model"]
    written = model.reference.loc[X.index]
    assert (six_digits(found["p"]) == written["probability"]).all()
    for end, column in zip(found["interval"].T, ("lower", "upper"), strict=True):
        assert (six_digits(end) == written[column]).all()
    # Not only to six digits: every figure of every replica.
    assert X.equals(model.attributes)
    assert np.array_equal(theirs.decision_function(X), model.model.decision_function(X))
    assert np.array_equal(theirs.predict_replicas(X), model.replicas.loc[X.index].to_numpy())
    assert theirs.get_params() == model.model.get_params()


def test_without_a_configuration_it_is_the_plain_estimator():
    plain, ours = occurisk.AutomationClassifier(), occurisk.AutomationClassifier.from_settings()
    assert plain.groups is None and plain.signs is None and not plain.bottlenecks
    assert set(ours.groups) == set(occurisk.load_catalogue().names)
    assert ours.signs == occurisk.load_catalogue().signs
    assert occurisk.AutomationClassifier.from_settings(replicas=7).replicas == 7
