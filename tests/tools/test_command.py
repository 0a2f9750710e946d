"""The `keras-i3d` command: what it lists, what it suggests, and what it does without."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from keras_i3d import __version__, list_models
from keras_i3d.data.checks.checking import LEAST_FRAMES
from keras_i3d.data.flow.methods import METHODS
from keras_i3d.data.shards.plan import VIDEOS_PER_SHARD
from keras_i3d.experiments.tables import TABLES
from keras_i3d.export.client.video_query import FILES
from keras_i3d.files.beam_pipelines import RUNNERS
from keras_i3d.inflation import SCHEDULES
from keras_i3d.tools.command import TOOLS
from keras_i3d.training.devices import STRATEGIES
from tests.tools.test_predict import keras_i3d

HEAVY = ("tensorflow", "keras", "jax", "torch", "av", "grpc", "pebble")
# Runs the command several times in children of one process, which start at once.
SEVERAL = """
import contextlib, io, json, os, sys
from keras_i3d.tools import command
answers = []
for arguments in json.loads(sys.argv[1]):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1), os.dup2(writing, 2)
        sys.argv = ["keras-i3d", *arguments]
        try:
            command.main()
        except SystemExit as end:
            heavy = [name for name in HEAVY if name in sys.modules]
            print("\\0", end.code, heavy, sep="", end="", flush=True)
        os._exit(0)
    os.close(writing)
    with open(reading) as output:
        answers.append(output.read())
    os.waitpid(child, 0)
