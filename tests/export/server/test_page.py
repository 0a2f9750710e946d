"""The page: what its server streams."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
import urllib3

from keras_i3d.classes import SEVERAL, Stretch, timeline
from keras_i3d.data.pixels.preprocessing import Input, preprocess
from keras_i3d.export.saved_model import export_saved_model
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import ModelConfig
from keras_i3d.export.server.uploads import uploaded_frames
from tests.conftest import write_video
from tests.export.conftest import TINY, as_loaded, tiny_network
from tests.export.server.conftest import options


@pytest.fixture
def long_video(tmp_path):
    """Twelve seconds; one piece would be ten."""
    frames = [np.full((40, 50, 3), i % 256, np.uint8) for i in range(300)]
    return write_video(tmp_path / "long.mkv", frames)


def upload(server, path, model="tiny"):
    url = f"http://localhost:{server.rest_port}/page/classify?model={model}"
    headers = {"Content-Type": "application/octet-stream"}
    body = path.read_bytes()
    answer = urllib3.request("POST", url, body=body, headers=headers, timeout=100)
    return answer.status, [json.loads(line) for line in answer.data.splitlines()]


def test_a_video_is_answered_as_the_model_does(server, exported, counting_video):
    status, (told, window, whole) = upload(server, counting_video)
    assert (status, told["frames"], told["fps"]) == (200, 10, 25)
    frames = np.stack([np.full((32, 32, 3), 20 * i, np.uint8) for i in range(10)])
    frames = frames[np.arange(64) % 10]
    wanted = np.sort(exported[2].predict_on_batch(preprocess(frames, TINY)[None])[0])[::-1]
    found = [entry["probability"] for entry in whole["predictions"]]
    assert np.abs(np.array(found) - wanted[:5]).max() < 1e-6
    assert window["predictions"] == whole["predictions"]
    assert (window["start"], window["end"], len(window["thumbnails"])) == (0, 0.4, 8)
    assert window["thumbnails"][0].startswith("data:image/jpeg;base64,")


def test_a_long_video_is_answered_in_windows(server, long_video):
    _, (told, *windows, whole) = upload(server, long_video)
    assert told["frames"] == 300
    # 64 frames every 32; the last, moved back to the end, stands for what none before it showed.
    assert [w["start"] for w in windows] == [n * 32 / 25 for n in range(8)] + [288 / 25]
    assert windows[-1]["end"] == 300 / 25
    assert sum(p["probability"] for p in whole["predictions"]) <= 1 + 1e-6


def test_only_so_much_of_a_video_is_looked_at(long_video):
    with uploaded_frames(long_video, Input(preprocessing=TINY), most_frames=50) as (frames, notes):
        assert frames.shape == (50, 40, 40, 3)
        assert notes == ["long: only its first 2 s were used"]
    assert [path.name for path in long_video.parent.iterdir()] == ["long.mkv"]


def test_what_is_no_video_is_named(server, tmp_path, shared):
    for name in ("garbage.mp4", "audio_only.mp4", "jpeg_renamed.mp4"):
        status, (line,) = upload(server, shared / "nasty" / name)
        assert (status, line["error"].startswith("the video: ")) == (200, True)
    empty = tmp_path / "empty"
    empty.touch()
    assert "empty" in upload(server, empty)[1][0]["error"]
    status, (line,) = upload(server, empty, "nope")
    assert "no model 'nope'" in line["error"]


def test_the_page_loads_nothing_from_elsewhere(server):
    answer = urllib3.request("GET", f"http://localhost:{server.rest_port}/")
    text = answer.data.decode()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.findall(r"https?://", text)
    assert "{{" not in text
    nonce = re.search(r"nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])[1]
    assert text.count(f'nonce="{nonce}"') == len(re.findall("<script|<style", text))


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_script_can_be_read(server, tmp_path):
    text = urllib3.request("GET", f"http://localhost:{server.rest_port}/").data.decode()
    scripts = re.findall(r"<script nonce[^>]*>(.*?)</script>", text, re.DOTALL)
    (tmp_path / "page.js").write_text(scripts[-1], "utf-8")
    subprocess.run(["node", "--check", tmp_path / "page.js"], check=True)


def test_a_stretch_is_what_predict_joins_of_the_windows_so_far(server, long_video):
    _, (_, *windows, _) = upload(server, long_video)
    for count, window in enumerate(windows, start=1):
        best = [
            Stretch(w["start"], w["end"], *w["predictions"][0].values()) for w in windows[:count]
        ]
        assert Stretch(**window["stretch"]) == list(timeline(best))[-1]


def test_the_version_that_answered_is_said(server, counting_video):
    told = upload(server, counting_video)[1][0]
    assert (told["model"], told["version"]) == ("tiny", 1)
    page = urllib3.request("GET", f"http://localhost:{server.rest_port}/").data.decode()
    assert '{"name": "tiny", "versions": [1]}' in page


def test_a_part_is_looked_at_alone(server, long_video):
    _, (told, window, whole) = upload(server, long_video, "tiny&start=2&end=4.4")
    assert (told["frames"], window["start"], window["end"]) == (60, 2, 4.4)
    assert window["stretch"]["start"] == 2
    (line,) = upload(server, long_video, "tiny&start=20")[1]
    assert line["error"] == "the video: it ends before 20 s"
    for query in ("tiny&start=4&end=4", "tiny&end=-1", "tiny&start=nan", "tiny&start=1e9"):
        assert upload(server, long_video, query)[0] == 400
    with uploaded_frames(long_video, Input(preprocessing=TINY), 50, start=1) as (_, notes):
        assert notes == ["long: only 2 s from 1 s on were used"]


def test_too_large_a_video_is_refused_with_advice_for_the_pages_user(server, tmp_path):
    large = tmp_path / "large.mp4"
    large.write_bytes(bytes(5 << 20))
    status, (line,) = upload(server, large)
    assert status == 413
    assert "trim it" in line["error"] and "JPEG" not in line["error"]


@pytest.mark.slow
def test_sigmoids_need_not_add_up(tmp_path, counting_video):
    network = as_loaded(tiny_network(activation="sigmoid"), multi_label=True, output="sigmoid")
    export_saved_model(network, tmp_path / "several" / "1")
    with LocalServer([ModelConfig("several", tmp_path / "several")], options()) as server:
        told = upload(server, counting_video, "several")[1][0]
    assert SEVERAL in told["notes"]
