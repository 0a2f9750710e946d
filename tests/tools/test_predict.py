"""The command line, as a user has it: what is printed, what is exited with."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from keras_i3d.models.catalogue import network
from keras_i3d.tools.prediction_table import PredictionTable
from keras_i3d.training.checkpoints import save_network
from keras_i3d.weights.trained import record_of
from tests.conftest import PROJECT, serving, write_video
from tests.forked_command import run_forked


def keras_i3d(*arguments, **environment):
    """(exit status, standard output, standard error) of `keras-i3d`."""
    arguments = [str(argument) for argument in arguments]
    if "KERAS_BACKEND" in environment:
        done = subprocess.run(
            [Path(sys.executable).parent / "keras-i3d", *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
        status, out, err = done.returncode, done.stdout, done.stderr
    else:
        status, out, err = run_forked(arguments, {**os.environ, **environment})
    assert "Traceback" not in err, err
    return status, out, err


@pytest.fixture(scope="module")
def small_network(tmp_path_factory):
    """A tiny network of three classes that sees what I3D sees, as a training leaves it."""
    folder = tmp_path_factory.mktemp("network")
    clip = keras.Input((None, None, None, 3))
    x = keras.layers.Conv3D(4, 1, 8, activation="relu", name="Mixed_5c")(clip)
    x = keras.layers.GlobalAveragePooling3D()(x)
    model = keras.Model(clip, keras.layers.Dense(3, name="Logits")(x))
    i3d = network("i3d")
    record = record_of(i3d, "rgb", i3d.seen("rgb"), ("one", "two", "three"))
    save_network(model, folder / "three.keras", record)
    (folder / "labels.txt").write_text("pan\nzoom\nstill\n")
    return f"--weights={folder}/three.keras", f"--labels={folder}/labels.txt"


def test_files_good_and_bad_are_all_accounted_for(small_network, counting_video, tmp_path):
    dashed = tmp_path / "-dash & spaces %d\n.mkv"
    dashed.write_bytes(counting_video.read_bytes())
    missing = tmp_path / "gone.mp4"
    status, out, err = keras_i3d(
        "predict", *small_network, "--json", "--top=2", f"--video={missing}", dashed, counting_video
    )
    assert status == 1
    first, second, third = map(json.loads, out.splitlines())
    assert first == {"video": str(missing), "error": "no such file"}
    assert err.splitlines() == [f"predict: {missing}: no such file"]
    for answer, path in ((second, dashed), (third, counting_video)):
        assert (answer["video"], answer["frames"], answer["fps"]) == (str(path), 10, 25)
        assert answer["source"] == {"width": 40, "height": 30, "frames": 10, "fps": 25.0}
        assert [p["label"] in ("pan", "zoom", "still") for p in answer["predictions"]] == [True] * 2
        (window,) = answer["windows"]
        assert (window["start"], window["end"]) == (0, 0.4)
        assert window["predictions"] == answer["predictions"]
        assert "short: 10 frames, looped to 64" in answer["notes"]


@pytest.mark.slow
def test_a_long_video_has_a_timeline(small_network, tmp_path):
    frames = [np.full((30, 40, 3), i % 256, np.uint8) for i in range(260)]
    path = write_video(tmp_path / "long.mkv", frames)
    status, out, _ = keras_i3d("predict", *small_network, "--json", path)
    answer = json.loads(out)
    starts = [window["start"] for window in answer["windows"]]
    # 64 frames every 32, up to 6 * 32 + 64 = 256; the last one stands for the four that are left.
    assert starts == [i * 32 / 25 for i in range(7)] + [256 / 25]
    assert status == 0
    mean = {
        label: np.average([_of(w, label) for w in answer["windows"]], weights=7 * [64] + [4])
        for label in ("pan", "zoom", "still")
    }
    for prediction in answer["predictions"]:
        assert prediction["probability"] == pytest.approx(mean[prediction["label"]], abs=1e-6)
    status, out, _ = keras_i3d("predict", *small_network, path)
    assert (status, "timeline" in out, "260 frames at 25 fps, 10.4 s" in out) == (0, True, True)
    status, out, _ = keras_i3d("predict", *small_network, "--json", "--whole", path)
    assert len(json.loads(out)["windows"]) == 1
    status, out, _ = keras_i3d("predict", *small_network, "--json", "--start=2", "--end=4", path)
    (window,) = json.loads(out)["windows"]
    assert (window["start"], window["end"], json.loads(out)["frames"]) == (2, 4, 50)


def _of(window, label):
    return next(p["probability"] for p in window["predictions"] if p["label"] == label)


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ([], "no video: give --video=FILE"),
        (["--video=x", "--top=0"], "flag --top=0"),
        (["--video=x", "--tops=3"], "Unknown command line flag 'tops'"),
        (["--video=x", "--window=8"], "flag --window=8"),
        (["--video=x", "--whole", "--stride=3"], "give one"),
        (
            ["--video=x", "--start=5", "--end=4"],
            "--end should be after --start=5.0. Received: --end=4.0",
        ),
        (
            ["--video=x", "--weights=kinetics700"],
            "weights='kinetics700', which is neither a name nor a file",
        ),
        (["--video=x", "--weights=kinetics600", "--stream=flow"], "for i3d's flow stream"),
        (["--list=gone.txt"], "--list=gone.txt: No such file"),
        (["--video=x", "--csv=gone/x.csv"], "there is no folder gone"),
        (["--video=x", "--live=0"], "do not name videos too"),
        (["--live=0", "--whole"], "are for files"),
    ],
)
def test_wrong_flags_exit_with_two_and_one_line(flags, wanted):
    status, out, err = keras_i3d("predict", *flags)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert wanted in err


def test_a_folder_a_list_and_numbered_pictures(small_network, counting_video, tmp_path):
    videos = tmp_path / "videos"
    (videos / "b" / "frames").mkdir(parents=True)
    for name in ("clip10.mkv", "clip2.mkv"):
        (videos / name).write_bytes(counting_video.read_bytes())
    (videos / "@broken.mp4").write_bytes(b"not a video")
    for number in range(5):
        Image.new("RGB", (40, 30)).save(videos / "b" / "frames" / f"{number}.jpg")
    (tmp_path / "list.txt").write_text(f"# one\n{counting_video}\n")
    table = tmp_path / "classes.csv"
    status, out, err = keras_i3d(
        "predict", *small_network, "--json", "--top=1", "--frames_fps=10", videos,
        f"--list={tmp_path}/list.txt", f"--csv={table}",
    )  # fmt: skip
    answers = [json.loads(line) for line in out.splitlines()]
    names = ("@broken.mp4", "b/frames", "clip2.mkv", "clip10.mkv")
    wanted = [str(videos / name) for name in names] + [str(counting_video)]
    assert [answer["video"] for answer in answers] == wanted
    assert [answer.get("frames") for answer in answers] == [None, 12, 10, 10, 10]
    assert (status, len(err.splitlines())) == (1, 2)
    assert err.splitlines()[1] == f"predict: wrote {table}: 4 videos, 1 failed"
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["video"] for row in rows] == wanted
    assert [bool(row["error"]) for row in rows] == [True] + 4 * [False]
    assert rows[2]["label"] == answers[2]["predictions"][0]["label"]
    assert float(rows[2]["probability"]) == pytest.approx(
        answers[2]["predictions"][0]["probability"], abs=1e-6
    )
    assert (rows[1]["start"], rows[1]["end"], rows[1]["rank"]) == ("0.00", "0.48", "1")


def test_what_was_done_before_ctrl_c_is_in_the_table(small_network, counting_video, tmp_path):
    command = [Path(sys.executable).parent / "keras-i3d", "predict", *small_network, "--json"]
    command += [f"--csv={tmp_path}/classes.csv", *(20 * [counting_video])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        run.stdout.readline()  # the first is done
        run.send_signal(signal.SIGINT)
        _, err = run.communicate()
    assert run.returncode == 130
    assert err.endswith("predict: interrupted\n") and "Traceback" not in err
    with (tmp_path / "classes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert 1 <= len(rows) / 3 < 20  # three classes each
    assert {row["video"] for row in rows} == {str(counting_video)}
    assert sorted(os.listdir(tmp_path)) == ["classes.csv", counting_video.name]


def test_missing_videos_are_told_without_a_network(tmp_path):
    """Not even its weights are looked for: those of this name are in no cache."""
    status, out, err = keras_i3d("predict", "--json", "gone.mp4", tmp_path)
    first, second = map(json.loads, out.splitlines())
    assert (status, first) == (1, {"video": "gone.mp4", "error": "no such file"})
    assert second["error"] == "a folder without videos or numbered pictures"
    assert len(err.splitlines()) == 2


def test_a_spreadsheet_computes_no_cell():
    table = PredictionTable()
    table.add("=1+2.mp4", 0, 1, [("@work", 0.5), ('a, "b"', 0.25)])
    table.add_failure("-x.mp4", "no such file")
    assert table.text() == (
        "video,start,end,rank,label,probability,error\n"
        "'=1+2.mp4,0.00,1.00,1,'@work,0.500000,\n"
        '\'=1+2.mp4,0.00,1.00,2,"a, ""b""",0.250000,\n'
        "'-x.mp4,,,,,,no such file\n"
    )


