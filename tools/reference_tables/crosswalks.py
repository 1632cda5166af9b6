"""Third-party concordances in, our own tables of codes out: how `features/crosswalks/` was made.

Run by maintainers alone, from `originals.make_reference_tables`. Codes and short official titles cross
over, nothing else.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

from occurisk.errors import ReleaseError
from occurisk.files import write_text
from occurisk.occupations.coding_systems import ISCO08, ISCO88, SOC2010, SOC2018, CodingSystem, level, parents
from occurisk.paths import FEATURES

EMPLOYMENT_YEARS = (2012, 2013, 2014, 2015)


def make_crosswalk_tables(originals: Path, features: Path = FEATURES) -> list[Path]:
    """Write every table of `features/crosswalks/` and `reference/us_employment.csv`.

    Parameters
    ----------
    originals : Path
        The folder that `data/CATALOGUE.md` describes.
    features : Path
        Where to write; the project's own `features/` by default.

    Returns
    -------
    list of Path
        The tables written.
    """
    folder, employment = Path(originals) / "crosswalks", Path(originals) / "employment"
    soc2018 = soc2010_to_soc2018(folder / "bls_soc_2010_to_2018_crosswalk.xlsx")
    isco08 = soc2010_to_isco08(folder / "ISCO_SOC_Crosswalk.xls")
    isco88 = isco88_to_isco08(folder / "ilo_corrtab88-08.xls")
    structure = soc2010_codes(folder / "soc_structure_2010.xls")
    onet = onetsoc_to_soc2010(folder)
    codes = pd.concat(
        [
            structure,
            soc2018_codes(soc2018, employment / "oews_national_M2022_dl.xlsx"),
            isco08_codes(folder / "isco08_struct08.xls"),
            isco88_codes(
                isco88, employment / "ilostat-2020-04-10.csv.zip", folder / "skill_levels_isco.xlsx"
            ),
        ]
    )
    hybrids = hybrid_codes(codes)
    tables = {
        "crosswalks/codes": codes,
        "crosswalks/soc2010_soc2018": soc2018[["soc2010", "soc2018"]],
        "crosswalks/soc2010_isco08": isco08[["soc2010", "isco08"]],
        "crosswalks/isco88_isco08": isco88[["isco88", "isco08"]],
        "crosswalks/onetsoc_soc2010": onet,
        "crosswalks/census2010_soc2010": census2010_to_soc2010(
            originals / "titles" / "census2010_soc2010_xw.csv"
        ),
        "crosswalks/census2018_soc2018": census2018_to_soc2018(codes),
        "crosswalks/soc2000_soc2010": soc2000_to_soc2010(folder, structure),
        "crosswalks/hybrids": hybrids,
        "reference/us_employment": us_employment(employment / "oes_national_2001_2015.parquet", structure),
    }
    return [
        write_text(Path(features) / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
        for name, table in tables.items()
    ]


def _read(path: Path, skip: int, columns: list[str], sheet: int = 0) -> pd.DataFrame:
    """Read the first columns of a sheet as stripped text, below its preamble and header."""
    raw = pd.read_excel(path, sheet, header=None, dtype=str, skiprows=skip, engine="calamine")
    raw = raw.iloc[:, : len(columns)].set_axis(columns, axis=1)
    return raw.apply(lambda column: column.str.strip())


def _codes(system: CodingSystem, titles: pd.Series) -> pd.DataFrame:
    titles = titles[~titles.index.duplicated()].sort_index()
    return pd.DataFrame(
        {
            "system": system.name,
            "code": titles.index,
            "level": [level(code, system) for code in titles.index],
            "title": titles.fillna("").to_numpy(),
        }
    )


def soc2010_codes(path: Path) -> pd.DataFrame:
    """List SOC 2010 at every level: `system`, `code`, `level`, `title`."""
    raw = _read(path, 12, ["major", "minor", "broad", "detailed", "title"])
    titles = []
    for column in ("major", "minor", "broad", "detailed"):
        rows = raw[raw[column].notna()]
        titles.append(rows.set_index(column)["title"])
        wrong = [code for code in rows[column] if level(code, SOC2010) != column]
        if wrong:
            raise ReleaseError(
                f"{len(wrong)} codes of {path.name} do not end as their level does.",
                first=f"{wrong[0]} stands under {column}",
                rule="NN-0000 major, NN-NN00 minor, NN-NNN0 broad, else detailed.",
            )
    return _codes(SOC2010, pd.concat(titles))


def soc2010_to_soc2018(path: Path) -> pd.DataFrame:
    """Read BLS's SOC 2010 to 2018 crosswalk: 900 pairs."""
    return (
        _read(path, 9, ["soc2010", "title2010", "soc2018", "title2018"])
        .dropna(subset=["soc2010"])
        .assign(
            # (##) and the like are BLS's footnotes.
            title2018=lambda table: table["title2018"].str.replace(r"\s*\(#+\)$", "", regex=True)
        )
    )


