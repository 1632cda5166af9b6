"""What a person sees: the report as a file and inside MLflow, in a real browser."""

import re
import time
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest

from helpers.browsers import chromium, mlflow_server
from helpers.explained import reference_explained, small_explained
from helpers.journey import visible, wait
from helpers.trained import default_bundle, exposure_bundle
from occurisk.labour_market.comparison.axis_map import map_of_jobs
from occurisk.labour_market.comparison.index_files import us_jobs
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.names import occupation_name
from occurisk.occupations.titles.cascade import TitleMatcher
from occurisk.report.explanation_page import render
from occurisk.report.explanation_payload import About
from occurisk.tracking import store as tracking
from occurisk.tracking.explanations import artifact_links, log_explanations

# Third-party tools warn at import and at shutdown.
pytestmark = [
    pytest.mark.browser, pytest.mark.covered_elsewhere, pytest.mark.filterwarnings("ignore"),
]  # fmt: skip
HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "<svg onload=\"document.title='owned'\">\u2028javascript:alert(1)"
)
ABOUT = About("jobs.csv", "m-1", "2026-01-01 10:00 UTC", rows=4, unscored=1, weight_name="employment")


def css(driver, selector):
    return driver.find_elements("css selector", selector)


def search(driver, text):
    box = driver.find_element("id", "search")
    box.clear()
    box.send_keys(text)