def test_a_stream_is_watched_window_by_window(small_network, tmp_path):
    frames = [np.full((30, 40, 3), 3 * i, np.uint8) for i in range(75)]
    write_video(tmp_path / "stream.ts", frames, codec="mpeg2video", pix_fmt="yuv420p")
    with serving(tmp_path) as address:
        source = f"--live={address}/stream.ts"
        status, out, _ = keras_i3d(
            "predict", *small_network, "--json", source, "--window=32", "--stride=20"
        )
    windows = [json.loads(line) for line in out.splitlines()]
    assert (status, {window["video"] for window in windows}) == (0, {source[7:]})
    assert [(w["start"], w["end"]) for w in windows] == [
        (0, 1.28),
        (0.8, 2.08),
        (1.6, 2.88),
        (2.88, 3),  # it sees 32 frames, and stands for the last three
    ]
    # Told before a network is looked for: there are no weights of this name.
    status, out, err = keras_i3d("predict", "--live=http://127.0.0.1:9/x")
    assert (status, out) == (1, "")
    assert err == "predict: http://127.0.0.1:9/x: cannot be opened (Connection refused)\n"


def test_labels_that_do_not_fit(small_network, counting_video, tmp_path):
    (tmp_path / "two.txt").write_text("a\nb\n")
    flags = (small_network[0], f"--labels={tmp_path}/two.txt", f"--video={counting_video}")
    status, _, err = keras_i3d("predict", *flags)
    assert status == 2
    assert err.startswith("predict: labels should be 3 names, one for each class of ")
    assert err.endswith("Received: 2\n") and len(err.splitlines()) == 1