def soc2018_codes(pairs: pd.DataFrame, oews: Path) -> pd.DataFrame:
    """List SOC 2018 at every level: detailed codes from BLS's crosswalk, groups' titles from OEWS."""
    detailed = pairs.drop_duplicates("soc2018").set_index("soc2018")["title2018"]
    table = pd.read_excel(oews, dtype=str, engine="calamine")
    table = table[table["O_GROUP"].isin(["major", "minor", "broad"])]
    groups = table.set_index("OCC_CODE")["OCC_TITLE"].str.strip()
    # OEWS leaves out the armed forces and a few broad groups; one with a single member bears its title.
    lone: dict[str, str | None] = {}
    for code, title in detailed.items():
        broad = parents(code, SOC2018)[0]
        lone[broad] = None if broad in lone else title
    lone["55-0000"] = "Military Specific Occupations"
    derived = pd.Series({c: t for c, t in lone.items() if c not in groups.index}, dtype=object)
    return _codes(SOC2018, pd.concat([detailed, groups, derived]))


def soc2010_to_isco08(path: Path) -> pd.DataFrame:
    """Read BLS's ISCO-08 to SOC 2010 crosswalk: 1,125 pairs, two of them with a three-digit group."""
    return _read(path, 7, ["isco08", "title", "part", "soc2010"]).dropna(subset=["isco08"])


def census2010_to_soc2010(path: Path) -> pd.DataFrame:
    """Read the US Census Bureau's occupation codes of 2010: `census2010`, `soc2010`, `title`."""
    return pd.read_csv(path, dtype=str)[["census2010", "soc2010", "title"]]


def census2018_to_soc2018(codes: pd.DataFrame) -> pd.DataFrame:
    """Lead the US Census Bureau's occupation codes of 2018 to detailed SOC 2018 occupations.

    Parameters
    ----------
    codes : DataFrame
        `system`, `code`, `level`, `title`: the structure of SOC 2018.

    Returns
    -------
    DataFrame
        `census2018`, `soc2018`, `title`. A printed group holds its members. `15-124X` holds what no other
        code of its group does; of two such codes the longer one takes first, and leaves the group's
        "All Other" (…99) to the shorter.

    Raises
    ------
    ReleaseError
        If an occupation falls to no code, or to two, or a code holds none.
    """
    printed = pd.read_csv(FEATURES / "crosswalks" / "census2018_as_printed.csv", dtype=str, na_filter=False)
    soc = codes[codes["system"] == SOC2018.name].set_index("code")
    free = list(soc.index[soc["level"] == "detailed"])
    rests = [p.rstrip("X") for p in printed["soc2018"] if p.endswith("X")]
    # Whole groups first, then what they leave, the longest beginning first.
    order = printed["soc2018"].map(lambda p: (p.endswith("X"), -len(p.rstrip("X"))))
    rows = []
    for row in printed.loc[order.sort_values(kind="stable").index].itertuples():
        start = row.soc2018.rstrip("X") if row.soc2018.endswith("X") else row.soc2018.rstrip("0")
        inner = start in rests and any(start.startswith(rest) and start != rest for rest in rests)
        held = [code for code in free if code.startswith(start) and not (inner and code.endswith("99"))]
        free = [code for code in free if code not in held]
        title = row.title or soc["title"].get(row.soc2018, "")
        rows += [(row.census2018, code, title) for code in held]
        if not held or not title:
            raise ReleaseError(
                f"Census code {row.census2018} holds no occupation of SOC 2018, or has no title.",
                first=f"it is printed as {row.soc2018}",
                fix="Mend features/crosswalks/census2018_as_printed.csv.",
            )
    if free:
        raise ReleaseError(
            f"{len(free)} occupations of SOC 2018 fall to no Census code.",
            first=free[0],
            fix="Mend features/crosswalks/census2018_as_printed.csv.",
        )
    return pd.DataFrame(rows, columns=["census2018", "soc2018", "title"]).sort_values(
        ["census2018", "soc2018"]
    )


