"""The page as its users have it: phones, the dark, many files, a player; driven in a browser."""

import itertools

import numpy as np
import pytest

from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import Limits, ModelConfig
from tests.conftest import write_video
from tests.export.browser import Browser, executable
from tests.export.server.conftest import options
from tests.export.server.test_page import upload

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(executable() is None, reason="needs chromium"),
]
LIMIT = 3 << 20
SAID = "[...document.querySelectorAll('.says')].map(p => p.textContent)"
NAMES = "[...document.querySelectorAll('h2')].map(p => p.textContent)"


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Twelve seconds that a browser can play, in which something changes; one piece would be 4."""
    frames = [np.full((64, 80, 3), 255 * (i // 100 % 2), np.uint8) for i in range(300)]
    path = tmp_path_factory.mktemp("film") / "film.webm"
    return write_video(path, frames, codec="libvpx", pix_fmt="yuv420p")


@pytest.fixture(scope="module")
def server(exported, film):
    limits = Limits(message_bytes=LIMIT, frames=100, seconds=30)
    config = ModelConfig("tiny", exported[0].parent)
    with LocalServer([config], options(sample=film, limits=limits)) as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def page(browser, server):
    browser.become(1280)
    browser.open(f"http://localhost:{server.rest_port}/")
    return browser


def look(page, *paths):
    """Give files one after the other; what became of the last."""
    for path in paths:
        page.choose("#file", path)
    page.until("document.body.dataset.state")
    return page.value("document.body.dataset.state")


def test_the_limits_and_the_version_are_said_at_the_start(page):
    said = page.value("document.body.textContent")
    assert "MP4, MOV, MKV" in said and "up to 3.0 MB each" in said and "1500 frames" in said
    assert page.value("model.selectedOptions[0].textContent") == "tiny, version 1"


def test_a_film_is_answered_by_runs_and_a_line_jumps_to_its_time(page, server, film):
    assert look(page, film) == "done"
    assert page.value(SAID) == ["300 frames at 25 fps, 12.0 s, by tiny, version 1"]
    assert page.value("document.querySelectorAll('.bar').length") == 5
    shares = "[...document.querySelectorAll('meter')].reduce((sum, m) => sum + m.value, 0)"
    assert 0.5 < page.value(shares) <= 1.001
    _, (_, *windows, _) = upload(server, film)
    runs = [
        (label, len(list(run)))
        for label, run in itertools.groupby(w["predictions"][0]["label"] for w in windows)
    ]
    shown = "[...document.querySelectorAll('.window .label')].map(p => p.textContent)"
    assert page.value(shown) == [label for label, _ in runs]
    strips = "[...document.querySelectorAll('.strip')].map(p => p.childElementCount)"
    assert page.value(strips) == [8 * count for _, count in runs]
    page.until("[...document.images].every(image => image.naturalWidth === 96)")
    page.until("!document.querySelector('video').hidden")
    page.value("[...document.querySelectorAll('.window')].at(-1).click()")
    start = windows[-runs[-1][1]]["start"]
    page.until(f"document.querySelector('video').currentTime >= {start}")
    assert page.value("document.querySelector('video').currentTime") < start + 3


def test_the_sample_and_a_part(page, server):
    page.open(f"http://localhost:{server.rest_port}/?sample")
    page.until("document.body.dataset.state === 'done'")
    assert page.value(SAID) == ["300 frames at 25 fps, 12.0 s, by tiny, version 1"]
    page.value("start.value = 10, end.value = 11, document.querySelector('.stop').click()")
    page.until("document.body.dataset.state === 'done'")
    assert page.value(SAID) == ["25 frames at 25 fps, 1.0 s, by tiny, version 1"]
    assert page.value("document.querySelector('.time').textContent") == "0:10.0 – 0:11.0"


def test_several_files_are_several_rows_and_one_can_be_chosen_again(page, film, tmp_path):
    garbage = tmp_path / "<img src=x>.mp4"
    garbage.write_bytes(b"nothing")
    assert look(page, film, garbage, film) == "failed"
    assert page.value(NAMES) == ["film.webm", "<img src=x>.mp4", "film.webm"]
    first, failed, last = page.value(SAID)
    assert first == last == "300 frames at 25 fps, 12.0 s, by tiny, version 1"
    assert "not a video" in failed


def test_dropped_files(page):
    drop = (
        "(async () => { const data = new DataTransfer();"
        "const sample = await (await fetch('/page/sample')).blob();"
        "for (const name of ['a', 'b']) data.items.add(new File([sample], name));"
        "document.dispatchEvent(new DragEvent('drop', {dataTransfer: data})); })()"
    )
    page.value(drop)
    page.until("document.body.dataset.state === 'done'")
    assert page.value(NAMES) == ["b", "a"]


def test_too_large_a_file_is_not_sent_and_advice_is_given(page, server, tmp_path):
    large = tmp_path / "large.mp4"
    large.write_bytes(bytes(LIMIT + 1))
    assert look(page, large) == "failed"
    (said,) = page.value(SAID)
    assert (
        "The file has 3.0 MB, this server takes 3.0 MB. Trim it" in said and "cut it here" in said
    )
    assert "JPEG" not in said


def test_a_part_of_too_large_a_file_is_cut_in_the_browser(page, film, tmp_path):
    """Two of the film's white seconds, out of a file padded with what no player minds."""
    large = tmp_path / "large.webm"
    large.write_bytes(film.read_bytes() + bytes(LIMIT))
    assert look(page, large) == "failed"
    page.value("start.value = 5, end.value = 7, delete document.body.dataset.state")
    page.value("document.querySelector('.cut').click()")
    page.until("document.body.dataset.state === 'done'")
    frames = int(page.value(SAID)[0].split()[0])
    assert 40 <= frames <= 56, "two seconds at 25 a second"
    assert page.value("document.querySelector('.time').textContent").startswith("0:05.0 – 0:0")
    assert "cut and made smaller" in page.value("document.querySelector('.notes').textContent")
    white = (
        "(image => { const canvas = document.createElement('canvas');"
        "canvas.getContext('2d').drawImage(image, 0, 0);"
        "return canvas.getContext('2d').getImageData(9, 9, 1, 1).data[0]; })(document.images[0])"
    )
    page.until("document.images[0].naturalWidth === 96")
    assert page.value(white) > 200


