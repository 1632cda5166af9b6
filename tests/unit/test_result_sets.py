"""A set of results is complete or not there, and nothing of the user's own is ever touched."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.checkout import SCRIPTS
from helpers.trained import default_bundle
from occurisk.cli.explain import explain
from occurisk.cli.national import national
from occurisk.cli.score import score
from occurisk.errors import OutputError
from occurisk.result_sets import result_set, settle, written

REGISTER = "code,employment\n43-9021,1\n11-1011,2\n29-1141,3\n"


def contents(folder):
    """Every file below a folder, by its name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def put(out, files, kind="score", replace=False):
    with result_set(out, kind, replace=replace) as results:
        for name, text in files.items():
            (results.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (results.folder / name).write_text(text)


def run(command, *arguments):
    default_bundle()
    done = CliRunner().invoke(command, [str(a) for a in arguments])
    return done.exit_code, done.exception


def test_force_never_removes_what_occurisk_did_not_write(tmp_path):
    out, registry = tmp_path / "d", tmp_path / "r.csv"
    registry.write_text(REGISTER)
    out.mkdir()
    mine = {"intake.csv": "mine", "lineage.xlsx": "mine", "scored.parquet": "mine", "notes/a.txt": "mine"}
    for name, text in mine.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(text)
    for force in ([], ["--force"], ["--force", "--format", "excel"]):
        code, problem = run(score, registry, "--out", out, "--no-track", *force)
        assert code == 0, problem
    after = contents(out)
    assert {name: after[name].decode() for name in mine} == mine
    assert "scored.csv" not in after  # of the runs before, which were on the list
    assert "scored.xlsx" in after


def test_an_input_inside_the_folder_of_results_is_refused_before_anything_is_touched(tmp_path):
    out = tmp_path / "d"
    (out / "deep").mkdir(parents=True)
    for name in ("intake.csv", "deep/jobs.csv", "map.csv"):
        (out / name).write_text(REGISTER)
    (tmp_path / "r.csv").write_text(REGISTER)
    (tmp_path / "link.csv").symlink_to(out / "intake.csv")
    before = contents(out)
    for arguments in (
        (score, out / "intake.csv", "--out", out, "--force", "--no-track"),
        (score, out / "deep/jobs.csv", "--out", out, "--no-track"),
        (score, tmp_path / "link.csv", "--out", out, "--force", "--no-track"),
        (score, tmp_path / "r.csv", "--out", out, "--crosswalk", out / "map.csv", "--no-track"),
        (national, out / "intake.csv", "--out", out),
    ):
        _, problem = run(*arguments)
        assert isinstance(problem, OutputError)
        assert "lie in the folder" in str(problem)
        assert contents(out) == before


def test_figures_never_overwrite_the_registry(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(REGISTER)
    for command in ((score, path, "--out", tmp_path / "o", "--no-track"), (national, path)):
        assert isinstance(run(*command, "--json", path)[1], OutputError)
    assert path.read_text() == REGISTER


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_name_taken_by_the_user_is_refused(tmp_path, force):
    (tmp_path / "r.csv").write_text(REGISTER)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "lineage.csv").write_text("mine")
    _, problem = run(score, tmp_path / "r.csv", "--out", tmp_path / "d", "--no-track", *force)
    assert "no earlier run lists as its own" in str(problem)
    assert contents(tmp_path / "d") == {"lineage.csv": b"mine"}


def test_a_result_that_was_worked_on_is_not_replaced(tmp_path):
    put(tmp_path, {"scored.csv": "old", "intake.md": "x"})
    (tmp_path / "scored.csv").write_text("mended by hand")
    with pytest.raises(OutputError, match="changed after occurisk wrote"):
        put(tmp_path, {"scored.csv": "new"}, replace=True)
    (tmp_path / "intake.md").write_text("x")
    assert (tmp_path / "scored.csv").read_text() == "mended by hand"


@pytest.mark.slow
@pytest.mark.covered_elsewhere
def test_other_commands_keep_the_users_files_too(tmp_path):
    (tmp_path / "r.csv").write_text(REGISTER)
    for command, name in (
        ((national, tmp_path / "r.csv", "--no-track", "--out"), "national.html"),
        ((explain, "43-9021", "--png"), "waterfall_43-9021.png"),
    ):
        out = tmp_path / command[0].name
        out.mkdir()
        (out / name).write_text("mine")
        assert isinstance(run(*command, out)[1], OutputError)
        assert contents(out) == {name: b"mine"}
        (out / name).unlink()
        (out / "notes.txt").write_text("mine")
        assert run(*command, out) == (0, None) == run(*command, out)
        assert (out / "notes.txt").read_text() == "mine"
        assert name in contents(out)


def test_sets_of_different_kinds_share_a_folder(tmp_path):
    put(tmp_path, {"scored.csv": "s"})
    put(tmp_path, {"figures/a.png": "a", "b.html": "b"}, "national")
    put(tmp_path, {"c.html": "c"}, "national", replace=True)
    assert set(contents(tmp_path)) == {
        "scored.csv",
        "manifest.score.json",
        "c.html",
        "manifest.national.json",
    }
    assert not (tmp_path / "figures").exists()
    assert written(tmp_path, "score") == ["scored.csv"]


def test_a_list_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("x")
    out = tmp_path / "out"
    put(out, {"a": "1"})
    text = (out / "manifest.score.json").read_text().replace('"a"', '"../victim"')
    (out / "manifest.score.json").write_text(text)
    with pytest.raises(OutputError):  # `a` is nobody's now
        put(out, {"a": "2"}, replace=True)
    put(out, {"b": "2"}, replace=True)
    assert victim.read_text() == "x"


OLD = {"scored.csv": "old", "unscored.csv": "old", "gone/x": "old"}
NEW = {"scored.csv": "new", "more.csv": "new", "deep/y": "new"}


def killed_at(out, step):
    """Replace a set and die at the n-th change of the folder; tell whether it died."""
    child = os.fork()
    if not child:
        left = [step]

        def dying(real):
            def call(*arguments, **options):
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **options)

            return call

        for name in ("replace", "rename", "unlink", "rmdir", "mkdir"):
            setattr(os, name, dying(getattr(os, name)))
        put(out, NEW, replace=True)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def test_a_run_killed_at_any_step_leaves_one_whole_set(tmp_path):
    step, sets = 0, []
    while True:
        step += 1
        out = tmp_path / str(step)
        put(out, OLD)
        (out / "mine.txt").write_text("mine")
        if not killed_at(out, step):
            break
        settle(out)
        after = contents(out)
        assert after.pop("mine.txt") == b"mine"
        found = {n: t.decode() for n, t in after.items() if n[0] != "." and not n.startswith("manifest.")}
        assert found in (OLD, NEW)
        sets.append(found == NEW)
        put(out, {"last": "1"}, replace=True)
        assert set(contents(out)) == {"last", "mine.txt", "manifest.score.json"}
        assert sorted(p.name for p in out.iterdir()) == ["last", "manifest.score.json", "mine.txt"]
    assert any(sets)
    assert not all(sets)
    assert sets == sorted(sets)  # old, and from one step on new


