"""Everything explained about a list of occupations, ready to be shown, stored or read aloud.

An explained list costs as much as its distinct codes: explanations are made once for the reference
occupations that the list needs, and a code of another system is the weighted mean of its members.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from occurisk.errors import OccuriskError
from occurisk.explanation.reference import BundleLike, Reference, explained_attributes
from occurisk.explanation.similar_work import similar_work
from occurisk.explanation.verdicts import empty_verdicts
from occurisk.explanation.words import Standing, change_in_words, reasons, standing
from occurisk.model.contributions import INTERVAL_REPLICAS, Explanation
from occurisk.occupations.coding_systems import ISCO08, SOC2010
from occurisk.occupations.names import occupation_name
from occurisk.probabilities import probability

# Systems whose codes have names of their own in other languages; see `occupations.names`.
NAMED_SYSTEMS = (SOC2010.name, ISCO08.name)
# Columns of a scored list. Those without a default must be there.
REQUIRED = ("title", "probability", "lower", "upper", "band", "stability")
OPTIONAL: dict[str, Any] = {
    "weight": np.nan,
    "major": "",
    "published_probability": np.nan,
    "label": np.nan,
    "match": "",
}


@dataclass(frozen=True)
class ExplainedList:
    """A list of occupations with everything that can be said about each.

    Attributes
    ----------
    rows : DataFrame, index code
        `title`, `probability`, `lower`, `upper`, `band`, `stability`, `weight`, `major`,
        `published_probability`, `label`, `match`; in the order of the list.
    members : DataFrame
        `code`, `soc`, `title`, `weight` (sums to 1 per code), `probability`, `band`: where a score
        comes from.
    explanation : Explanation
        Index as `rows`.
    standing : Standing
    changes : DataFrame, index as `rows`
        As `smallest_changes`, and `member`: the occupation searched, a code's largest member.
    neighbours : DataFrame
        `code`, `neighbour`, `title`, `distance`, `probability`.
    reference : Reference
    verdicts : DataFrame
        Reviews: `code`, `verdict`, `note`, `reviewer`, `time`; may be empty.
    system : str
        Coding system of the codes; `` where it is not known, and names stay as the list has them.
    """

    rows: pd.DataFrame
    members: pd.DataFrame
    explanation: Explanation
    standing: Standing
    changes: pd.DataFrame
    neighbours: pd.DataFrame
    reference: Reference
    verdicts: pd.DataFrame
    system: str = ""
    _words: dict[str, pd.DataFrame] = field(default_factory=dict, compare=False, repr=False)

    def words(self, language: str = "en") -> pd.DataFrame:
        """Put every occupation into words.

        Returns
        -------
        DataFrame of str, index as `rows`
            `raises`, `lowers`, `text` (both), `brief` (without figures), `change`, `neighbours`.
        """
        # The page and both tables want the same sentences.
        if language not in self._words:
            self._words[language] = self._put_into_words(language)
        return self._words[language]

    def _put_into_words(self, language: str) -> pd.DataFrame:
        phrases = self.reference.phrases(language)
        catalogue = self.reference.catalogue
        sentences = reasons(self.explanation, self.standing, catalogue, phrases)
        sizes = self.members.groupby("code").size()
        change = []
        for code, row in self.changes.iterrows():
            text = change_in_words(row, catalogue, phrases)
            if sizes.get(code, 1) > 1:
                title = self.reference.occupations.at[row["member"], "title"]
                title = occupation_name(row["member"], language, title)
                text = phrases.frames["change_member"].format(title=title, code=row["member"], text=text)
            change.append(text)
        near = [
            f"{occupation_name(row.neighbour, language, row.title)} ({probability(row.probability)})"
            for row in self.neighbours.itertuples()
        ]
        # Text even where nobody has similar work: an empty column would be one of figures.
        joined = pd.Series(near, dtype=str).groupby(self.neighbours["code"].to_numpy()).agg("; ".join)
        return sentences.assign(change=change, neighbours=joined.reindex(sentences.index).fillna(""))

    def by_group(self, code: str) -> pd.Series:
        """Sum up the contributions to a code's log-odds by group of tasks, largest first, either way."""
        catalogue = self.reference.catalogue
        sums = self.explanation.contributions.loc[code].groupby(lambda name: catalogue[name].group).sum()
        return sums.reindex(sums.abs().sort_values(ascending=False).index)

    def titles(self, language: str = "en") -> list[str]:
        """Name every occupation in a language, as the list has it where no name is known."""
        own = self.rows["title"]
        if self.system not in NAMED_SYSTEMS:
            return [str(title) for title in own]
        return [occupation_name(str(c).partition(".")[0], language, str(t)) for c, t in own.items()]

    def with_verdicts(self, verdicts: pd.DataFrame) -> ExplainedList:
        """Return the same explained with a reviewer's verdicts in it."""
        return replace(self, verdicts=verdicts)