def severe(driver):
    return [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The report of all reference occupations, as a file."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(reference_explained(), ABOUT), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    with chromium() as driver:
        yield driver


def test_thresholds_of_the_map_move_shares_and_lines(browser, tmp_path):
    """Shares follow the reader's thresholds; names of occupations do not lie over each other."""
    one, two = default_bundle(), exposure_bundle()
    detailed = one.reference.index[one.reference["status"] == "soc2010"]
    found = map_of_jobs(us_jobs().reindex(detailed).dropna(), one, two)
    # A column with one cell that holds all jobs, and one that is too small to be shown.
    cells = pd.DataFrame(index=["all of them", "few"])
    grids = np.stack([found.grid[..., 0], np.full_like(found.grid[..., 0], np.nan)])
    found = replace(found, by={"sex": cells}, grids={"sex": grids})
    path = tmp_path / "map.html"
    path.write_text(render(small_explained(), replace(ABOUT, axis_map=found)), encoding="utf-8")
    browser.get(path.as_uri())

    def both():
        return browser.find_element("css selector", "#map-shares .quadrant-both b").text

    shown = [f"{100 * found.quadrants.loc['both', 'share']:.1f}", f"{100 * found.grid[13, 4, 0, 0]:.1f}"]
    assert both().startswith(shown[0]) and shown[0] != shown[1]
    move = "arguments[0].value = 5; arguments[0].dispatchEvent(new Event('input'))"
    browser.execute_script(move, browser.find_element("id", "map-limit-1"))
    assert both().startswith(shown[1])
    assert "0.25" in browser.find_element("id", "map-limits").text
    whole, few = (row.text for row in css(browser, "#map-cells tbody tr"))
    assert whole.startswith("all of them") and whole.split()[3] == both().split()[0].rstrip("%")
    assert few == "few – – – –"
    boxes = [label.rect for label in css(browser, "#map-picture text.label")]
    assert len(boxes) > 5
    for a, b in combinations(boxes, 2):
        apart = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
        assert apart or a["y"] + a["height"] <= b["y"] + 1 or b["y"] + b["height"] <= a["y"] + 1
    assert len(css(browser, "#map-caveats li")) == len(found.caveats("en"))
    assert not severe(browser)


def test_search_sort_and_filter(browser, page):
    browser.get(page)
    total = len(reference_explained().rows)
    assert len(css(browser, "tr.row")) == 100
    assert str(total) in browser.find_element("id", "count").text
    # No figures with an interval were given: none is shown, and no `null` either.
    assert browser.find_element("id", "headline").text.endswith("susceptibility")

    search(browser, "data entry")
    assert [node.text for node in css(browser, "tr.row .title")] == ["Data Entry Keyers"]
    search(browser, "35-3031")
    assert [node.text for node in css(browser, "tr.row .title")] == ["Waiters and Waitresses"]
    for language in ("ru", "kk"):  # by its name in another language, too
        search(browser, occupation_name("35-3031", language, ""))
        assert [node.text for node in css(browser, "tr.row .title")] == ["Waiters and Waitresses"]
    search(browser, "forklift driver, night shift")  # no official title says so
    assert "Industrial Truck and Tractor Operators" in [n.text for n in css(browser, "tr.row .title")]
    search(browser, "no such work")
    assert not css(browser, "tr.row") and "No occupation" in browser.find_element("id", "rows").text
    browser.find_element("css selector", "button[type=reset]").click()
    wait(lambda: len(css(browser, "tr.row")) == 100)

    rows = reference_explained().rows
    choose = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
    browser.execute_script(choose, browser.find_element("id", "band"), "medium")
    assert {node.text for node in css(browser, "tr.row .chip")} == {"medium"}
    assert browser.find_element("id", "count").text.startswith(str((rows["band"] == "medium").sum()))
    browser.execute_script(choose, browser.find_element("id", "stability"), "model-dependent")
    expected = (rows["band"] == "medium") & (rows["stability"] == "model-dependent")
    assert browser.find_element("id", "count").text.startswith(str(expected.sum()))
    browser.execute_script(choose, browser.find_element("id", "sort"), "low")
    first = rows[expected].sort_values("probability").iloc[0]["title"]
    assert css(browser, "tr.row .title")[0].text == first
    assert not severe(browser)


def test_an_everyday_title_finds_what_the_matcher_answers(browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(reference_explained(), replace(ABOUT, language="ru")), encoding="utf-8")
    browser.get(path.as_uri())
    for title in (
        "бухгалтер по зарплате",
        "Слесарь-сантехник 5 разряда",
        "қабырға сылақшысы",
        "кабырга сылакшысы",
        "кассир",
    ):
        targets = load_tables().pairs["isco08"][TitleMatcher.shipped().answer(title).code]
        search(browser, title)
        shown = {node.get_attribute("data-code") for node in css(browser, "tr.row .name")}
        assert shown & set(targets), title
        assert len(shown) < 100, title
    assert not severe(browser)


def test_an_occupation_opens_with_bars_words_neighbours(browser, page):
    browser.get(page)
    search(browser, "43-9021")
    button = browser.find_element("css selector", ".name")
    button.click()
    detail = wait(lambda: browser.find_element("css selector", "tr.detail"))
    assert browser.find_element("css selector", ".name").get_attribute("aria-expanded") == "true"
    bars = css(detail, ".steps .bar")
    assert len(bars) >= 10
    widths = [bar.rect["width"] for bar in bars]
    assert max(widths) > 60 and min(widths) > 0
    # One figure an attribute; log-odds only for who asks for them.
    for step in css(detail, ".steps li:not(.ends)"):
        (figure,) = css(step, ".figure")
        assert len(re.findall(r"\d+[.,]\d+", step.text)) == 1 and figure.text.endswith("pp")
    assert not visible(browser, "tr.detail details table") and "Log-odds" in detail.text
    assert detail.text.count("Log-odds") == 1  # the heading that opens them
    # Each step begins where the one before it ends.
    steps = css(detail, ".steps li:not(.ends) .bar")
    edges = [(bar.rect["x"], bar.rect["x"] + bar.rect["width"]) for bar in steps]
    for one, two in pairwise(edges):
        assert min(abs(a - b) for a in one for b in two) < 1.5
    for said in ("Raises the susceptibility", "What would change it", "Similar work, lower susceptibility"):
        assert said in detail.text
    assert "automatable (1)" in detail.text
    other = css(detail, ".link")[0]
    title = other.text
    other.click()
    assert wait(lambda: browser.switch_to.active_element.text).startswith(title)
    assert not severe(browser)


def test_the_keyboard_reaches_everything(browser, page):
    from selenium.webdriver.common.keys import Keys

    browser.get(page)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    skip = browser.switch_to.active_element
    assert "Skip" in skip.text and skip.is_displayed()
    skip.send_keys(Keys.ENTER)
    reached = []
    for _ in range(8):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(browser.switch_to.active_element.get_attribute("id") or "row")
    assert reached[:5] == ["search", "band", "stability", "major", "sort"]
    row = browser.switch_to.active_element
    row.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("aria-expanded") == "true"
    assert visible(browser, "tr.detail")
    unnamed = browser.execute_script(
        "return [...document.querySelectorAll('button, input, select')]"
        ".filter(n => !(n.textContent.trim() || n.labels?.[0]?.textContent.trim())).length"
    )
    assert unnamed == 0


def test_a_dot_of_the_scatter_opens_its_occupation(browser, page):
    browser.get(page)
    dots = css(browser, "#scatter circle")
    assert len(dots) == int(reference_explained().rows["published_probability"].notna().sum())
    browser.execute_script("arguments[0].dispatchEvent(new MouseEvent('click'))", dots[500])
    title = dots[500].find_element("css selector", "title").get_attribute("textContent")
    assert title.startswith(visible(browser, "tr.detail")[0].find_element("xpath", "preceding-sibling::tr[1]")
                            .find_element("css selector", ".title").text)  # fmt: skip


def test_a_hostile_title_runs_nothing(browser, tmp_path):
    explained = small_explained(_43_9021=HOSTILE)
    said = explained.verdicts.reindex([0]).assign(
        code="43-9021", verdict="unsure", note=HOSTILE, reviewer=HOSTILE, time="now"
    )
    path = tmp_path / "hostile.html"
    path.write_text(render(explained.with_verdicts(said), About(HOSTILE, "m", HOSTILE)), encoding="utf-8")
    browser.get(path.as_uri())
    search(browser, "43-9021")
    browser.find_element("css selector", ".name").click()
    assert browser.find_element("css selector", "tr.row .title").text.startswith("</script><script>")
    assert browser.title != "owned" and "owned" in browser.title  # shown as text, not run
    assert not css(browser, "img") and not css(browser, "section img, section svg[onload]")
    assert not severe(browser)


def test_injected_markup_could_not_run_either(browser, page):
    browser.get(page)
    browser.execute_script(
        "const s = document.createElement('div'); s.innerHTML = '<img src=x onerror=\"document.title=1\">';"
        "document.body.append(s);"
        "const t = document.createElement('script'); t.textContent = 'document.title=2';"
        "document.body.append(t)"
    )
    time.sleep(0.3)
    assert browser.title not in ("1", "2")
    assert any("Content Security Policy" in entry["message"] for entry in browser.get_log("browser"))


@pytest.mark.parametrize("dark", [False, True])
def test_it_reads_at_400_pixels(page, dark):
    with chromium(400, 900, dark) as driver:
        driver.get(page)
        search(driver, "waiters")
        driver.find_element("css selector", ".name").click()
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 400
        outside = driver.execute_script(
            "return [...document.querySelectorAll('main *')].filter(n => n.getClientRects().length"
            " && !n.closest('.scroll, .hidden-text') && n.tagName !== 'THEAD' && !n.closest('thead')"
            " && n.getBoundingClientRect().right > 401).length"
        )
        assert outside == 0
        ink, paper = driver.execute_script(
            "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
        )
        light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
        assert (light[0] > light[1]) == dark


@pytest.mark.parametrize("width", [320, 400, 720])
def test_no_figure_is_cut_in_two(page, width):
    with chromium(width, 900) as driver:
        driver.get(page)
        search(driver, "43-9021")
        driver.find_element("css selector", ".name").click()
        driver.find_element("css selector", "tr.detail summary").click()
        figures, cut = driver.execute_script(
            """
            const list = document.querySelector(".rows > tbody");
            const walker = document.createTreeWalker(list, NodeFilter.SHOW_TEXT);
            const figures = [], cut = [], range = document.createRange();
            for (let node; (node = walker.nextNode()); ) {
              for (const found of node.data.matchAll(/[<>+−]?\\d+([.,]\\d+)?/g)) {
                range.setStart(node, found.index);
                range.setEnd(node, found.index + found[0].length);
                const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
                figures.push(found[0]);
                if (new Set(boxes.map((box) => Math.round(box.top))).size > 1) cut.push(found[0]);
              }
            }
            return [figures, cut];
            """
        )
        assert ">0.99" in figures and len(figures) > 100
        assert cut == []
        # Nor does the open table, which scrolls in its frame, widen the page.
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        frame = driver.find_element("css selector", "tr.detail .scroll").rect
        assert frame["width"] > 200 and frame["x"] + frame["width"] <= width
        assert driver.find_element("css selector", "tr.detail thead").rect["height"] > 20


def test_on_paper_the_whole_selection_is_printed(browser, page):
    browser.get(page)
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
    assert len(pdf) > 100_000
    assert len(css(browser, "tr.row")) == len(reference_explained().rows)


def test_mlflow_shows_the_report_the_table_and_the_description(browser, tmp_path, monkeypatch):
    with mlflow_server(tmp_path) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with tracking.run(tracking.SCORING, "jobs.csv") as mlflow:
            log_explanations(mlflow, small_explained(_43_9021=HOSTILE), ABOUT)
            info = mlflow.active_run().info
        links = artifact_links(info.experiment_id, info.run_id)

        browser.get(f"{address}/{links['report']}")
        frame = wait(lambda: visible(browser, "iframe")[0], 60)
        assert "allow-scripts" in (frame.get_attribute("sandbox") or "allow-scripts")
        browser.switch_to.frame(frame)
        wait(lambda: len(css(browser, "tr.row")) == 3)
        search(browser, "waiters")
        assert [node.text for node in css(browser, "tr.row .title")] == ["Waiters and Waitresses"]
        browser.find_element("css selector", ".name").click()
        bars = wait(lambda: css(browser, ".detail .steps .bar"))
        assert max(bar.rect["width"] for bar in bars) > 30
        search(browser, "43-9021")
        assert css(browser, "tr.row .title")[0].text.startswith("</script>")
        browser.switch_to.default_content()
        assert "owned" not in browser.title
        trouble = [
            e["message"] for e in severe(browser) if "srcdoc" in e["message"] or "Policy" in e["message"]
        ]
        assert not trouble

        browser.get("about:blank")
        browser.get(f"{address}/{links['table']}")
        wait(lambda: "Waiters and Waitresses" in browser.find_element("tag name", "body").text, 60)
        assert "Typists and word processing operators" in browser.find_element("tag name", "body").text

        browser.get("about:blank")
        run = f"{address}/#/experiments/{info.experiment_id}/runs/{info.run_id}{tracking.UI_MODE}"
        browser.get(run)
        assert wait(lambda: visible(browser, "a[href*='report.html']"), 60)  # before anything is unfolded
        for button in visible(browser, "button"):
            if button.text == "Show more":
                button.click()
        body = wait(
            lambda: (t := browser.find_element("tag name", "body").text) and "Five things" in t and t, 30
        )
        assert "In brackets: 90% interval." in body and "coverage" in body
        hrefs = [a.get_attribute("href") for a in css(browser, "a") if a.text.strip().endswith("report.html")]
        assert hrefs and all(href.startswith(address) for href in hrefs)
