"""Contributions: additive, equal to shap's, and to Shapley values counted out by hand."""

import re
from itertools import permutations
from types import SimpleNamespace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from helpers.explained import reference, reference_explained
from helpers.trained import default_bundle
from occurisk.errors import OccuriskError
from occurisk.explanation.explained_list import explain_list
from occurisk.explanation.identifiability import identifiability
from occurisk.explanation.interactions import interactions
from occurisk.explanation.similar_work import similar_work
from occurisk.explanation.smallest_change import load_actionable, nearest_limit, smallest_changes
from occurisk.explanation.tree_leaves import read_leaves
from occurisk.explanation.words import load_phrases
from occurisk.model.contributions import explain
from occurisk.model.label_error import NO_ERRORS, PanelLink
from occurisk.probabilities import Bands, expit, logit
from occurisk.training_data.catalogue import load_catalogue

ADDITIVE = 1e-9
CATALOGUE = load_catalogue()
THREE = ["repeating_same_tasks", "originality", "finger_dexterity"]  # signs +1, -1, none


def small_model(seed=0, rounds=12, leaves=6, missing=False, signs=(0, 0, 0)):
    """A booster on three attributes, with interactions; optionally trained on gaps."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.random((300, 3)), columns=THREE)
    z = 3 * X[THREE[0]] - 3 * X[THREE[1]] + 4 * X[THREE[0]] * (X[THREE[2]] > 0.5) - 1
    if missing:
        X = X.mask(rng.random(X.shape) < 0.15)
    params = {
        "objective": "regression",
        "num_leaves": leaves,
        "learning_rate": 0.3,
        "min_data_in_leaf": 5,
        "verbosity": -1,
        "seed": seed,
        "monotone_constraints": list(signs),
        "num_threads": 1,
    }
    booster = lgb.train(params, lgb.Dataset(X, label=z, params={"verbosity": -1}), rounds)
    return SimpleNamespace(booster_=booster, replica_boosters_=[], link=NO_ERRORS), X


def expected_given(node, x, known):
    """Expected score of a tree when only the attributes in `known` are revealed: TreeSHAP's own game."""
    if "split_feature" not in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return expected_given(left if x[node["split_feature"]] <= node["threshold"] else right, x, known)
    count = [child.get("internal_count", child.get("leaf_count")) for child in (left, right)]
    parts = [expected_given(child, x, known) for child in (left, right)]
    return float(np.average(parts, weights=count))


def shapley_by_hand(booster, x):
    """Average what each attribute adds over all orders of revealing them."""
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    values = np.zeros(len(x))
    orders = list(permutations(range(len(x))))
    for order in orders:
        known = set()
        before = sum(expected_given(tree, x, known) for tree in trees)
        for j in order:
            known.add(j)
            after = sum(expected_given(tree, x, known) for tree in trees)
            values[j] += (after - before) / len(orders)
            before = after
    return values


def test_contributions_are_shapley_values_counted_by_hand():
    model, X = small_model()
    found = explain(model, X.head(5)).contributions.to_numpy()
    for row, x in zip(found, X.head(5).to_numpy(), strict=True):
        assert row == pytest.approx(shapley_by_hand(model.booster_, x), abs=1e-9)


@pytest.mark.slow
def test_base_and_contributions_add_up_to_the_log_odds():
    bundle, explanation = default_bundle(), reference().explanation
    raw = bundle.model.booster_.predict(bundle.attributes.to_numpy(), raw_score=True)
    assert explanation.log_odds.to_numpy() == pytest.approx(raw, abs=ADDITIVE)
    p = bundle.model.predict_proba(bundle.attributes)[:, 1]
    assert explanation.probability.to_numpy() == pytest.approx(p, abs=ADDITIVE)


def test_contributions_equal_shap_tree_explainer():
    shap = pytest.importorskip("shap")
    bundle = default_bundle()
    outside = shap.TreeExplainer(bundle.model.booster_)
    X = bundle.attributes.head(40)
    ours = reference().explanation.select(X.index)
    assert ours.contributions.to_numpy() == pytest.approx(outside.shap_values(X.to_numpy()), abs=ADDITIVE)
    assert ours.base == pytest.approx(float(np.ravel(outside.expected_value)[0]), abs=ADDITIVE)


def test_groups_and_shares_add_up_too():
    explanation = reference().explanation
    groups = explanation.by_group(CATALOGUE)
    assert explanation.base + groups.sum(axis=1).to_numpy() == pytest.approx(explanation.log_odds.to_numpy())
    shares = explanation.shares().dropna()
    assert len(shares) > 800
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1.0)