def _hold(out, times, together):
    together.wait()
    for _ in range(times):
        try:
            with result_set(Path(out), "score", replace=True) as results:
                # Whoever holds the folder is alone in it.
                with open(Path(out) / "alone", "x"):
                    pass
                (results.folder / "a").write_text("1")
                os.unlink(Path(out) / "alone")
        except OutputError as problem:
            if "Another run" not in str(problem):
                os._exit(1)
    os._exit(0)


def test_no_two_processes_hold_one_folder(tmp_path):
    context = multiprocessing.get_context("fork")
    together = context.Barrier(4)
    workers = [context.Process(target=_hold, args=(tmp_path / "o", 150, together)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert contents(tmp_path / "o")["a"] == b"1"


def test_a_pipe_is_read_like_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = subprocess.Popen([sys.executable, SCRIPTS / "write_to.py", pipe, REGISTER])
    assert run(score, pipe, "--out", tmp_path / "o", "--no-track") == (0, None)
    assert writer.wait() == 0


def test_no_room_for_a_copy_of_standard_input_is_one_clear_error(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    done = CliRunner().invoke(score, ["-", "--out", str(tmp_path / "o"), "--no-track"], input=REGISTER)
    assert isinstance(done.exception, OutputError)
    assert "TMPDIR" in str(done.exception)
    assert not (tmp_path / "o").exists()
