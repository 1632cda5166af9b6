"""The Dockerfile: the rules that a linter would check, and, where an engine runs, the image itself."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.checkout import PROJECT

_SPEC = importlib.util.spec_from_file_location("image_by_hand", Path(__file__).with_name("image_by_hand.py"))
image_by_hand = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(image_by_hand)
TEXT = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
# One instruction a line, continued lines joined, remarks left out.
LINES = [line for line in re.sub(r"\\\n\s*", " ", TEXT).splitlines() if line and not line.startswith("#")]


def instructions(name: str) -> list[str]:
    return [line.removeprefix(name).strip() for line in LINES if line.startswith(f"{name} ")]


def test_every_image_has_a_version():
    images = [text.split()[0] for text in instructions("FROM")]
    assert images
    assert all(":" in image and not image.endswith(":latest") and "slim" in image for image in images)


def test_what_runs_is_not_root():
    last = TEXT.rindex("\nFROM ")
    assert re.findall(r"^USER (\S+)", TEXT[last:], re.M) == ["10001"]
    assert TEXT.index("USER 10001") < TEXT.index("occurisk train") < TEXT.index("ENTRYPOINT")


def test_packages_come_without_what_they_do_not_need():
    for text in instructions("RUN"):
        if "apt-get install" in text:
            assert "--no-install-recommends" in text and "--yes" in text
            assert (
                text.index("apt-get update")
                < text.index("apt-get install")
                < text.index("rm -rf /var/lib/apt")
            )
        if "pip install" in text:
            assert "--no-cache-dir" in text
        assert "sudo" not in text and "curl" not in text


def test_nothing_is_added_that_the_wheel_does_not_need():
    assert not instructions("ADD")
    copied = {
        word for text in instructions("COPY") for word in text.split()[:-1] if not word.startswith("--")
    }
    named = set((PROJECT / ".dockerignore").read_text().split())
    assert copied - {"/wheel"} == {name.removeprefix("!") for name in named if name.startswith("!")}
    assert all((PROJECT / name).exists() for name in copied - {"/wheel"})


def test_commands_are_lists_so_that_signals_arrive():
    for name in ("ENTRYPOINT", "CMD"):
        assert all(text.startswith("[") for text in instructions(name))
    assert all(text.startswith("/") for text in instructions("WORKDIR"))


def test_what_is_gone_through_by_hand_are_the_steps_of_the_file():
    """`image_by_hand.py` reads its steps here: each must be found, and once."""
    first, last = image_by_hand.TEXT.split("\nFROM ")[1:]
    steps = image_by_hand.lines("RUN", first) + image_by_hand.lines("RUN", last)
    assert steps == instructions("RUN")
    assert sum(step.startswith("occurisk train") for step in steps) == 1
    assert len(image_by_hand.SERVE.findall(last)) == 1
    assert [words.split()[-1] for words in image_by_hand.lines("COPY", first)] == [
        "./",
        "src",
        "features",
        "configs",
    ]
    assert "pip install --no-cache-dir /wheel/*.whl" in last


@pytest.mark.slow
def test_the_image_scores_a_mounted_file(tmp_path):
    """Built only where a container engine runs; the registry of images must be within reach, too."""
    engine = shutil.which("docker") or shutil.which("podman")
    if not engine or subprocess.run([engine, "info"], capture_output=True, check=False).returncode:
        pytest.skip("needs a container engine that runs")
    subprocess.run([engine, "build", "-q", "-t", "occurisk-test", PROJECT], check=True)
    (tmp_path / "jobs.csv").write_text("isco,jobs\n2411,100\n4110,50\n5223,50\n", encoding="utf-8")
    tmp_path.chmod(0o777)
    command = [engine, "run", "--rm", "-v", f"{tmp_path}:/data", "occurisk-test"]
    subprocess.run([*command, "score", "jobs.csv", "--out", "scored", "--no-track"], check=True)
    assert (tmp_path / "scored" / "scored.csv").is_file()
