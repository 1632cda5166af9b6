"""The Dockerfile's steps where there is no container engine: its own lines, with folders in place of images.

    sudo .venv/bin/python tests/distribution/image_by_hand.py

It builds the wheel from what COPY takes and nothing else, installs it into an environment of its own, trains
as the user of the image, scores a file of somebody else's where what is installed cannot be written, and asks
the `serve` entry over HTTP. Left out is what only an engine could show: the base image, libgomp1, EXPOSE.
Needs root, to become the users that the image would have, and a package index. A few minutes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

PROJECT = Path(__file__).resolve().parents[2]
TEXT = re.sub(r"\\\n\s*", " ", (PROJECT / "Dockerfile").read_text(encoding="utf-8"))
SERVE = re.compile(r"printf '.*?' +> /usr/local/bin/serve")
SOMEBODY = 12345  # whom `docker run --user` names: nobody in the image knows this number
LIST = "isco,jobs\n2411,100\n4110,50\n5223,50\n9999,1\n"


def lines(name: str, text: str) -> list[str]:
    """Return the arguments of an instruction, in order."""
    return re.findall(rf"^{name} (.+)$", text, re.M)


def main() -> None:
    """Go through both stages; stop at the first step that fails."""
    if os.getuid():
        sys.exit("This needs root: it becomes the users that the image would have.")
    first, last = TEXT.split("\nFROM ")[1:]
    root = Path(tempfile.mkdtemp(prefix="image-"))
    root.chmod(0o755)
    try:
        wheel = build(root, first)
        bin_ = install(root, wheel)
        home, data = root / "home", root / "data"
        uid = int(lines("USER", last)[0])
        for folder, owner in ((home, uid), (data, SOMEBODY)):
            folder.mkdir()
            os.chown(folder, owner, owner)
        serve = entry(root, last)
        named = dict(pair.split("=", 1) for text in lines("ENV", last) for pair in text.split())
        setting = {name: value.replace("/home/occurisk", str(home)) for name, value in named.items()}
        setting |= {"PATH": f"{bin_}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
        (train,) = (text for text in lines("RUN", last) if text.startswith("occurisk train"))
        say("train", "as the user of the image")
        call(["sh", "-c", train.replace("/home/occurisk", str(home))], setting, uid, home)
        score(bin_, setting, data)
        answer(serve, setting, uid, data)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print("All steps of the Dockerfile that need no engine went through.")


def build(root: Path, stage: str) -> Path:
    """Build the wheel from what the first stage copies; return it."""
    source = root / "source"
    source.mkdir()
    for words in map(str.split, lines("COPY", stage)):
        for name in words[:-1]:
            to = source / (words[-1] if words[-1] != "./" else name)
            if (PROJECT / name).is_dir():
                shutil.copytree(PROJECT / name, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(PROJECT / name, to)
    setting = {"PATH": f"{environment(root / 'builder')}:/usr/bin:/bin", "HOME": str(root)}
    for text in lines("RUN", stage):
        say("wheel", text)
        call(["sh", "-c", text.replace("/wheel", str(root / "wheel"))], setting, 0, source)
    return next((root / "wheel").glob("*.whl"))


def install(root: Path, wheel: Path) -> Path:
    """Install the wheel as the second stage does; return its folder of commands. Nobody may write there."""
    bin_ = environment(root / "image")
    say("install", wheel.name)
    call([bin_ / "pip", "install", "--no-cache-dir", "--quiet", wheel], {"HOME": str(root)}, 0, root)
    call(["chmod", "-R", "a-w,a+rX", root / "image"], {}, 0, root)
    return bin_


def environment(folder: Path) -> Path:
    """Make a virtual environment of the image's Python, or of this one's; return its folder of commands."""
    version = re.search(r"FROM python:(\d+\.\d+)", TEXT)[1]
    places = [shutil.which(f"python{version}"), "/usr/bin/python3", sys.executable]
    python = next(place for place in places if place and for_everybody(place))
    call([python, "-m", "venv", folder], {}, 0, folder.parent)
    return folder / "bin"


def for_everybody(python: str) -> bool:
    """Tell whether others than root may run a Python; a version manager's stand in root's own folder."""
    try:
        command = [python, "-c", "import venv"]
        done = subprocess.run(command, check=False, capture_output=True, user=SOMEBODY, cwd="/")
    except PermissionError:
        return False
    return done.returncode == 0


def entry(root: Path, stage: str) -> Path:
    """Write the `serve` entry by the stage's own printf; return it."""
    place = root / "serve"
    (text,) = SERVE.findall(stage)
    call(["sh", "-c", text.replace("/usr/local/bin/serve", str(place))], {}, 0, root)
    place.chmod(0o755)
    return place


def score(bin_: Path, setting: dict[str, str], data: Path) -> None:
    """Score a mounted file as somebody whom the image does not know."""
    (data / "jobs.csv").write_text(LIST, encoding="utf-8")
    say("score", "a mounted file, as a user whom the image does not know")
    command = [bin_ / "occurisk", "score", "jobs.csv", "--out", "scored", "--no-track"]
    call(command, setting, SOMEBODY, data)
    totals = json.loads((data / "scored" / "intake.json").read_text(encoding="utf-8"))["totals"]
    assert (totals["rows_in"], totals["rows_scored"]) == (4, 3), totals
    assert (data / "scored" / "scored.csv").stat().st_uid == SOMEBODY


def answer(serve: Path, setting: dict[str, str], uid: int, data: Path) -> None:
    """Start the `serve` entry on a free port, and ask it for a code."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    serve.write_text(serve.read_text().replace("--port 5001", f"--port {port}"))
    say("serve", "over HTTP")
    child = subprocess.Popen([serve], env=setting, cwd=data, user=uid, group=uid, start_new_session=True)
    try:
        asked = json.dumps({"dataframe_records": [{"code": "43-9021"}, {"code": "2411"}]}).encode()
        request = Request(f"http://127.0.0.1:{port}/invocations", asked, {"Content-Type": "application/json"})
        for _ in range(240):
            try:
                with urlopen(request) as reply:  # noqa: S310
                    found = json.load(reply)["predictions"]
                break
            except (URLError, ConnectionError):
                assert child.poll() is None, "the entry ended"
                time.sleep(0.5)
        assert [row["match"] for row in found] == ["exact", "crosswalk"], found
        assert all(0 < row["lower"] <= row["probability"] <= row["upper"] < 1 for row in found)
    finally:
        os.killpg(child.pid, 15)
        child.wait(30)


def call(command: list, setting: dict[str, str], uid: int, cwd: Path) -> None:
    """Run a step as somebody; nothing of this shell's environment is handed on but the package index."""
    index = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    known = {"PATH": os.environ["PATH"], **index, **setting}
    who = {"user": uid, "group": uid, "extra_groups": []} if uid else {}
    subprocess.run([str(word) for word in command], check=True, cwd=cwd, env=known, **who)


def say(step: str, what: str) -> None:
    """Print the step that begins."""
    print(f"{step:8} {what}", flush=True)


if __name__ == "__main__":
    main()
