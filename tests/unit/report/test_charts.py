"""One look for every chart, and titles that say what the data say."""

from itertools import combinations
from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib.text import Text

from occurisk.labour_market.gradients import Gradient
from occurisk.probabilities import Bands
from occurisk.report import chart_style
from occurisk.report.labour_market_charts import _direction, _unknown, two_axes_figure
from occurisk.report.title_charts import calibration_figure
from occurisk.report.training_charts import distribution_figure


def test_charts_and_page_share_their_colours():
    style = (
        chart_style.Path(chart_style.__file__).parent / "templates" / "explanation" / "page.css"
    ).read_text()
    light = style[: style.index("@media")]
    for band, colour in chart_style.BAND_COLOURS.items():
        assert f"--{band}: {colour}" in light


@pytest.mark.parametrize(("p", "share"), [([0.1, 0.9, 0.95, 0.05], "100%"), ([0.4, 0.5, 0.6, 0.9], "25%")])
def test_the_title_of_the_distribution_counts_the_ends(p, share):
    scores = pd.DataFrame({"probability": p, "stability": "model-dependent"})
    title = distribution_figure(scores, Bands()).axes[0].get_title("left")
    assert title.startswith(f"{share} of occupations lie below 0.3 or from 0.7 up")
    assert "the band of 0% is robust" in title


def test_the_bands_of_the_title_are_the_users():
    scores = pd.DataFrame({"probability": [0.45, 0.55], "stability": "robustly high"})
    title = distribution_figure(scores, Bands(high=0.51, low=0.5)).axes[0].get_title("left")
    assert title.startswith("100% of occupations lie below 0.5 or from 0.51 up")


def test_a_gradient_whose_interval_holds_zero_has_no_direction():
    def slope(rho, lower, upper):
        return Gradient("wage", rho, lower, upper, 9, pd.DataFrame())

    assert _direction(slope(-0.5, -0.7, -0.3)) == "Wages fall with risk"
    assert _direction(slope(-0.1, -0.4, 0.2)) == "Wages neither clearly rise nor fall with risk"


def test_only_the_cell_itself_is_not_known():
    assert _unknown("not known") and _unknown(("not known", "women"))
    assert not _unknown("workers not known elsewhere")


def test_a_long_title_breaks_within_its_figure():
    _, axes = chart_style.new_figure(4, 3)
    chart_style.title(axes, "word " * 60)
    assert max(map(len, axes.get_title("left").split("\n"))) <= 46


def test_a_calibration_says_how_far_each_list_is_off():
    table = pd.DataFrame({"stated": [0.2, 0.8], "right": [0.3, 0.8], "n": [100, 300]})
    labels = [line.get_label() for line in calibration_figure({"payroll": table}).axes[0].get_lines()]
    assert "payroll: off by 0.025 on average" in labels


def test_names_of_groups_that_lie_together_do_not_lie_on_each_other():
    """Eight groups at one place, and two at either end, where a name would leave the chart."""
    p = [0.5] * 8 + [0.01, 0.02, 0.98, 0.99]
    table = pd.DataFrame({"p": p, "augmentation": 0.3, "jobs": range(1, 13)})
    table.index = [f"{name} of a group with a long name" for name in "ABCDEFGHIJKL"]
    table.loc["alone"] = (0.2, 0.1, 50)
    known = SimpleNamespace(axes=table, name="x.csv", source="m", figures={"coverage": 1.0})
    figure = two_axes_figure(known)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    boxes = {text.get_text(): Text.get_window_extent(text) for text in axes.texts}
    assert len(boxes) == len(table)
    assert not [pair for pair in combinations(boxes, 2) if boxes[pair[0]].overlaps(boxes[pair[1]])]
    chart = axes.get_window_extent().padded(0.5)
    assert all(chart.x0 <= box.x0 and box.x1 <= chart.x1 and chart.y0 <= box.y0 for box in boxes.values())
    assert [text.xyann for text in axes.texts if text.get_text() == "alone"] == [(0, 0)]
