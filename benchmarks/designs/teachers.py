"""Designs of the teacher: what carries 35 labels to 827 occupations. All but the last are linear."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logsumexp
from scipy.stats import norm, rankdata
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.semi_supervised import LabelSpreading

from designs.plain import logistic
from designs.task import Design, Task, average, linear, log_odds, probability, standardise
from occurisk.evaluation.baselines import FREY_OSBORNE_NINE
from occurisk.model.teacher import posterior_mode, with_intercept
from occurisk.paths import FEATURES
from occurisk.training_data.attribute_table import load_attributes, load_occupations
from occurisk.training_data.catalogue import PAPER_CATALOGUE, Catalogue, load_catalogue

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from reference_tables.occupations import onet_means, table_from_means

STRENGTHS = (0.3, 0.5, 1.0, 2.0, 4.0)
PAPER_LEVELS = FEATURES / "reference" / "task_attributes_frey_osborne.csv"


def priors(task: Task) -> dict[str, Design]:
    """How strong the prior is, where it is centred, how it is shared among the attributes."""
    F = task.features()[:, 1:]
    alone = [f"own {name}" for name in task.names]
    by_group = [a.group for a in task.data.catalogue]
    towards = np.array([0.0, *task.signs, -1.0])
    found = {"chosen teacher": linear(task.features()), "logistic regression, C=1": logistic(task)}
    for C in (0.3, 3.0):
        found[f"logistic regression, C={C:g}"] = logistic(task, C)
    for variance in STRENGTHS:
        if variance != 1.0:
            found[f"prior variance {variance:g}"] = linear(task.features(prior_variance=variance))
    found |= {
        "prior variance by inner 5-fold cross-validation": strength_by_cross_validation(F),
        "mean log-odds over five prior variances": average(
            *(linear(task.features(prior_variance=variance)) for variance in STRENGTHS)
        ),
        "averaged over the posterior (MacKay 1992), not its mode": averaged_over_posterior(task.features()),
        "bagged: 20 bootstrap samples of the labels": bagged(task.features()),
        "every attribute a group of its own": linear(task.features(groups=alone)),
        "Degree of Automation within routine cognitive work": linear(task.features(groups=by_group)),
        "mean log-odds of three feature maps (balanced or not, bottleneck or not)": average(
            linear(task.features()), linear(task.features(groups=alone)), linear(task.features(blocks=()))
        ),
    }
    for share in (0.25, 0.5, 1.0):
        name = f"prior centred {share:g} sd towards theory's sign"
        found[name] = linear(task.features(), share * towards)
    return found


def bottlenecks(task: Task) -> dict[str, Design]:
    """Which bottlenecks there are, and how the strongest is taken."""
    cramped, creative, social = task.blocks
    groups = task.data.catalogue.groups
    perception = task.columns(groups["perception_manipulation"])
    beyond = [task.columns(groups[f"nonroutine_{kind}"]) for kind in ("analytical", "interpersonal")]
    nine = [[column] for column in task.columns(FREY_OSBORNE_NINE)]
    levels = standardise(np.column_stack([task.Z[:, block].mean(axis=1) for block in task.blocks]))
    soft, two = logsumexp(levels, axis=1), np.sort(levels, axis=1)[:, 1:].mean(axis=1)
    pairs = np.column_stack([levels[:, i] * levels[:, j] for i, j in ((0, 1), (0, 2), (1, 2))])
    chosen = {"chosen: strongest of cramped space, creative, social": linear(task.features())}
    blocks = {
        "none": (),
        "creative, social": (creative, social),
        "cramped space, social": (cramped, social),
        "cramped space, creative": (cramped, creative),
        "all of perception and manipulation, creative, social": (perception, creative, social),
        "the three and non-routine cognitive work": (cramped, creative, social, *beyond),
        "any of the nine variables": nine,
    }
    columns = {
        "soft maximum (log-sum-exp) of the three": soft,
        "mean of the strongest two of the three": two,
        "products of the three, by pairs": pairs,
    }
    return (
        chosen
        | {name: linear(task.features(blocks=block)) for name, block in blocks.items()}
        | {name: linear(beside(task, column, "bottleneck", blocks=())) for name, column in columns.items()}
        | {
            "none; squares of all attributes beside them": linear(
                beside(task, task.Z**2, "squares", blocks=())
            )
        }
    )


def attribute_sets(task: Task, originals: Path | None) -> dict[str, Design]:
    """Which attributes there are, and on which scale."""
    names = task.names
    nine = task.columns(FREY_OSBORNE_NINE)
    own = names.index("degree_of_automation")
    theirs = [i for i in range(len(names)) if i not in nine and i != own]
    gauss = np.column_stack([norm.ppf((rankdata(x) - 0.5) / len(x)) for x in np.nan_to_num(task.X.T)])
    means = standardise(group_means(task))
    paper = load_catalogue(PAPER_CATALOGUE)
    level = load_attributes(PAPER_LEVELS, paper).reindex(task.data.X.index).to_numpy(dtype=float)
    instead, both = task.X.copy(), task.X.copy()
    instead[:, nine], both[:, nine] = level, (task.X[:, nine] + level) / 2
    found = {
        "chosen: 25 attributes, importance": linear(task.features()),
        "Frey & Osborne's nine": linear(subset(task, nine, task.blocks)),
        "Acemoglu & Autor's fifteen": linear(subset(task, theirs, ())),
        "the 24 of both, without Degree of Automation": linear(
            subset(task, sorted(nine + theirs), task.blocks)
        ),
        "ranks, normal scores": linear(task.features(gauss)),
        "means of the nine task groups alone": linear(
            task.features(means, [f"group {i}" for i in range(means.shape[1])], ())
        ),
        "means of the nine task groups beside the 25": linear(beside(task, means, "means")),
        "level instead of importance, Frey & Osborne's nine": linear(task.features(instead)),
        "mean of level and importance, the nine": linear(task.features(both)),
        "level beside importance, the nine": linear(beside(task, level, [task.groups[i] for i in nine])),
    }
    if originals:
        found |= with_originals(task, originals)
    return found


def with_originals(task: Task, originals: Path) -> dict[str, Design]:
    """Designs that need O*NET's other figures, which the repository does not hold."""
    means = onet_means(originals / "onet_20")
    rated = [a for a in task.data.catalogue if a.scale == "IM"]
    levels = Catalogue(
        attributes=tuple(a.model_copy(update={"scale": "LV", "range": (0.0, 7.0)}) for a in rated)
    )
    index = task.data.X.index
    level = levels.rescale(on_occupations(table_from_means(means, levels), index)).to_numpy(dtype=float)
    on = task.columns(levels.names)
    instead = task.X.copy()
    instead[:, on] = level
    used = means[means["scale"].isin(["IM", "CX", "CT"])]
    wide = used.pivot_table(index="soc", columns=["element_id", "scale"], values="value")
    whole = on_occupations(wide, index)
    everything = whole.loc[:, whole.notna().mean() > 0.9].to_numpy()
    n = everything.shape[1]
    groups = [f"element {i}" for i in range(n)]
    return {
        f"level instead of importance, all {len(on)} that have one": linear(task.features(instead)),
        f"level beside importance, all {len(on)} that have one": linear(
            beside(task, level, [task.groups[i] for i in on])
        ),
        f"all {n} elements of O*NET": linear(task.features(everything, groups, ())),
    }