def test_the_waterfall_ends_at_the_probability_largest_step_first():
    explanation = reference().explanation
    steps = explanation.waterfall("43-9021")
    assert steps["contribution"].abs().is_monotonic_decreasing
    assert steps["probability"].iloc[-1] == pytest.approx(explanation.probability["43-9021"])
    whole = steps["probability_change"].sum()
    assert explanation.link.probability(explanation.base) + whole == pytest.approx(
        explanation.probability["43-9021"]
    )


def test_columns_may_come_in_any_order():
    model, X = small_model()
    swapped = explain(model, X[THREE[::-1]])
    pd.testing.assert_frame_equal(swapped.contributions, explain(model, X).contributions)


def test_spread_brackets_and_flags_what_replicas_disagree_on():
    models = [small_model(seed=seed)[0].booster_ for seed in range(20)]
    model, X = small_model()
    flipped = SimpleNamespace(booster_=model.booster_, replica_boosters_=models, link=NO_ERRORS)
    found = explain(flipped, X.head(30))
    lower, upper = found.intervals()
    assert (lower <= upper).all().all()
    by_hand = np.stack([m.predict(X.head(30), pred_contrib=True)[:, :-1] for m in models])
    assert found.sd().to_numpy() == pytest.approx(by_hand.std(axis=0, ddof=1), abs=1e-5)
    same = (np.sign(by_hand) == np.sign(found.contributions.to_numpy())).mean(axis=0)
    assert (found.stable().to_numpy() == (same >= 0.9)).all()
    assert not found.stable().all().all()
    assert explain(flipped, X, replicas=7).replicas.shape == (7, 300, 3)


def test_without_replicas_nothing_is_claimed_about_stability():
    model, X = small_model()
    found = explain(model, X.head(3))
    assert found.stable().all().all()
    assert found.sd().isna().all().all() and found.intervals()[0].isna().all().all()


def test_a_mix_is_the_weighted_mean_in_log_odds():
    explanation = reference().explanation
    members = pd.DataFrame({"code": ["4131"] * 2, "soc": ["43-9021", "43-9022"], "weight": [1, 3]})
    mixed = explanation.mix(members)
    z = explanation.log_odds
    assert mixed.log_odds["4131"] == pytest.approx(0.25 * z["43-9021"] + 0.75 * z["43-9022"])
    both = explanation.select(pd.Index(["43-9021", "43-9022"])).replicas
    assert mixed.replicas[:, 0] == pytest.approx(0.25 * both[:, 0] + 0.75 * both[:, 1], abs=1e-5)


def test_importance_ranks_and_states_theory():
    table = reference().explanation.importance(CATALOGUE)
    assert table["importance"].is_monotonic_decreasing
    assert table.loc["originality", "sign"] == -1
    signed = table[(table["sign"] != 0) & (table["importance"] > 0)]
    # Monotone constraints: value and contribution rise together, or against each other, as theory says.
    assert (np.sign(signed["slope"]) == signed["sign"]).all()


def test_interactions_find_the_planted_pair():
    model, X = small_model(rounds=60)
    pairs = interactions(model, X, top=3)
    assert set(pairs.loc[0, ["first", "second"]]) == {THREE[0], THREE[2]}
    assert pairs["interaction"].is_monotonic_decreasing


# Boxes and the search over them


@pytest.mark.parametrize("missing", [False, True])
def test_leaves_score_as_lightgbm_does(missing):
    model, X = small_model(missing=missing)
    leaves = read_leaves(model.booster_)
    raw = model.booster_.predict(X.to_numpy(), raw_score=True)
    assert [leaves.score(x) for x in X.to_numpy()] == pytest.approx(raw, abs=1e-12)


def test_leaves_refuse_what_they_cannot_express():
    X = np.random.default_rng(0).integers(0, 4, (200, 1))
    data = lgb.Dataset(X, label=(X[:, 0] == 2) * 1.0, categorical_feature=[0], params={"verbosity": -1})
    booster = lgb.train({"verbosity": -1, "min_data_in_leaf": 2, "min_data_per_group": 1}, data, 3)
    with pytest.raises(ValueError, match="x <= threshold"):
        read_leaves(booster)