def test_weights_that_are_damaged_or_not_to_be_had_exit_with_one(counting_video, tmp_path):
    (tmp_path / "rgb_scratch").mkdir()
    for name in ("model.ckpt.index", "model.ckpt.data-00000-of-00001"):
        (tmp_path / "rgb_scratch" / name).write_bytes(b"not it")
    flags = (f"--video={counting_video}",)
    status, _, err = keras_i3d("predict", *flags, KERAS_I3D_WEIGHTS=str(tmp_path))
    assert status == 1
    assert "rgb_scratch/model.ckpt.index is damaged: it should have 10953 bytes. Received: 6" in err
    assert len(err.splitlines()) == 1


def test_a_whole_video_that_is_too_long_is_refused(small_network, shared):
    path = shared / "nasty" / "long_6000_frames.mp4"
    status, out, err = keras_i3d("predict", *small_network, "--whole", path)
    assert (status, out) == (1, "")
    assert "more than 1500 frames at 25 a second" in err


def test_the_scripts_run_where_they_lie(small_network, counting_video):
    command = [sys.executable, PROJECT / "tools" / "predict.py", *small_network, counting_video]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "note: short: 10 frames, looped to 64" in done.stdout
    done = subprocess.run([*command[:2], "--help"], capture_output=True, text=True)
    assert "--video: a video file" in done.stdout