def on_occupations(table: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """Return the rows of the reference occupations; a hybrid code takes the mean of its members."""
    members = load_occupations()["members"].reindex(index)
    whole = table.reindex(index).astype(float)
    for code in index[members != ""]:
        whole.loc[code] = table.reindex(members[code].split()).mean()
    return whole


def kernels(task: Task) -> dict[str, Design]:
    """Bent rather than linear: Gaussian kernels, graphs of neighbours."""
    F = task.features()[:, 1:]
    chosen = linear(task.features())
    squared = ((F[:, None, :] - F[None]) ** 2).sum(axis=2)
    bump = np.exp(-squared / len(task.names))
    found = {"chosen: linear": chosen}
    for size in (3.0, 10.0):
        found[f"linear and {size:g} x RBF kernel"] = kernel(1 + F @ F.T + size * bump)
    found["30 x RBF kernel alone"] = kernel(1 + 30 * bump)
    for share in (0.25, 0.5):
        found[f"log-odds pulled {share:g} towards the 10 nearest occupations"] = smoothed(F, chosen, share)
    found |= {
        "label spreading on the 10-nearest-neighbour graph": spread(F, "knn"),
        "label spreading, RBF kernel": spread(F, "rbf"),
    }
    return found


def beside(task: Task, more: np.ndarray, groups: str | list[str], blocks: object = None) -> np.ndarray:
    """Features of the attributes and more columns; a group's prior variance is shared among its members."""
    more = more.reshape(len(task.X), -1)
    extra = [groups] * more.shape[1] if isinstance(groups, str) else groups
    return task.features(np.column_stack([task.X, more]), [*task.groups, *extra], blocks)


def subset(task: Task, columns: list[int], blocks: object) -> np.ndarray:
    """Features of some attributes alone; `blocks` are columns of X."""
    place = {column: i for i, column in enumerate(columns)}
    moved = [[place[column] for column in block] for block in blocks]
    return task.features(task.X[:, columns], [task.groups[i] for i in columns], moved)


def group_means(task: Task) -> np.ndarray:
    """Mean of each task group's standardised attributes, turned by their signs; shape (n, 9)."""
    turned = task.Z * np.where(task.signs == 0, 1, task.signs)
    groups = np.array(task.groups)
    return np.column_stack([turned[:, groups == name].mean(axis=1) for name in dict.fromkeys(task.groups)])


def strength_by_cross_validation(F: np.ndarray) -> Design:
    """Prior variance with the least log-loss in five inner folds of the training labels."""

    def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        loss = []
        for variance in STRENGTHS:
            A = with_intercept(np.sqrt(variance) * F)
            held_out = cross_fitted(linear(A), rows, y)
            loss.append(log_loss(y, probability(held_out)))
        best = STRENGTHS[int(np.argmin(loss))]
        return linear(with_intercept(np.sqrt(best) * F))(rows, y)

    return design


def cross_fitted(design: Design, rows: np.ndarray, y: np.ndarray, folds: int = 5) -> np.ndarray:
    """Log-odds of each training row from a fit without it, shape (len(rows),)."""
    found = np.empty(len(rows))
    for fit, rest in StratifiedKFold(folds, shuffle=True, random_state=0).split(rows, y):
        found[rest] = design(rows[fit], y[fit])[rows[rest]]
    return found


def averaged_over_posterior(A: np.ndarray) -> Design:
    """Laplace's posterior averaged by MacKay's approximation (Bishop 2006, equation 4.153)."""

    def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        theta = posterior_mode(A[rows], y)
        p = expit(A[rows] @ theta)
        precision = (A[rows].T * (p * (1 - p))) @ A[rows] + np.eye(A.shape[1])
        variance = (A @ np.linalg.inv(precision) * A).sum(axis=1)
        return A @ theta / np.sqrt(1 + np.pi * variance / 8)

    return design


def bagged(A: np.ndarray, draws: int = 20) -> Design:
    """Mean log-odds over bootstrap samples of the labels, drawn within each class."""

    def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        rng, found = np.random.default_rng(0), np.zeros(len(A))
        for _ in range(draws):
            weight = np.zeros(len(y))
            for value in (0, 1):
                members = np.flatnonzero(y == value)
                weight[members] = rng.multinomial(len(members), np.full(len(members), 1 / len(members)))
            found += A @ posterior_mode(A[rows], y, weight) / draws
        return found

    return design


def kernel(K: np.ndarray) -> Design:
    """Posterior mode of a Gaussian process classifier with covariance K, shape (n, n)."""

    def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        # With K_rr = L L', K_r L^-T are features whose inner products are the kernel's.
        root = np.linalg.cholesky(K[np.ix_(rows, rows)] + 1e-8 * np.eye(len(rows)))
        A = np.linalg.solve(root, K[rows]).T
        return A @ posterior_mode(A[rows], y)

    return design


def smoothed(F: np.ndarray, teach: Design, share: float) -> Design:
    """Pull each occupation's log-odds towards the mean of its ten nearest."""
    near = NearestNeighbors(n_neighbors=11).fit(F).kneighbors(F, return_distance=False)[:, 1:]

    def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        f = teach(rows, y)
        return (1 - share) * f + share * f[near].mean(axis=1)

    return design


def spread(F: np.ndarray, how: str) -> Design:
    """Label spreading (Zhou et al. 2003) over all occupations."""

    def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        labels = np.full(len(F), -1)
        labels[rows] = y
        model = LabelSpreading(kernel=how, n_neighbors=10, gamma=1 / F.shape[1], alpha=0.5, max_iter=200)
        return log_odds(np.nan_to_num(model.fit(F, labels).label_distributions_[:, 1], nan=0.5))

    return design