def isco88_to_isco08(path: Path) -> pd.DataFrame:
    """Read the ILO's correspondence of ISCO-88 with ISCO-08: 671 pairs of unit groups."""
    return _read(path, 1, ["title88", "isco88", "isco08"]).dropna(subset=["isco88"])


def isco08_codes(path: Path) -> pd.DataFrame:
    """List ISCO-08 at four levels."""
    return _codes(ISCO08, _read(path, 1, ["code", "title"]).set_index("code")["title"])


def isco88_codes(pairs: pd.DataFrame, ilostat: Path, skills: Path) -> pd.DataFrame:
    """List ISCO-88 at four levels; three-digit groups have no title in the originals at hand."""
    units = pairs.drop_duplicates("isco88").set_index("isco88")["title88"]
    labels = pd.read_csv(ilostat, usecols=["classif1", "classif1.label"], dtype=str).drop_duplicates()
    two = labels[labels["classif1"].str.fullmatch(r"OC2_ISCO88_\d\d")]
    sub_major = pd.Series(
        two["classif1.label"].str.split(" - ", n=1).str[1].to_numpy(), index=two["classif1"].str[-2:]
    )
    one = pd.read_excel(skills, dtype=str, engine="calamine").iloc[:, :2].dropna()
    major = pd.Series(one.iloc[:, 1].str.strip().to_numpy(), index=one.iloc[:, 0].str[:1])
    groups = sorted({code[:n] for code in units.index for n in (1, 2, 3)})
    titles = pd.concat([units, sub_major, major])
    return _codes(
        ISCO88, pd.concat([titles, pd.Series("", index=[g for g in groups if g not in titles.index])])
    )


def onetsoc_to_soc2010(folder: Path) -> pd.DataFrame:
    """Bring every O*NET-SOC code of 2006, 2009, 2010 and 2019 to SOC 2010.

    Returns
    -------
    DataFrame
        `onetsoc`, `soc2010`, `taxonomy` (the edition that the pair was taken from: 2010 where the
        code stands in it, else 2019, 2009, 2006), `title`.
    """
    columns = ["a", "a_title", "b", "b_title"]
    direct = _read(folder / "ONET_to_US2010SOC.xlsx", 1, columns).dropna(subset=["a"])
    onward = direct[["a", "b"]].rename(columns={"a": "b", "b": "soc2010"})
    late = _read(folder / "onet_2010_to_2019_Crosswalk.xlsx", 4, columns).dropna(subset=["a"])
    nine = _read(folder / "onet_2009_to_2010_Crosswalk.xlsx", 4, columns).dropna(subset=["a"])
    six = _read(folder / "onet_2006_to_2009_Crosswalk.xlsx", 4, columns).dropna(subset=["a"])
    nine_on = nine.merge(onward, on="b")
    parts = [
        direct.assign(onetsoc=direct["a"], soc2010=direct["b"], taxonomy=2010, title=direct["a_title"]),
        late.merge(direct[["a", "b"]].rename(columns={"b": "soc2010"}), on="a")
        .assign(taxonomy=2019)
        .rename(columns={"b": "onetsoc", "b_title": "title"}),
        nine_on.assign(onetsoc=nine_on["a"], title=nine_on["a_title"], taxonomy=2009),
        six.merge(nine_on[["a", "soc2010"]].rename(columns={"a": "b"}), on="b")
        .assign(taxonomy=2006)
        .rename(columns={"a": "onetsoc", "a_title": "title"}),
    ]
    seen: set[str] = set()
    kept = []
    for part in parts:
        fresh = part.loc[~part["onetsoc"].isin(seen), ["onetsoc", "soc2010", "taxonomy", "title"]]
        seen |= set(fresh["onetsoc"])
        kept.append(fresh)
    pairs = pd.concat(kept).drop_duplicates(["onetsoc", "soc2010"])
    return pairs.sort_values(["onetsoc", "soc2010"])