print(json.dumps(answers))
"""


def answers(*calls, within=()):
    """{tool: (exit status, heavy packages that were imported, output)} of calls of the command.

    within: a command that starts the process which is given to it.
    """
    program = f"HEAVY = {HEAVY}\n{SEVERAL}"
    command = [*within, sys.executable, "-c", program, json.dumps(calls)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {}
    for call, answer in zip(calls, json.loads(done.stdout), strict=True):
        printed, _, end = answer.partition("\0")
        found[call[0]] = (int(end[0]), end[1:], printed)
    return found


def test_help_needs_no_network():
    for tool, (status, heavy, printed) in answers(*([tool, "--help"] for tool in TOOLS)).items():
        assert (status, heavy) == (0, "[]"), tool
        assert f"keras-i3d {tool}" in printed
        assert "\n  --" in printed or tool in ("list", "sample_video")


def test_wrong_flags_need_no_network():
    for tool, (status, heavy, printed) in answers(
        *([tool, "--no_such_flag=3"] for tool in TOOLS)
    ).items():
        assert (status, heavy) == (2, "[]"), tool
        assert printed.startswith(f"{tool}: Unknown command line flag 'no_such_flag'")
        assert len(printed.splitlines()) == 1


# A value that cannot be, a flag that is missing, a file that is not there.
@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (["predict", "--top=0", "x.mp4"], "flag --top=0"),
        (["predict", "--labels=gone.txt", "x.mp4"], "there is no such file: gone.txt"),
        (["predict", "--weights=gone.keras", "x.mp4"], "weights='gone.keras', which"),
        (["predict"], "no video"),
        (["visualise"], "visualise: --out is missing: give --out=..."),
        (["inflate_weights"], "give --source=...; --out is missing"),
        (
            ["predict", "--weights=.", "x.mp4"],
            "should be a training run's folder",
        ),
        (["visualise", "--out=x.png", "--weights=gone.pt"], "weights='gone.pt', which"),
        (["inflate_weights", "--source=gone.keras", "--out=x.keras"], "no such file"),
        (["inflate_weights", "--schedule=slow"], "flag --schedule=slow"),
        (["train", "--strategy=guess"], "flag --strategy=guess"),
        (["train", "--output_dir=x", "--steps=ten"], "steps"),
        (["train"], "--output_dir=FOLDER"),
        (
            ["train", "--output_dir=x", "--transfer=full", "--weights=gone.keras"],
            "weights='gone.keras', which",
        ),
        (["evaluate", "--run=gone"], "there is no such folder: gone"),
        (["evaluate"], "--run=FOLDER"),
        (
            ["export_saved_model", "--weights=gone.keras", "--out=x/1"],
            "weights='gone.keras', which",
        ),
        (["export_saved_model", "--video=gone.mp4"], "there is no such file: gone.mp4"),
        (["verify_weights", "--weights=kinetics700"], "Received: weights='kinetics700'"),
        (["serve", "--sample=gone.mp4", "--model=x"], "gone.mp4"),
        (["make_tfrecords", "--root=x"], "--out=FOLDER"),
        (["compute_flow", "x.mp4"], "--out=FOLDER"),
        (["compute_flow", "--out=x"], "no videos"),
        (["check_dataset", "--out=x"], "--root=FOLDER"),
        (["make_synthetic", "--out=x", "--videos=1"], "flag --videos=1"),
        (["query"], "no video"),
        (["query", "--video=x.mp4", "--tls_roots=gone.pem"], "gone.pem: no such file"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_before_anything_is_loaded(call, wanted):
    ((status, heavy, printed),) = answers(call).values()
    assert (status, heavy) == (2, "[]")
    assert wanted in printed
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize(
    ("tool", "flag", "known"),
    [
        ("train", "strategy", STRATEGIES),
        ("inflate_weights", "schedule", SCHEDULES),
        ("experiments", "only", [*TABLES, "d3d"]),
        ("query", "files", FILES),
        ("compute_flow", "method", METHODS),
        ("make_tfrecords", "flow", METHODS),
        ("make_tfrecords", "runner", RUNNERS),
    ],
)
def test_flags_offer_what_the_library_knows(tool, flag, known):
    """They are written out in the tool, which may not import Keras to ask."""
    ((_, _, printed),) = answers([tool, "--help"]).values()
    offered = re.search(rf"--{flag}: <(\S+)>", printed)[1]
    assert sorted(offered.split("|")) == sorted(known)


def test_help_says_the_library_s_own_defaults():
    ((_, _, printed),) = answers(["check_dataset", "--help"]).values()
    assert re.search(rf"--least_frames:[^-]*\(default: '{LEAST_FRAMES}'\)", printed)
    ((_, _, printed),) = answers(["make_tfrecords", "--help"]).values()
    assert f"[one for every {VIDEOS_PER_SHARD} videos]" in printed


def test_files_that_are_not_there_need_no_network(tmp_path):
    calls = (["predict", "gone.mp4"], ["extract_features", "gone.mp4", f"--out={tmp_path}/out"])
    for tool, (status, heavy, printed) in answers(*calls).items():
        assert (status, printed) == (1, f"{tool}: gone.mp4: no such file\n")
        assert "keras" not in heavy and "tensorflow" not in heavy
    line = json.loads((tmp_path / "out" / "manifest.jsonl").read_text())
    assert (line["video"], line["status"], line["cause"]) == ("gone.mp4", "failed", "no such file")


def test_help_about_a_tool():
    found = answers(["help", "predict"], ["predict", "--help"])
    assert found["help"] == found["predict"]


def test_the_version():
    assert keras_i3d("--version") == (0, f"keras-i3d {__version__}\n", "")


def test_networks_and_their_weights_are_listed():
    status, out, err = keras_i3d("list")
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if line[0] != " "] == list_models()
    assert len({line.index("  rgb") for line in out.splitlines() if "  rgb" in line}) == 1
    assert "d3d\n  no published weights by name\n" in out
    _, of_i3d, _ = keras_i3d("list", "--model=i3d")
    assert of_i3d in out
    lines = dict(line.split(maxsplit=1) for line in of_i3d.splitlines()[1:])
    assert list(lines) == ["kinetics", "imagenet+kinetics", "kinetics600", "imagenet"]
    for part in ("rgb, flow", "400 classes", "rgb 68.4 %, flow 61.5 %", "Apache-2.0"):
        assert part in lines["kinetics"]
    status, out, err = keras_i3d("list", "--model=i4d")
    assert (status, out, len(err.splitlines())) == (2, "", 1)


def test_a_mistyped_tool_and_a_mistyped_flag():
    status, out, err = keras_i3d("predikt")
    assert (status, out) == (2, "")
    assert err == "keras-i3d: there is no tool 'predikt'; did you mean predict?\n"
    assert "`keras-i3d --help` lists the tools" in keras_i3d("xyzzy")[2]
    status, _, err = keras_i3d("predict", "--strem=flow", "x")
    assert (status, "Did you mean: stream" in err) == (2, True)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("keras-i3d pre", {"predict "}),
        ("keras-i3d export_saved_model --fo", {"--fold_batch_norm "}),
        ("keras-i3d predict --stream=", {"rgb", "flow", "both"}),
        ("keras-i3d predict cl", {"clip.mp4 "}),
    ],
)
def test_a_shell_completes(line, offered, tmp_path):
    pytest.importorskip("argcomplete")
    (tmp_path / "clip.mp4").touch()
    (tmp_path / "out").touch()
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n\"'><=;|&(:",  # bash's
        "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "out"),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    command = Path(sys.executable).parent / "keras-i3d"
    subprocess.run([command], env=environment, cwd=tmp_path, check=True)
    assert set((tmp_path / "out").read_text().split("\n")) == offered
