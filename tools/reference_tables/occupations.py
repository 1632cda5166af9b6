"""Third-party originals in, our own reference tables out: how `features/` was made.

Run by maintainers alone (`make reference ORIGINALS=DIR`); the tables are committed,
the originals never. Only figures, codes and short official names cross over.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

from occurisk.errors import ReleaseError
from occurisk.files import write_text
from occurisk.paths import FEATURES
from occurisk.training_data.attribute_table import DECIMALS, check_table, format_table, with_aggregates
from occurisk.training_data.catalogue import PAPER_CATALOGUE, Catalogue, load_catalogue

# Domains of the means, and where O*NET's content model keeps their elements.
DOMAINS = {
    "Abilities": r"1\.A\.",
    "Skills": r"2\.[AB]\.",
    "Knowledge": r"2\.C\.",
    "WorkActivities": r"4\.A\.",
    "WorkContext": r"4\.C\.",
}


def make_reference_tables(originals: Path, features: Path = FEATURES) -> list[Path]:
    """Write every embedded table of `features/` from the originals.

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
    originals = Path(originals)
    structure = soc2010_structure(originals / "crosswalks" / "soc_structure_2010.xls")
    repairs = code_repairs(structure)
    means = onet_means(originals / "onet_20")
    tables = {}
    for name, catalogue in {
        "task_attributes": load_catalogue(),
        "task_attributes_frey_osborne": load_catalogue(PAPER_CATALOGUE),
    }.items():
        # 29-1111 is rated under its retired code, too: its members' figures are newer and win.
        rated = table_from_means(means, catalogue).drop(index=repairs.index, errors="ignore")
        table = with_aggregates(rated, repairs["soc2010"])
        tables[name] = check_table(table.round(DECIMALS), catalogue)
    printed = printed_list(originals / "frey_osborne" / "frey_osborne_2017_appendix.csv")
    occupations = occupation_list(
        list(tables["task_attributes"].index),
        structure,
        repairs,
        pd.concat(
            [
                retired_titles(originals / "crosswalks" / f"onet_{years}_Crosswalk.xlsx")
                for years in ("2006_to_2009", "2009_to_2010")
            ]
        )
        .groupby(level=0)
        .first(),
        hybrid_titles(originals / "employment" / "oews_national_M2011_dl.xls"),
    )
    labels = label_table(printed, structure, repairs, occupations)
    written = [
        write_text(features / "reference" / f"{name}.csv", format_table(table))
        for name, table in tables.items()
    ]
    written.append(
        write_text(
            features / "reference" / "occupations.csv",
            occupations.to_csv(index=False, lineterminator="\n"),
        )
    )
    written.append(
        write_text(
            features / "labels" / "frey_osborne_2017.csv",
            labels.to_csv(index=False, lineterminator="\n"),
        )
    )
    return written


def soc2010_structure(path: Path) -> pd.DataFrame:
    """Read the SOC 2010 structure: index `code`; `title`, `level` (major, minor, broad, detailed)."""
    raw = pd.read_excel(path, header=None, dtype=str, skiprows=12, engine="calamine")
    parts = []
    for column, level in enumerate(["major", "minor", "broad", "detailed"]):
        rows = raw[raw[column].notna()]
        parts.append(
            pd.DataFrame({"code": rows[column].str.strip(), "title": rows[4].str.strip(), "level": level})
        )
    return pd.concat(parts).set_index("code").sort_index()


def onet_means(folder: Path) -> pd.DataFrame:
    """Read O*NET 20.3 averaged to SOC 2010: `soc`, `element_id`, `scale`, `value`."""
    means = pd.read_parquet(folder / "soc2010_means.parquet")
    reference = pd.read_csv(folder / "Content Model Reference.txt", sep="\t", dtype=str)
    # The means carry names, unique within a domain only: Mathematics is a skill and a knowledge.
    # A heading may be called as its element (Engineering and Technology): the longer ID is the element's.
    deepest = reference.sort_values("Element ID", key=lambda ids: ids.str.len(), kind="stable")
    parts = []
    for domain, place in DOMAINS.items():
        rated = deepest[deepest["Element ID"].str.match(place)]
        ids = rated.drop_duplicates("Element Name", keep="last").set_index("Element Name")["Element ID"]
        rows = means[means["domain"] == domain]
        parts.append(
            pd.DataFrame(
                {
                    "soc": rows["SOC"].astype(str).str.strip(),
                    "element_id": rows["Element.Name"].astype(str).map(ids),
                    "scale": rows["Scale.ID"].astype(str),
                    "value": rows["mean.value"].astype(float),
                }
            )
        )
    # What has no element: "Kneeling …?", the same question in an older release beside its successor.
    return pd.concat(parts, ignore_index=True).dropna(subset=["element_id"])


