"""scikit-learn's own checks of an estimator, on the regressor of soft labels."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from occurisk.model.axes.regressor import ExposureRegressor

pytestmark = pytest.mark.slow


class OnShares(ExposureRegressor):
    """The regressor on targets brought to 0 … 1: those of the checks run anywhere, shares do not."""

    def fit(self, X, y, sample_weight=None):
        target = np.asarray(y)
        if y is not None and target.dtype.kind != "c":
            target = target.astype(float)
            if target.size > 1 and np.isfinite(target).all():
                y = (target - target.min()) / (np.ptp(target) or 1.0)
        return super().fit(X, y, sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # held against targets that were not brought to 0 … 1
        return tags


def expected_failures(estimator):
    return {
        "check_sample_weight_equivalence_on_dense_data": "weights are not used: a mean over raters has none",
        "check_regressors_no_decision_function": "log-odds are what SHAP values add up to",
    }


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([OnShares(rounds=10)], expected_failed_checks=expected_failures)
def test_scikit_learn_contract(estimator, check):
    with threadpool_limits(1, "blas"):
        check(estimator)