def soc2000_to_soc2010(folder: Path, structure: pd.DataFrame) -> pd.DataFrame:
    """Find successors of the SOC 2000 codes that SOC 2010 dropped: `soc2000`, `soc2010`, `title`.

    O*NET-SOC 2009 is built on SOC 2000 and O*NET-SOC 2010 on SOC 2010: the first seven characters of
    their correspondence are one of the two editions.
    """
    columns = ["a", "a_title", "b", "b_title"]
    pairs = _read(folder / "onet_2009_to_2010_Crosswalk.xlsx", 4, columns).dropna(subset=["a"])
    whole = pairs[pairs["a"].str.endswith(".00")].drop_duplicates("a")
    titles = pd.Series(whole["a_title"].to_numpy(), index=whole["a"].str[:7])
    table = pd.DataFrame({"soc2000": pairs["a"].str[:7], "soc2010": pairs["b"].str[:7]})
    detailed = structure.loc[structure["level"] == "detailed", "code"]
    table = table[~table["soc2000"].isin(structure["code"]) & table["soc2010"].isin(detailed)]
    table = table.drop_duplicates().sort_values(["soc2000", "soc2010"])
    return table.assign(title=table["soc2000"].map(titles).fillna(""))


def hybrid_codes(codes: pd.DataFrame) -> pd.DataFrame:
    """Read and check `hybrids.yaml`: `system`, `code`, `title`, `members` (space-separated), `note`."""
    text = (FEATURES / "crosswalks" / "hybrids.yaml").read_text(encoding="utf-8")
    hybrids = pd.DataFrame(yaml.safe_load(text))
    for row in hybrids.itertuples():
        detailed = set(codes.loc[(codes["system"] == row.system) & (codes["level"] == "detailed"), "code"])
        wrong = [row.code] if row.code in detailed else [m for m in row.members if m not in detailed]
        if wrong:
            raise ReleaseError(
                f"Hybrid {row.code} does not hold against the structure of {row.system}.",
                first=str(wrong[0]),
                rule="The hybrid is no detailed occupation; each of its members is.",
                fix="Mend features/crosswalks/hybrids.yaml.",
            )
    hybrids["members"] = hybrids["members"].str.join(" ")
    return hybrids[["system", "code", "title", "members", "note"]].sort_values(["system", "code"])


def us_employment(path: Path, structure: pd.DataFrame) -> pd.DataFrame:
    """Average US payroll employment by detailed SOC 2010 occupation, OES May 2012-2015.

    Returns
    -------
    DataFrame
        `soc`, `employment` (jobs). These four years are the ones in which OES published every civilian
        detailed code (25-3099 in two of them). It never publishes hunters and trappers (45-3021):
        they get the smallest figure of the table. The armed forces are left out.
    """
    oes = pd.read_parquet(path, columns=["occ_code", "tot_emp", "year"])
    oes = oes[oes["year"].isin(EMPLOYMENT_YEARS)].assign(occ_code=oes["occ_code"].astype(str))
    mean = oes.groupby("occ_code")["tot_emp"].mean()
    detailed = structure.loc[structure["level"] == "detailed", "code"]
    jobs = mean.reindex(detailed[~detailed.str.startswith("55-")])
    jobs = jobs.fillna(jobs.min()).round().astype(int)
    return jobs.rename_axis("soc").rename("employment").reset_index()