def test_the_command_itself():
    assert keras_i3d()[0] == 2
    assert keras_i3d("dance")[0] == 2
    status, out, _ = keras_i3d("--help")
    assert status == 0
    assert "verify_weights" in out


def test_verify_weights(real_weights):
    status, out, _ = keras_i3d("verify_weights", "--weights=kinetics")
    assert status == 0
    assert out.count("  ok      ") == 8
    status, _, err = keras_i3d("verify_weights", "--weights=kinetics600", "--stream=flow")
    assert (status, "'kinetics600' (rgb)" in err) == (2, True)


@pytest.mark.slow
def test_every_nasty_file_is_classified_or_named(shared, small_network):
    """One run over all of them: as many answers as files, and nothing else on standard output."""
    files = sorted(p for p in (shared / "nasty").iterdir() if p.suffix != ".json")
    status, out, err = keras_i3d("predict", *small_network, "--json", "--end=2", "--", *files)
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["video"] for answer in answers] == [str(path) for path in files]
    failed = [answer for answer in answers if "error" in answer]
    assert status == 1
    assert len(failed) == len(err.splitlines()) == 11
    for answer in answers:
        if "error" not in answer:
            total = sum(p["probability"] for p in answer["predictions"])
            assert total == pytest.approx(1, abs=1e-5)


@pytest.mark.long
def test_real_clips_have_the_originals_class(shared, real_weights):
    """The whole clip at 25 frames per second, where the golden recipe takes its first 64 frames."""
    golden = json.loads((shared / "golden" / "real_clips.json").read_text())
    sure = [n for n, clip in golden.items() if clip["top5"][0][1] > 0.9]
    assert len(sure) >= 8
    status, out, _ = keras_i3d("predict", "--json", *(shared / "clips" / name for name in sure))
    assert status == 0
    for name, line in zip(sure, out.splitlines(), strict=True):
        assert json.loads(line)["predictions"][0]["label"] == golden[name]["top5"][0][0]


@pytest.mark.slow
def test_openvino_tells_the_same(small_network, tmp_path):
    pytest.importorskip("openvino", reason="the openvino engine needs the extra [openvino]")
    noise = np.random.default_rng(0).integers(0, 256, (100, 30, 40, 3), np.uint8)
    path = write_video(tmp_path / "noise.mkv", noise)
    answers = []
    for flags in (
        [],
        ["--engine=openvino"],
        ["--engine=openvino", "--precision=int8"],
        ["--engine=openvino", "--precision=int8", f"--calibrate={tmp_path}"],
    ):
        status, out, err = keras_i3d("predict", *small_network, "--json", *flags, path)
        assert status == 0, err
        scores = {p["label"]: p["probability"] for p in json.loads(out)["predictions"]}
        answers.append(scores)
        assert ("int8 beside float32, on 8 other windows: 8 of 8" in err) == ("int8" in str(flags))
    reference, exact, low, again = answers
    assert exact == pytest.approx(reference, abs=1e-4)
    assert low == pytest.approx(reference, abs=0.05)
    assert again == low


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--precision=int8"], "--precision=int8 needs --engine=openvino"),
        (["--calibrate=."], "--calibrate needs --engine=openvino --precision=int8"),
    ],
)
def test_engine_flags_that_do_not_go_together(counting_video, flags, message):
    status, out, err = keras_i3d("predict", counting_video, *flags)
    assert (status, out, err.strip()) == (2, "", f"predict: {message}")


def test_int8_wants_more_than_a_video_of_ten_frames(small_network, counting_video):
    pytest.importorskip("openvino", reason="the openvino engine needs the extra [openvino]")
    status, _, err = keras_i3d(
        "predict", *small_network, "--engine=openvino", "--precision=int8", counting_video
    )
    assert status == 1
    assert "calibrated on 24 windows" in err
    assert err.rstrip().endswith("that give 10; name a folder with more by --calibrate")
