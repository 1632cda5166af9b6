"""The model card: what it claims of labels and attributes comes from the data."""

from pathlib import Path

import pandas as pd

from occurisk.model.bundles.model_card import HeldOut, model_card
from occurisk.model.training import load_data

DATA = load_data()
SCORES = pd.DataFrame({"lower": [0.1], "upper": [0.3], "stability": ["robustly low"]})


def own_data(tmp_path: Path, **files: str):
    """The default data, other files in place of some."""
    digests = DATA.digests | {"sha256": dict(DATA.digests["sha256"]), "labelled": 30}
    changes = {}
    for name, text in files.items():
        changes[name] = tmp_path / f"{name}.csv"
        changes[name].write_text(text)
        digests["sha256"][name] = "0" * 64
    return DATA.settings.model_copy(update=changes), digests


def test_the_default_card_names_its_sources():
    card = model_card(DATA.settings, DATA.digests, SCORES)
    for text in ("70 hand labels", "doubt of 70 labels", "O*NET 20.3", "CC BY 4.0", "Frey & Osborne (2017)"):
        assert text in card
    assert "Technology vintage: 2013" in card
    assert "Not evaluated in this run" in card


def test_a_card_claims_nothing_of_the_users_own_files(tmp_path):
    settings, digests = own_data(tmp_path, labels="code,label\n", attributes="code\n")
    card = model_card(settings, digests, SCORES, HeldOut({}, "good", "calibrated"))
    assert "30 hand labels" in card and "doubt of 30 labels" in card
    assert "`labels.csv`, your own labels" in card and "`attributes.csv`, your own table" in card
    for text in ("O*NET 20.3", "CC BY", "Oxford", "doi:10.1016/j.techfore", "vintage: 2013", "seventy"):
        assert text not in card
    assert "\ngood\n" in card and "\ncalibrated\n" in card
    assert str(tmp_path) not in card
