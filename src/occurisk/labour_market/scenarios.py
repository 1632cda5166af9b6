"""What would follow from a score *if*: assumptions on adoption, wages and replacement, written down.

Nothing here is a forecast. Each figure is a product of a susceptibility and of assumptions that a
scenario file states, and is labelled so wherever it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field, ValidationError

from occurisk.documents import Strict, load_yaml, rules_broken
from occurisk.errors import SettingsError
from occurisk.paths import CONFIGS

SCENARIOS = CONFIGS / "scenarios"
LABEL = "assumption, not a forecast"
# ISCO-08 skill levels by qualification, as national forecasts group them.
QUALIFICATIONS = {
    "1 elementary": "low",
    "2 medium": "medium",
    "3 technicians": "high",
    "3+4 managers": "high",
    "4 professionals": "high",
}
LEVELS = ("low", "medium", "high")
# Adoption within a day is a step.
_AT_ONCE = 1 / 365

Share = Annotated[float, Field(ge=0, le=1)]
Years = Annotated[float, Field(ge=0)]


class Diffusion(Strict):
    """An S-curve of adoption: logistic in time.

    Attributes
    ----------
    lag_years : float
        How much later than at the frontier adoption begins.
    years_to_half : float
        From the beginning to half of all employers.
    years_10_to_90 : float
        From a tenth to nine tenths of employers; 0: all at once.
    """

    lag_years: Years = 0.0
    years_to_half: Years
    years_10_to_90: Years

    def share(self, years: float) -> float:
        """Return the share of employers that adopt within `years` from now, of those that have not yet."""
        if self.years_10_to_90 < _AT_ONCE:
            return float(years >= self.lag_years + self.years_to_half)
        start, end = self._level(0.0), self._level(years)
        return (end - start) / (1 - start)

    def _level(self, years: float) -> float:
        speed = math.log(81) / self.years_10_to_90
        # exp overflows past 709; by then the curve is flat.
        return 1 / (1 + math.exp(min(-speed * (years - self.lag_years - self.years_to_half), 700.0)))


class Reported(Strict):
    """Published figures that a scenario is held against."""

    source: str
    low_skilled_change: float
    skilled_change: float
    to_retrain: float


class Scenario(Strict):
    """Assumptions under which susceptibility turns into numbers of jobs.

    Attributes
    ----------
    title, note : str
        What the scenario is, and where its assumptions come from.
    basis : {"share_high", "expected"}
        Which statistic counts as exposed.
    horizon_years : float
    diffusion : Diffusion
    relative_wage : float
        Wages relative to where the technology is priced (1: the same).
    wage_elasticity : float
        Adoption is multiplied by relative_wage ** wage_elasticity; 0: wages play no part. World Bank
        (2016), World Development Report, chapter 2: cheap labour slows replacement.
    replacement_rate : float
        Share of exposed work whose job goes, rather than changes, where the technology is adopted.
    annual_exit_rate : float
        Share of workers who leave the work force each year (retirement): they need no retraining.
    retraining_share : float
        Share of the displaced who remain and need retraining to find other work.
    jobs : mapping, optional
        Jobs by qualification (low, medium, high) to apply the registry's risk structure to.
    reported : Reported, optional
    """

    title: Annotated[str, Field(min_length=1)]
    note: str
    basis: Annotated[str, Field(pattern=r"^(share_high|expected)$")] = "share_high"
    horizon_years: Years
    diffusion: Diffusion
    relative_wage: Annotated[float, Field(gt=0)] = 1.0
    wage_elasticity: Annotated[float, Field(ge=0)] = 0.0
    replacement_rate: Share
    annual_exit_rate: Share = 0.0
    retraining_share: Share = 1.0
    jobs: dict[str, Annotated[float, Field(ge=0)]] | None = None
    reported: Reported | None = None

    @property
    def heading(self) -> str:
        """Title, and whose jobs the figures speak of where they are not the list's."""
        if self.jobs is None:
            return self.title
        return f"{self.title} (its own {sum(self.jobs.values()):,.0f} jobs, not the list's)"

    @property
    def moderation(self) -> float:
        """By how much cheap labour slows replacement: at most 1."""
        return min(1.0, self.relative_wage**self.wage_elasticity)

    @property
    def adopted(self) -> float:
        """Share of employers that adopt within the horizon."""
        return self.diffusion.share(self.horizon_years)

    @property
    def factor(self) -> float:
        """Displaced over exposed jobs: adopted x moderation x replacement rate."""
        return self.adopted * self.moderation * self.replacement_rate

    @property
    def retrained(self) -> float:
        """Retraining need over displaced jobs."""
        return float((1 - self.annual_exit_rate) ** self.horizon_years) * self.retraining_share