def explain_list(
    rows: pd.DataFrame,
    reference: Reference,
    members: pd.DataFrame | None = None,
    *,
    system: str | None = None,
    neighbours: int = 5,
) -> ExplainedList:
    """Explain a scored list of occupations.

    Parameters
    ----------
    rows : DataFrame, index code
        A row per distinct scored code: `title`, `probability`, `lower`, `upper`, `band`, `stability`; if
        known also `weight`, `major`, `published_probability`, `label`, `match`.
    reference : Reference
        Must explain every member.
    members : DataFrame, optional
        `code`, `soc`, `weight`: the reference occupations behind each code. By default a code is itself
        one.
    system : str, optional
        Coding system of the codes, for their names in other languages; SOC 2010 without members.
    neighbours : int
        At most so many neighbours per code.

    Returns
    -------
    ExplainedList

    Raises
    ------
    OccuriskError
        If a column is missing, or a code has no explained member.
    """
    rows = _checked(rows)
    if members is None:
        system = system or SOC2010.name
        members = pd.DataFrame({"code": rows.index, "soc": rows.index, "weight": 1.0})
    members = members[members["code"].isin(rows.index) & (members["weight"] > 0)]
    known = members["soc"].isin(reference.explanation.contributions.index)
    lacking = rows.index.difference(members.loc[known, "code"])
    if len(lacking) or not known.all():
        first = lacking[0] if len(lacking) else members.loc[~known, "soc"].iloc[0]
        raise OccuriskError(
            f"{max(len(lacking), int((~known).sum()))} codes cannot be explained.",
            first=str(first),
            rule="Every scored code stands for at least one reference occupation; all members are known.",
            fix="Leave unscored codes out of the list; pass the members as SOC codes of the model's table.",
        )
    own = (members["code"] == members["soc"]).all() and members["code"].is_unique
    if own:
        explanation = reference.explanation.select(rows.index)
    else:
        explanation = reference.explanation.mix(members).select(rows.index)
    largest = members.sort_values("weight", ascending=False, kind="stable").drop_duplicates("code")
    largest = largest.set_index("code")["soc"].loc[rows.index]
    changes = reference.changes.loc[largest].set_axis(rows.index).assign(member=largest)
    return ExplainedList(
        rows=rows,
        members=_lineage(members, reference),
        explanation=explanation,
        standing=standing(explanation.values, reference.attributes),
        changes=changes,
        neighbours=_neighbours(rows, explanation, members, reference, neighbours),
        reference=reference,
        verdicts=empty_verdicts(),
        system=system or "",
    )


def explain_rows(
    bundle: BundleLike, rows: pd.DataFrame, X: pd.DataFrame, missing: np.ndarray, *, neighbours: int = 5
) -> ExplainedList:
    """Explain rows that were scored by attributes of their own.

    Parameters
    ----------
    bundle : BundleLike
    rows : DataFrame, index code
        As for `explain_list`.
    X : DataFrame, index as `rows`
        What the model saw, on [0, 1], gaps filled.
    missing : ndarray of bool, shape of X
        Which figures are fillings: they are shown as gaps.
    neighbours : int

    Returns
    -------
    ExplainedList
        Without members: no reference occupation stands behind a row.
    """
    rows = _checked(rows)
    reference = explained_attributes(bundle, X.set_axis(rows.index), None, INTERVAL_REPLICAS)
    explanation = replace(reference.explanation, values=reference.explanation.values.mask(missing))
    members = pd.DataFrame({"code": [], "soc": [], "weight": []}, dtype=object)
    return ExplainedList(
        rows=rows,
        members=_lineage(members, reference),
        explanation=explanation,
        standing=standing(explanation.values, reference.attributes),
        changes=reference.changes.assign(member=""),
        neighbours=_neighbours(rows, explanation, members, reference, neighbours),
        reference=reference,
        verdicts=empty_verdicts(),
    )


def _checked(rows: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in REQUIRED if name not in rows.columns]
    if missing or not rows.index.is_unique:
        raise OccuriskError(
            f"{len(missing)} columns are missing from the scored list."
            if missing
            else "A code stands more than once in the scored list.",
            first=missing[0] if missing else str(rows.index[rows.index.duplicated()][0]),
            rule=f"One row per code; columns {', '.join(REQUIRED)}.",
        )
    rows = rows.assign(**{name: value for name, value in OPTIONAL.items() if name not in rows.columns})
    rows = rows[[*REQUIRED, *OPTIONAL]]
    rows.index = rows.index.astype(str).rename("code")
    text = ["title", "band", "stability", "major", "match"]
    return rows.assign(**{name: rows[name].fillna("").astype(str) for name in text})


def _lineage(members: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    about = reference.occupations.loc[members["soc"]]
    return pd.DataFrame(
        {
            "code": members["code"].to_numpy(),
            "soc": members["soc"].to_numpy(),
            "title": about["title"].to_numpy(),
            "weight": (members["weight"] / members.groupby("code")["weight"].transform("sum")).to_numpy(),
            "probability": about["probability"].to_numpy(),
            "band": about["band"].to_numpy(),
        }
    ).sort_values(["code", "weight"], ascending=[True, False], kind="stable", ignore_index=True)


def _neighbours(
    rows: pd.DataFrame, explanation: Explanation, members: pd.DataFrame, reference: Reference, count: int
) -> pd.DataFrame:
    # Retired codes and aggregates repeat today's occupations: they are no neighbours of anyone.
    occupations = reference.occupations
    if "status" in occupations.columns:
        occupations = occupations[occupations["status"].isin(["soc2010", "user"])]
    # Nor is a residual ("…, All Other") an occupation that anyone could take up.
    occupations = occupations[~occupations["title"].str.contains("all other", case=False, regex=False)]
    similar = similar_work(
        explanation.values,
        rows["probability"],
        reference.attributes.loc[occupations.index],
        occupations["probability"],
        bands=reference.bands,
        exclude=members[["code", "soc"]],
        count=count,
    )
    return similar.assign(title=occupations["title"].loc[similar["neighbour"]].to_numpy())