def cheapest_by_hand(model, leaves, X, x, bands):
    """Try every value just past a split, for one and for two attributes; return (distance, direction)."""
    names, sd = leaves.names, X.std(ddof=0).to_numpy()
    low, high = X.min().to_numpy(), X.max().to_numpy()
    score = model.booster_.predict(x[None], raw_score=True)[0]
    limit, direction = nearest_limit(score, bands)
    options = []
    for j, name in enumerate(names):
        sign = CATALOGUE[name].sign * direction
        # Importance and context run from 1 to 5: a quarter of a point to one point away, one decimal.
        values = [(tenth / 10 - 1) / 4 for tenth in range(10, 51)]
        values = [v for v in values if 0.25 <= 4 * abs(v - x[j]) <= 1 and (v - x[j]) * sign >= 0]
        values.append(x[j])
        options.append([v for v in values if v == x[j] or low[j] <= v <= high[j]] or [x[j]])
    tries = []
    for j in range(len(names)):
        for k in range(j + 1, len(names)):
            for a in options[j]:
                for b in options[k]:
                    y = x.copy()
                    y[j], y[k] = a, b
                    tries.append(y)
    tries = np.array(tries)
    p = expit(model.booster_.predict(tries, raw_score=True))
    there = p >= limit if direction > 0 else p < limit
    distance = np.nansum(np.abs(tries - x) / sd, axis=1)
    return (distance[there].min() if there.any() else np.nan), direction


@pytest.mark.parametrize(("seed", "missing"), [(0, False), (1, False), (2, True)])
def test_the_smallest_change_is_the_smallest_of_all(seed, missing):
    model, X = small_model(seed=seed, missing=missing, rounds=8)
    leaves, bands = read_leaves(model.booster_), Bands()
    some = X.sample(25, random_state=seed)
    found = smallest_changes(leaves, some, X, CATALOGUE, bands, actionable=THREE)
    for i, x in enumerate(some.to_numpy()):
        distance, direction = cheapest_by_hand(model, leaves, X, x, bands)
        row = found.iloc[i]
        assert row["direction"] == direction
        assert row["found"] == (not np.isnan(distance))
        assert row["distance"] == pytest.approx(distance, nan_ok=True)
    assert found["found"].any()


def test_a_change_does_what_it_says_and_obeys_theory():
    bundle, changes = default_bundle(), reference().changes
    X, low, high = bundle.attributes, bundle.attributes.min(), bundle.attributes.max()
    found = changes[changes["found"]]
    moved = X.loc[found.index].copy()
    for code, row in found.iterrows():
        for i in (1, 2):
            if name := row[f"attribute_{i}"]:
                step = row[f"to_{i}"] - row[f"from_{i}"]
                assert row[f"from_{i}"] == X.at[code, name]
                assert CATALOGUE[name].sign in (0, np.sign(step) * row["direction"])
                assert low[name] <= row[f"to_{i}"] <= high[name]
                moved.at[code, name] = row[f"to_{i}"]
    p = bundle.model.predict_proba(moved)[:, 1]
    assert p == pytest.approx(found["probability"].to_numpy())
    up = (found["direction"] > 0).to_numpy()
    assert (p[up] >= found["limit"].to_numpy()[up]).all()
    assert (p[~up] < found["limit"].to_numpy()[~up]).all()
    assert len(found) > 400


def test_a_change_that_is_printed_crosses_the_limit_when_it_is_put_into_the_model():
    """What a reader can do: take the sentence's rounded ratings, score anew."""
    bundle, explained = default_bundle(), reference_explained()
    changes, words = explained.changes, explained.words("en")["change"]
    labels = {load_phrases("en").phrase(name).label: name for name in bundle.catalogue.names}
    said, moved = [], bundle.attributes.copy()
    for code in changes.index[changes["found"]]:
        moves = re.findall(r"(?: with | and )([^.]+?) at (\d\.\d) of 5 instead of (\d\.\d)", words[code])
        assert 1 <= len(moves) <= 2
        for label, new, old in moves:
            assert abs(float(new) - float(old)) > 0.15, words[code]
            moved.at[code, labels[label]] = (float(new) - 1) / 4
        said.append(code)
    p = pd.Series(bundle.model.predict_proba(moved.loc[said])[:, 1], index=said)
    goal, up = changes.loc[said, "limit"].astype(float), changes.loc[said, "direction"] > 0
    assert (p[up] >= goal[up]).all() and (p[~up] < goal[~up]).all()


def test_what_can_be_acted_on_comes_first():
    model, X = small_model(rounds=8)
    leaves, some = read_leaves(model.booster_), X.sample(40, random_state=3)
    free = smallest_changes(leaves, some, X, CATALOGUE, actionable=THREE)
    first = smallest_changes(leaves, some, X, CATALOGUE, actionable=["originality"])
    alone = first["found"] & (first["attribute_1"] == "originality") & (first["attribute_2"] == "")
    assert alone.sum() > (free["attribute_1"].eq("originality") & free["attribute_2"].eq("")).sum()
    assert (first["found"] == free["found"]).all()
    assert (first["distance"].fillna(0) >= free["distance"].fillna(0) - 1e-12).all()


def test_an_accountant_is_not_sent_to_the_arts():
    change = reference().changes.loc["13-2011"]
    assert not {change["attribute_1"], change["attribute_2"]} & {"fine_arts", "finger_dexterity"}
    assert load_actionable() < set(CATALOGUE.names)


