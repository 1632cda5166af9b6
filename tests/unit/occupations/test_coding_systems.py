"""Codes: what is mended, what is refused, what is part of what."""

from __future__ import annotations

import pytest

from occurisk.occupations.coding_systems import (
    CENSUS2010,
    CENSUS2018,
    ISCO08,
    ISCO88,
    ONET_SOC,
    SOC2010,
    SOC2018,
    group_prefix,
    is_national,
    is_part_of,
    level,
    major_group,
    normalise,
    parents,
    soc_of,
)
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.facts import major_group_title
from occurisk.occupations.uncoded import is_missing, is_total

ISCO_KNOWN = load_tables().known(ISCO08)


@pytest.mark.parametrize(
    ("text", "system", "code", "repairs"),
    [
        ("43-9021", SOC2010, "43-9021", ()),
        ("43–9021", SOC2010, "43-9021", ("spaces or dashes made plain",)),
        (" 43 - 9021\u00a0", SOC2010, "43-9021", ("spaces or dashes made plain",)),
        ("439021", SOC2010, "43-9021", ("dash restored",)),
        ("439021.0", SOC2010, "43-9021", ("dash restored", ".0 removed")),
        ("43-9021.00", SOC2010, "43-9021", (".00 removed",)),
        ('="43-9021"', SOC2010, "43-9021", ("quotes removed",)),
        ("43-90XX", SOC2010, "43-9000", ("X taken as a group",)),
        ("43", SOC2010, "43-0000", ("group code filled up with zeros",)),
        ("４３-９０２１", SOC2010, "43-9021", ("spaces or dashes made plain",)),
        ("43-9021", ONET_SOC, "43-9021.00", (".00 added",)),
        ("43902100", ONET_SOC, "43-9021.00", ("punctuation restored",)),
        ("15-1132.01", ONET_SOC, "15-1132.01", ()),
        ("2411", ISCO08, "2411", ()),
        ("2411.0", ISCO08, "2411", (".0 removed",)),
        ("110", ISCO08, "0110", ("lost leading zero restored",)),
        ("2400", ISCO08, "24", ("zeros that fill up a group code removed",)),
        ("OC2_ISCO08_11", ISCO08, "11", ("OC2_ISCO08_ removed",)),
        ("ISCO1", ISCO08, "1", ("ISCO removed",)),
        ("OC1", ISCO08, "1", ("OC removed",)),
        ("C2411", ISCO08, "2411", ("C removed",)),
        ("2411.1.2", ISCO08, "2411", ("ESCO ending removed",)),
    ],
)
def test_normalise_mends_what_is_certain_and_says_so(text, system, code, repairs):
    found = normalise(text, system, ISCO_KNOWN)
    assert (found.code, found.repairs) == (code, repairs)


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("15-1132.01", SOC2010),  # a specialisation is not the occupation
        ("43-902", SOC2010),
        ("43-90211", SOC2010),
        ("4390", SOC2010),
        ("telemarketers", SOC2010),
        ("24111", ISCO08),
        ("24.11", ISCO08),
        ("-2411", ISCO08),
        ("2411,5", ISCO08),
        ("٢٤١١x", ISCO08),
        ("1e5", SOC2010),
    ],
)
def test_normalise_refuses_what_it_would_have_to_guess(text, system):
    assert normalise(text, system, ISCO_KNOWN).code is None


def test_a_three_digit_group_that_exists_is_not_taken_for_a_lost_zero():
    # 211 is a minor group; 110 is none, and 0110 is a unit group.
    assert normalise("211", ISCO08, ISCO_KNOWN).code == "211"
    assert normalise("310", ISCO08, ISCO_KNOWN).code == "0310"


def test_national_codes_give_their_isco_digits():
    found = normalise("4110-9", ISCO08, ISCO_KNOWN, prefix=4)
    assert (found.code, found.repairs) == ("4110", ("first 4 digits taken",))
    assert is_national("4110-9")
    assert not is_national("4110")


@pytest.mark.parametrize(
    ("code", "system", "name"),
    [
        ("00-0000", SOC2010, "total"),
        ("15-0000", SOC2010, "major"),
        ("15-1100", SOC2010, "minor"),
        ("31-1100", SOC2018, "minor"),
        ("11-1000", SOC2010, "minor"),
        ("11-1010", SOC2010, "broad"),
        ("11-1011", SOC2010, "detailed"),
        ("15-1132.01", ONET_SOC, "specialised"),
        ("15-1132.00", ONET_SOC, "detailed"),
        ("2", ISCO88, "major"),
        ("24", ISCO08, "sub-major"),
        ("241", ISCO08, "minor"),
        ("2411", ISCO08, "unit"),
    ],
)
def test_levels(code, system, name):
    assert level(code, system) == name


def test_groups_hold_their_members_and_not_themselves():
    assert parents("15-1151", SOC2010) == ["15-1150", "15-1100", "15-1000", "15-0000"]
    assert parents("2411", ISCO08) == ["241", "24", "2"]
    assert group_prefix("15-1100", SOC2010) == "15-11"
    assert is_part_of("15-1151", "15-1100", SOC2010)
    assert not is_part_of("15-2011", "15-1100", SOC2010)
    assert not is_part_of("15-1100", "15-1100", SOC2010)
    assert not is_part_of("20-1011", "02-0000", SOC2010)
    assert is_part_of("11-1011", "00-0000", SOC2010)
    assert major_group("0110", ISCO08) == "0"
    assert major_group("43-9021.00", ONET_SOC) == major_group("43-9021", SOC2010) == "43"
    assert major_group("5820", CENSUS2010) == major_group("5820", CENSUS2018) == "43"


@pytest.mark.parametrize("system", [SOC2010, ONET_SOC, ISCO08, CENSUS2010, CENSUS2018])
@pytest.mark.parametrize("own", ["", "A-17", "клерк", "99999", "5"])
def test_a_code_of_a_users_own_has_no_major_group(own, system):
    if not (system is ISCO08 and own == "5"):  # which is a major group itself
        assert major_group(own, system) == major_group_title(own, system) == ""


def test_every_official_code_is_normal_and_below_its_parents():
    tables = load_tables()
    for system in (SOC2010, SOC2018, ISCO08, ISCO88):
        known = tables.known(system)
        for code in known:
            assert normalise(code, system, known).code == code
            assert all(is_part_of(code, group, system) for group in parents(code, system))


def test_totals_and_missing_codes_are_told_from_unknown_ones():
    assert all(is_total(t) for t in ("00-0000", "Total", "OC2_ISCO08_TOTAL", "Всего", " All Occupations "))
    assert all(is_missing(t) for t in ("", " ", "NaN", "OC2_ISCO08_X", "n/a"))
    assert not any(is_total(t) or is_missing(t) for t in ("43-9021", "0", "0110", "Totally"))


def test_soc_of_refuses_what_is_no_onet_code():
    assert soc_of("43-9021.07") == "43-9021"
    for text in ("43-9021", "43-9021.7", "x"):
        with pytest.raises(ValueError, match=r"reads NN-NNNN\.NN"):
            soc_of(text)