def test_sending_shows_its_progress_and_can_be_cancelled(page, tmp_path):
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1 << 18}
    page.do("Network.enable")
    page.do("Network.emulateNetworkConditions", **slow)
    try:
        sent = tmp_path / "slow.mp4"
        sent.write_bytes(bytes(2 << 20))
        page.choose("#file", sent)
        page.until(f"/sending: 0\\.[1-9] MB of 2\\.0 MB/.test({SAID}.at(-1))")
        page.choose("#file", sent)
        page.value("document.querySelector('.stop').click()")  # that waits
        page.value("document.querySelector('.stop').click()")
        page.value("document.querySelector('.stop').click()")
        assert page.value(f"{SAID}[0]") == "cancelled"
        position = "[...document.querySelectorAll('progress')].at(-1).position"
        assert 0 < page.value(position) < 1
        page.value("[...document.querySelectorAll('.stop')].at(-1).click()")
        page.until("document.body.dataset.state")
        assert page.value(SAID) == ["cancelled", "cancelled"]
    finally:
        page.do("Network.emulateNetworkConditions", **{**slow, "uploadThroughput": -1})


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_widens_the_page(page, film, tmp_path, width, dark):
    long = tmp_path / f"{'name_without_a_blank_' * 8}.webm"
    long.write_bytes(film.read_bytes())
    page.become(width, dark)
    assert look(page, long) == "done"
    page.value("document.querySelector('.bar span').textContent = 'x'.repeat(200)")
    page.value("document.querySelector('.label').textContent = 'x'.repeat(200)")
    page.value("model.options[0].textContent = 'x'.repeat(100)")
    page.value("document.querySelector('.says').textContent = 'x'.repeat(500)")
    assert page.sideways() <= 0
    assert page.value("getComputedStyle(document.body).backgroundColor") == (
        "rgb(18, 22, 27)" if dark else "rgb(255, 255, 255)"
    )