def test_no_change_within_range_is_an_answer():
    changes = reference().changes
    nothing = changes[~changes["found"].astype(bool)]
    assert len(nothing)
    assert nothing["distance"].isna().all() and (nothing["attribute_1"] == "").all()


@pytest.mark.parametrize(
    ("p", "expected"), [(0.7, (0.7, -1)), (0.29, (0.3, 1)), (0.31, (0.3, -1)), (0.69, (0.7, 1))]
)
def test_the_nearest_limit(p, expected):
    assert nearest_limit(float(logit(p)), Bands()) == expected
    # Where experts err, a limit of the printed probability lies further out in log-odds.
    link = PanelLink.of(0.1, [0.1])
    assert nearest_limit(float(link.log_odds(p)), Bands(), link) == expected


# Neighbours and identifiability


def test_neighbours_are_nearest_lower_and_not_oneself():
    X = pd.DataFrame({"a": [0.0, 0.1, 0.2, 1.0, np.nan], "b": [0.0, 0.0, 0.0, 1.0, 0.0]}, index=list("pqrst"))
    p = pd.Series([0.9, 0.85, 0.5, 0.1, 0.3], index=X.index)
    found = similar_work(X, p, X, p, count=2, exclude=pd.DataFrame({"code": ["q"], "soc": ["r"]}))
    # t lacks attribute a: it is compared by b alone, where it equals p.
    assert found.loc[found["code"] == "p", "neighbour"].tolist() == ["t", "r"]
    assert "r" not in found.loc[found["code"] == "q", "neighbour"].tolist()
    sd = X.std(ddof=0)
    r = found[(found["code"] == "p") & (found["neighbour"] == "r")].iloc[0]
    assert r["distance"] == pytest.approx(np.sqrt((0.2 / sd["a"]) ** 2 / 2))
    assert not (found["code"] == "s").any()


def test_similar_work_is_clearly_lower_near_and_no_residual():
    explained = reference_explained()
    near, p = explained.neighbours, explained.rows["probability"]
    before = p.loc[near["code"]].to_numpy()
    after = near["probability"].to_numpy()
    bands = explained.reference.bands
    assert ((after <= before - 0.2) | ((after <= before - 0.1) & (bands.of(after) != bands.of(before)))).all()
    assert not near["title"].str.contains("All Other").any()
    assert near["distance"].max() <= 1
    without = explained.rows.index.difference(near["code"])
    assert len(without) and (explained.words("en").loc[without, "neighbours"] == "").all()


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_a_list_without_any_similar_work_is_put_into_words(language):
    least = default_bundle().reference.nsmallest(1, "probability")
    explained = explain_list(least, reference())
    assert explained.neighbours.empty
    said = explained.words(language)
    assert said["neighbours"].tolist() == [""] and said["text"].iloc[0]


def test_neighbours_of_an_explained_list_are_current_occupations():
    explained = reference_explained()
    status = explained.reference.occupations["status"]
    assert (status.loc[explained.neighbours["neighbour"]] == "soc2010").all()
    gap = explained.rows["probability"].loc[explained.neighbours["code"]].to_numpy()
    assert (gap - explained.neighbours["probability"].to_numpy() >= 0.1 - 1e-9).all()


def test_identifiability_names_blocks_and_attributes_that_say_nothing_alone():
    found = reference().identifiability
    assert ("manual_dexterity", "using_hands") in found.blocks
    assert any({"negotiation", "persuasion"} <= set(block) for block in found.blocks)
    assert (found.correlations["correlation"].abs() >= 0.8).all()
    assert found.alone.loc["spatial_orientation", "near_half"]
    assert not found.alone.loc["degree_of_automation", "near_half"]


def test_auc_alone_equals_sklearn():
    from sklearn.metrics import roc_auc_score

    bundle = default_bundle()
    y = bundle.reference["label"].dropna()
    found = identifiability(bundle.attributes, y).alone["auc"]
    for name in ("originality", "repeating_same_tasks", "analyzing_data"):
        expected = roc_auc_score(y, bundle.attributes.loc[y.index, name])
        assert found[name] == pytest.approx(expected)


# Explained lists


def test_a_list_with_an_unknown_member_is_refused():
    rows = default_bundle().reference.head(1).set_axis(["9999"])
    members = pd.DataFrame({"code": ["9999"], "soc": ["99-9999"], "weight": [1.0]})
    with pytest.raises(OccuriskError, match="cannot be explained"):
        explain_list(rows, reference(), members)


def test_a_list_without_a_needed_column_is_refused():
    with pytest.raises(OccuriskError, match="First: stability"):
        explain_list(default_bundle().reference.drop(columns="stability"), reference())
