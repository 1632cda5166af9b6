"""Configurations are frozen and checked."""

import numpy as np
import pytest
import yaml

from occurisk.errors import SettingsError
from occurisk.model.settings import load_settings
from occurisk.paths import CONFIGS
from occurisk.probabilities import Bands


@pytest.fixture
def document():
    return yaml.safe_load((CONFIGS / "train.yaml").read_text())


def write(folder, document):
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize("name", ["train.yaml", "frey_osborne_2013.yaml"])
def test_every_configuration_of_ours_loads_and_points_to_files(name):
    settings = load_settings(CONFIGS / name)
    for path in (settings.catalogue, settings.attributes, settings.labels):
        assert path.is_absolute()
        assert path.is_file()
    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 1


def test_paths_are_relative_to_the_file(tmp_path, document):
    settings = load_settings(write(tmp_path, document | {"labels": "here.csv"}))
    assert settings.labels == (tmp_path / "here.csv").resolve()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sede": 1}, "sede: Extra inputs are not permitted"),
        ({"seed": "many"}, "seed: Input should be a valid integer.*'many'"),
        ({"bands": {"high": 0.2, "low": 0.3}}, "0 < low < high < 1, got low 0.3, high 0.2"),
        ({"bands": {"high": 1.2, "low": 0.3}}, "0 < low < high < 1, got low 0.3, high 1.2"),
        ({"bands": {"high": 0.7, "lo": 0.3}}, "bands.lo: .*[Uu]nexpected"),
        ({"bands": {"high": "much", "low": 0.3}}, "bands.high: Input should be a valid number.*'much'"),
        ({"name": "../up"}, "name: String should match pattern"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, document, change, message):
    with pytest.raises(SettingsError, match=f"1 setting breaks the rules(.|\n)*{message}"):
        load_settings(write(tmp_path, document | change))


def test_what_is_no_configuration_is_refused(tmp_path):
    for text, message in (("- a list", "is not a configuration"), ("a: [", "is not valid YAML")):
        (tmp_path / "x.yaml").write_text(text)
        with pytest.raises(SettingsError, match=message):
            load_settings(tmp_path / "x.yaml")
    with pytest.raises(SettingsError, match="Cannot read"):
        load_settings(tmp_path / "absent.yaml")


def test_bands_follow_frey_and_osborne_at_the_thresholds():
    # 2017, section 5: high means p >= 0.7, low means p < 0.3
    assert Bands().of(np.array([0.0, 0.2999, 0.3, 0.6999, 0.7, 1.0])).tolist() == [
        "low", "low", "medium", "medium", "high", "high",
    ]  # fmt: skip


def test_the_former_name_of_the_nominal_level_is_read(tmp_path, document):
    assert document["model"].pop("nominal") == 0.9
    document["model"]["coverage"] = 0.8
    assert load_settings(write(tmp_path, document)).model.nominal == 0.8
