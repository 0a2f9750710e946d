"""The page: what its server streams, and what a browser shows."""

import json
import re

import numpy as np
import pytest
import urllib3

from keras_i3d.data.pixels.preprocessing import Input, preprocess
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import ModelConfig
from keras_i3d.export.server.uploads import uploaded_frames
from tests.conftest import write_video
from tests.export.browser import Browser, executable
from tests.export.conftest import TINY
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
        assert notes == ["long: only its first 2 s were looked at"]
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


@pytest.mark.slow
@pytest.mark.skipif(executable() is None, reason="needs chromium")
def test_the_page_in_a_browser(exported, long_video, counting_video, tmp_path):
    garbage = tmp_path / "<img src=x>.mp4"
    garbage.write_bytes(b"nothing")
    config = ModelConfig("tiny", exported[0].parent)
    with (
        LocalServer([config], options(sample=counting_video)) as server,
        Browser(tmp_path / "profile") as page,
    ):
        address = f"http://localhost:{server.rest_port}/"

        def look(path):
            page.open(address)
            page.choose("#file", path)
            page.until("document.body.dataset.state")
            return page.value("document.body.dataset.state")

        page.open(f"{address}?sample")
        page.until("document.body.dataset.state === 'done'")
        assert page.value("says.textContent") == "sample: 10 frames at 25 fps, 0.4 s"
        assert look(long_video) == "done"
        assert page.value("says.textContent") == "long.mkv: 300 frames at 25 fps, 12.0 s"
        assert page.value("document.querySelectorAll('.bar').length") == 5
        assert page.value("document.querySelectorAll('.window').length") == 9
        page.until("[...document.images].length === 72")
        page.until("[...document.images].every(image => image.naturalWidth === 96)")
        total = "[...document.querySelectorAll('meter')].reduce((sum, m) => sum + m.value, 0)"
        assert 0.5 < page.value(total) <= 1.001
        page.screenshot(tmp_path / "page.png")
        assert look(garbage) == "failed"
        assert "not a video" in page.value("says.textContent")
        page.do("Page.enable")
        drop = (
            "(async () => { const data = new DataTransfer();"
            "const sample = await (await fetch('/page/sample')).blob();"
            "data.items.add(new File([sample], 'dropped.mkv'));"
            "document.dispatchEvent(new DragEvent('drop', {dataTransfer: data})); })()"
        )
        page.open(address)
        page.value(drop)
        page.until("document.body.dataset.state === 'done'")
        assert page.value("says.textContent").startswith("dropped.mkv: 10 frames")