def table_from_means(means: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Pick the catalogue's elements: shape (n_occupations, n_attributes), O*NET scales."""
    wanted = {(a.element_id, a.scale): a.name for a in catalogue}
    key = pd.MultiIndex.from_frame(means[["element_id", "scale"]])
    rated = means.assign(attribute=key.map(wanted)).dropna(subset=["attribute"])
    return rated.pivot(index="soc", columns="attribute", values="value")[catalogue.names]


def code_repairs(structure: pd.DataFrame) -> pd.DataFrame:
    """Read and check the 17 repairs of printed codes: index `code`; `soc2010`, `note`."""
    text = (FEATURES / "labels" / "code_repairs.yaml").read_text(encoding="utf-8")
    repairs = pd.DataFrame(yaml.safe_load(text)).set_index("code")
    detailed = structure.index[structure["level"] == "detailed"]
    for code, members in repairs["soc2010"].items():
        wrong = [m for m in members if m not in detailed]
        if code in detailed or wrong:
            raise ReleaseError(
                f"Code repair {code} does not hold against the SOC 2010 structure.",
                first=str(wrong[0] if wrong else code),
                rule="The printed code is no detailed occupation of SOC 2010; each of its members is.",
                fix="Mend features/labels/code_repairs.yaml.",
            )
    return repairs.assign(soc2010=repairs["soc2010"].str.join(" "))


def printed_list(path: Path) -> pd.DataFrame:
    """Read Frey & Osborne's appendix: `rank`, `published_probability`, `label`, `code`, `printed_title`."""
    printed = pd.read_csv(path, dtype={"SOC code": str, "Label": "Int64"})
    printed.columns = pd.Index(["rank", "published_probability", "label", "code", "printed_title"])
    return printed


def retired_titles(path: Path) -> pd.Series:
    """Titles of SOC 2000 codes that SOC 2010 dropped, from O*NET-SOC 2006 or 2009 (`NN-NNNN.00`)."""
    listing = pd.read_excel(path, header=None, dtype=str, skiprows=4, engine="calamine")
    codes = listing[0].str.strip()
    whole = codes.str.endswith(".00", na=False)
    return pd.Series(listing.loc[whole, 1].str.strip().to_numpy(), index=codes[whole].str[:7])


def hybrid_titles(path: Path) -> pd.Series:
    """Titles of the hybrid codes of OES May 2011, without the asterisk that marks them."""
    oes = pd.read_excel(path, dtype=str, engine="calamine").drop_duplicates("OCC_CODE")
    return oes.set_index("OCC_CODE")["OCC_TITLE"].str.rstrip("* ")


def occupation_list(
    rated: list[str],
    structure: pd.DataFrame,
    repairs: pd.DataFrame,
    retired: pd.Series,
    hybrids: pd.Series,
) -> pd.DataFrame:
    """List every detailed SOC 2010 occupation, every retired code that O*NET rates, every aggregate.

    Returns
    -------
    DataFrame
        `code`, `title`, `status` (soc2010, retired, aggregate), `members`, `rated` (yes, no).
    """
    detailed = structure[structure["level"] == "detailed"]["title"]
    rows = []
    for code in sorted({*detailed.index, *rated}):
        if code in repairs.index:
            title, status = structure["title"].get(code) or hybrids[code], "aggregate"
        elif code in detailed.index:
            title, status = detailed[code], "soc2010"
        else:
            # 11-3040 and 19-1020 are broad groups, which O*NET rated as one before it split them.
            title, status = retired.get(code) or structure["title"][code], "retired"
        members = repairs["soc2010"].get(code, "")
        rows.append((code, title, status, members, "yes" if code in rated else "no"))
    return pd.DataFrame(rows, columns=["code", "title", "status", "members", "rated"])


def label_table(
    printed: pd.DataFrame, structure: pd.DataFrame, repairs: pd.DataFrame, occupations: pd.DataFrame
) -> pd.DataFrame:
    """Join the printed list with what each code really stands for.

    Returns
    -------
    DataFrame, 702 rows
        `rank`, `code` (as printed), `title`, `published_probability`, `label` (70 hand labels, else
        empty), `soc2010` (the codes it stands for), `note` (why, where repaired).
    """
    titles = occupations.set_index("code")["title"]
    detailed = set(structure.index[structure["level"] == "detailed"])
    soc2010 = (
        printed["code"].where(printed["code"].isin(detailed)).fillna(printed["code"].map(repairs["soc2010"]))
    )
    unknown = printed.loc[soc2010.isna(), "code"]
    if len(unknown):
        raise ReleaseError(
            f"{len(unknown)} printed codes are neither SOC 2010 nor repaired.",
            first=str(unknown.iloc[0]),
            fix="Add them to features/labels/code_repairs.yaml.",
        )
    return pd.DataFrame(
        {
            "rank": printed["rank"],
            "code": printed["code"],
            "title": printed["code"].map(titles),
            "published_probability": printed["published_probability"],
            "label": printed["label"],
            "soc2010": soc2010,
            "note": printed["code"].map(repairs["note"]).fillna(""),
        }
    )
