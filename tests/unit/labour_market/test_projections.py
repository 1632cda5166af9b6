"""BLS's projections: two years in one file, as a workbook and as CSV; two files stay two files."""

import pandas as pd
import pytest

from occurisk.errors import RegistryError
from occurisk.labour_market.history.both_axes import history_beside, verdict
from occurisk.labour_market.history.projections import read_projections, read_two_years
from occurisk.occupations.coding_systems import SOC2010, SOC2018

CSV = '''"Occupation Title","Occupation Code","Employment 2024","Employment 2034","Median Annual Wage 2024"
"Actors    * Actor* Actress","=""27-2011""","57.0","1,057.1",""
"Accountants and auditors    * Auditor","=""13-2011""","1,579.8","1,652.6","81,680"
"Total, all occupations","=""00-0000 total""","170,000","175,000","49,500"
'''
ROWS = [
    ["Table 1.7 Occupational projections, 2016-26, and worker characteristics", *[""] * 5],
    ["2016 Matrix title and code", "", "Occupation\ntype", "Employment", "", "Median annual wage, 2017(1)"],
    ["", "", "", "2016", "2026", ""],
    ["Total, all occupations", "00-0000", "Summary", "156063.8", "167582.3", "37690"],
    ["Chief executives", "11-1011", "Line item", "308.9", "296.8", "183270"],
    ["Actors", "27-2011", "Line item", "63.8", "71.8", "—"],
]  # fmt: skip


def test_a_csv_holds_both_years_in_thousands(tmp_path):
    path = tmp_path / "projections.csv"
    path.write_text(CSV, encoding="utf-8")
    base, projected = read_two_years(path, path)
    assert base.system is projected.system is SOC2018
    table = base.table.set_index("code")
    assert list(table.index) == ["27-2011", "13-2011"]
    assert table.loc["13-2011", ["title", "weight", "wage", "year"]].tolist() == [
        "Accountants and auditors", 1_579_800, 81_680, 2024,
    ]  # fmt: skip
    assert pd.isna(table.loc["27-2011", "wage"])
    assert projected.table.set_index("code").loc["27-2011", ["weight", "year"]].tolist() == [1_057_100, 2034]


def test_a_workbook_is_read_by_its_table_of_wages(tmp_path):
    path = tmp_path / "occupation.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame([["Contents"]]).to_excel(book, sheet_name="Index", index=False, header=False)
        pd.DataFrame(ROWS).to_excel(book, sheet_name="Table 1.7", index=False, header=False)
    base, projected = read_projections(path)
    assert base.system is SOC2010
    assert base.table["code"].tolist() == ["11-1011", "27-2011"]
    assert projected.table["weight"].tolist() == pytest.approx([296_800, 71_800])
    assert (base.table["year"][0], projected.table["year"][0]) == (2016, 2026)


def test_one_file_for_both_years_that_holds_no_projections_is_refused(tmp_path):
    path = tmp_path / "oews_2021.csv"
    path.write_text("OCC_CODE,TOT_EMP\n11-1011,5\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="employment projections"):
        read_two_years(path, path)


@pytest.mark.originals
def test_projections_of_2024_beside_those_of_2016_show_no_effect_of_language_models(originals):
    """What BLS expects where language models reach far, it expected before they existed."""
    from helpers.trained import default_bundle, exposure_bundle
    from occurisk.labour_market.history.routine_intensity import routine_intensity

    first, second = default_bundle(), exposure_bundle()
    names = (first.axis.name, second.axis.name)
    routine = routine_intensity(first.attributes, first.catalogue)

    def history(name):
        both = read_projections(originals / "outcomes" / name)
        return history_beside(both, (first.reference, second.reference), names, routine, draws=100)

    found = history("bls_employment_projections_2024_34.csv")
    before = history("bls_occupation_projections_2016_26.xlsx")
    assert found.occupations > 780 and before.occupations > 730
    last = "wage, the other axis, routine"
    assert found.row(names[0], last)["lower"] < 0 < found.row(names[0], last)["upper"]
    assert found.row(names[1], last)["upper"] < 0 and before.row(names[1], last)["rho"] < -0.1
    assert "no effect of the technology is shown" in verdict(found, names, before)