def load_scenario(path: Path) -> Scenario:
    """Read a scenario: a preset by name, or a YAML file of one's own.

    Raises
    ------
    SettingsError
        On an unknown preset, an unknown key or a value out of range.
    """
    path = Path(path)
    preset = SCENARIOS / f"{path.name.removesuffix('.yaml')}.yaml"
    if not path.is_file() and preset.is_file():
        path = preset
    if not path.is_file():
        raise SettingsError(
            f"No scenario {str(path)!r}.",
            rule="A scenario is a YAML file, or the name of a preset.",
            fix=f"Presets: {', '.join(presets())}.",
        )
    document = load_yaml(path, SettingsError)
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as problem:
        raise rules_broken(
            problem,
            SettingsError,
            "assumption",
            f"the rules in {path}",
            rule="Unknown keys are errors; shares lie in [0, 1], years are not negative.",
            fix=f"Compare it with the presets in {SCENARIOS}.",
        ) from problem
    if scenario.jobs is not None and set(scenario.jobs) - set(LEVELS):
        raise SettingsError(
            f"Unknown qualification in {path}.",
            first=sorted(set(scenario.jobs) - set(LEVELS))[0],
            rule=f"jobs: {', '.join(LEVELS)}.",
            fix="Rename it.",
        )
    return scenario


def presets() -> list[str]:
    """Return the names of the presets."""
    return sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


def by_qualification(skill_levels: pd.DataFrame) -> pd.DataFrame:
    """Join a breakdown by ISCO skill level into low, medium and high qualification.

    Parameters
    ----------
    skill_levels : DataFrame
        `breakdown(market, ["skill_level"])`.

    Returns
    -------
    DataFrame, index `qualification`
        `jobs`, and `share_high` and `expected` with their ends, weighted by scored jobs. Ends are
        averaged as if the levels erred together, which overstates the width of `high`.
    """
    columns = [f"{s}{e}" for s in ("share_high", "expected") for e in ("", "_lower", "_upper")]
    level = skill_levels.index.map(QUALIFICATIONS.get)
    known = skill_levels[level.notna()].assign(qualification=level[level.notna()])
    weight = known["scored_jobs"]
    by = known[columns].mul(weight, axis=0).assign(qualification=known["qualification"], w=weight)
    totals = by.groupby("qualification").sum()
    result = totals[columns].div(totals["w"], axis=0)
    result.insert(0, "jobs", known.groupby("qualification")["jobs"].sum())
    return result.reindex([name for name in LEVELS if name in result.index])


def apply(scenario: Scenario, structure: pd.DataFrame) -> pd.DataFrame:
    """Turn a risk structure into jobs, under the assumptions of a scenario.

    Parameters
    ----------
    scenario : Scenario
    structure : DataFrame
        As `by_qualification`.

    Returns
    -------
    DataFrame, index: qualification and `all`
        `jobs`; `exposed`, `displaced`, `retraining`, each with `_lower` and `_upper` (from the labels
        alone: an interval of the score, not of the assumptions).
    """
    jobs = structure["jobs"]
    if scenario.jobs is not None:
        jobs = pd.Series(scenario.jobs, dtype=float).reindex(structure.index).fillna(0.0)
    result = pd.DataFrame({"jobs": jobs})
    for end in ("", "_lower", "_upper"):
        exposed = jobs * structure[scenario.basis + end]
        result[f"exposed{end}"] = exposed
        result[f"displaced{end}"] = exposed * scenario.factor
        result[f"retraining{end}"] = exposed * scenario.factor * scenario.retrained
    result.loc["all"] = result.sum(min_count=1)
    order = ["jobs"] + [
        f"{n}{e}" for n in ("exposed", "displaced", "retraining") for e in ("", "_lower", "_upper")
    ]
    return result[order].rename_axis(structure.index.name)


def implied(scenario: Scenario, applied: pd.DataFrame) -> Mapping[str, float]:
    """Return what published figures would need to be true of the assumptions.

    Returns
    -------
    dict
        `displaced_of_exposed_low`: the published loss of low-skilled jobs over the exposed ones;
        `replacement_rate`: the replacement rate that gives it, all else as assumed (above 1: the
        figure cannot come from this exposure); `retrained_of_lost`: people to retrain over jobs lost.

    Raises
    ------
    ValueError
        If the scenario reports no figures.
    """
    if scenario.reported is None:
        raise ValueError("The scenario has no reported figures.")
    lost = -scenario.reported.low_skilled_change
    share = lost / float(applied.loc["low", "exposed"])
    speed = scenario.adopted * scenario.moderation
    return {
        "displaced_of_exposed_low": share,
        "replacement_rate": share / speed if speed else math.inf,
        "retrained_of_lost": scenario.reported.to_retrain / lost,
    }


def held_against(scenario: Scenario, applied: pd.DataFrame) -> str:
    """Say how published figures compare with the assumptions; empty if the scenario reports none.

    A replacement rate above 1 cannot be: it is no result, and no figure is given for it.
    """
    if scenario.reported is None:
        return ""
    needed = implied(scenario, applied)
    if not needed["replacement_rate"] <= 1:
        return (
            "The reported loss of low-skilled jobs is larger than these assumptions allow, even if every "
            "exposed job went where the technology is adopted."
        )
    return (
        f"The reported loss is {needed['displaced_of_exposed_low']:.0%} of the exposed low-skilled jobs; "
        f"under these assumptions it would take a replacement rate of {needed['replacement_rate']:.2f}."
    )
