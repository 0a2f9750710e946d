"""Optical flow against closed forms, OpenCV and Middlebury; its coding and its fingerprint."""

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from benchmarks.middlebury import end_point_error, read_flo
from keras_i3d.data.flow.methods import (
    METHODS,
    FingerprintError,
    FlowFingerprint,
    check_equal,
    compute_flow,
    decode,
    encode,
    fingerprint,
    flows,
    grey,
)


def needs(method):
    pytest.importorskip("numba" if method == "tvl1" else "cv2")
    if method == "tvl1_opencv":
        pytest.importorskip("cv2.optflow")


def texture(height=96, width=128, shift=(0.0, 0.0)):
    """A sum of waves as RGB, moved by `shift` (x, y)."""
    y, x = np.mgrid[:height, :width].astype(float)
    x, y = x - shift[0], y - shift[1]
    waves = [(0.21, 0.05), (0.02, 0.33), (0.4, -0.27), (-0.11, 0.13), (0.55, 0.5), (0.07, -0.7)]
    value = sum(np.sin(a * x + b * y + i) for i, (a, b) in enumerate(waves))
    return np.rint(127.5 + 20 * value)[..., None].repeat(3, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("method", METHODS)
def test_pan_of_a_texture(method):
    """Closed form: everything moves by (3, -2)."""
    needs(method)
    flow = compute_flow(np.stack([texture(), texture(shift=(3, -2))]), method)
    assert flow.shape == (1, 96, 128, 2) and flow.dtype == np.float32
    inside = flow[0, 8:-8, 8:-8]
    assert end_point_error(inside, np.broadcast_to((3, -2), inside.shape)) < 0.3


def test_pan_by_parts_of_a_pixel():
    needs("tvl1")
    flow = compute_flow(np.stack([texture(), texture(shift=(-0.5, 0.25))]))[0, 8:-8, 8:-8]
    assert end_point_error(flow, np.broadcast_to((-0.5, 0.25), flow.shape)) < 0.05


@pytest.mark.parametrize("method", METHODS)
def test_what_does_not_move_has_no_flow(method):
    needs(method)
    same = np.stack([texture(32, 40)] * 2 + [np.zeros((32, 40, 3), np.uint8)] * 2)
    flow = compute_flow(same, method)
    assert np.isfinite(flow).all()
    # Farneback's is not zero at the border of a still picture, in OpenCV 5.0 by 0.07.
    assert np.abs(flow[[0, 2]]).max() < (0.1 if method == "farneback" else 1e-3)
    if method == "tvl1":
        assert not flow[[0, 2]].any()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (5, 3), (17, 16), (16, 500)])
def test_small_frames(size):
    needs("tvl1")
    frames = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    flow = compute_flow(frames)
    assert flow.shape == (1, *size, 2) and np.isfinite(flow).all()


@pytest.mark.slow
def test_no_index_leaves_its_array(tmp_path):
    """Compiled code checks none, unless asked to when it is compiled."""
    needs("tvl1")
    program = (
        "import numpy as np; from keras_i3d.data.flow.tvl1 import tvl1\n"
        "for seed, size in enumerate([(1, 1), (2, 3), (5, 40), (16, 17), (40, 30)]):\n"
        "    pair = np.random.default_rng(seed).integers(0, 256, (2, *size))\n"
        "    assert np.isfinite(tvl1(*pair)).all(), size\n"
        "    assert np.isfinite(tvl1(*(1000 * pair))).all(), size"
    )
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


@pytest.mark.slow
def test_where_no_cache_can_be_written_it_is_compiled_all_the_same():
    needs("tvl1")
    program = (
        "import logging, numba.core.caching as c; logging.basicConfig(level=logging.INFO)\n"
        "c.CacheImpl._locator_classes.clear()  # as where no folder can be written\n"
        "import numpy as np; from keras_i3d.data.flow.tvl1 import tvl1\n"
        "assert not tvl1(*np.zeros((2, 20, 20))).any()"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "compiled again in every process" in run.stderr


def test_threads_and_streaming_change_nothing():
    needs("tvl1")
    frames = np.stack([texture(64, 80, (0.7 * i, 0.1 * i * i)) for i in range(6)])
    one = compute_flow(frames, threads=1)
    for threads in (2, 5, 16):
        np.testing.assert_array_equal(compute_flow(frames, threads=threads), one)
    np.testing.assert_array_equal(np.stack(list(flows(iter(frames), "tvl1", 2))), one)


def test_streaming_holds_few_frames():
    needs("tvl1")
    taken = []

    def frames():
        for number in range(100):
            taken.append(number)
            yield np.zeros((16, 16, 3), np.uint8)

    results = flows(frames(), "tvl1", threads=2)
    next(results)
    assert len(taken) <= 4
    results.close()


def test_as_opencv_on_the_same_images():
    """The same scheme: what is left is rounding (OpenCV warps in steps of 1/32 pixel)."""
    needs("tvl1")
    needs("tvl1_opencv")
    frames = np.stack([texture(), texture(shift=(1.6, 2.3))])
    ours, opencv = compute_flow(frames), compute_flow(frames, "tvl1_opencv")
    assert end_point_error(ours, opencv) < 0.03


@pytest.mark.parametrize("size", [(1, 1), (3, 9), (20, 33)])
def test_median_is_that_of_numpy(size):
    needs("tvl1")
    from keras_i3d.data.flow.tvl1_kernels import median

    rng = np.random.default_rng(0)
    # Numbers, and zeros and ones: a network that sorts all of the latter sorts everything.
    for image in (rng.normal(size=size), rng.integers(0, 2, size)):
        image = image.astype(np.float32)
        spare = np.concatenate([image, image[:, -1:]], axis=1)
        result = np.empty_like(spare)
        median(spare, result)
        padded = np.pad(image, 2, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
        np.testing.assert_array_equal(result[:, :-1], np.median(windows, axis=(2, 3)))


def test_median_of_every_sorted_arrangement():
    """All 5 x 5 zeros and ones with k ones, in random places: 2000 windows for each k."""
    needs("tvl1")
    from keras_i3d.data.flow.tvl1_kernels import median

    rng = np.random.default_rng(0)
    for ones in range(10, 16):
        windows = rng.permuted(np.arange(25) < ones, axis=None)
        windows = rng.permuted(np.tile(windows, (2000, 1)), axis=1).reshape(2000, 5, 5)
        image = np.concatenate(list(windows.astype(np.float32)), axis=1)
        spare = np.concatenate([image, image[:, -1:]], axis=1)
        result = np.empty_like(spare)
        median(spare, result)
        assert (result[2, 2:-1:5] == (ones >= 13)).all()


def test_rubber_whale(shared):
    """Middlebury's pair: zero flow has an end-point error of 1.256, OpenCV's TV-L1 0.157."""
    needs("tvl1")
    folder = shared / "flow"
    pair = [np.asarray(Image.open(folder / f"RubberWhale{i}.png").convert("RGB")) for i in (1, 2)]
    truth = read_flo(folder / "RubberWhale.flo")
    assert end_point_error(np.zeros_like(truth), truth) == pytest.approx(1.256, abs=1e-3)
    assert end_point_error(compute_flow(np.stack(pair))[0], truth) < 0.16


@pytest.mark.slow
@pytest.mark.parametrize(
    "clip", ["v_CricketShot_g04_c01.avi", "flipping_a_pancake.mkv", "torchvision_basketball.mp4"]
)
def test_as_opencv_on_real_clips(shared, clip):
    needs("tvl1")
    needs("tvl1_opencv")
    from keras_i3d.data.video.decoding import VideoFile
    from keras_i3d.data.video.frames import resized_frames

    with VideoFile(shared / "clips" / clip) as video:
        frames = [f for i, f in enumerate(resized_frames(video)) if i in (20, 21, 22)]
    frames = np.stack(frames)
    assert end_point_error(compute_flow(frames), compute_flow(frames, "tvl1_opencv")) < 0.03


def test_grey_is_that_of_opencv():
    cv2 = pytest.importorskip("cv2")
    rgb = np.random.default_rng(0).integers(0, 256, (100, 99, 3), np.uint8)
    np.testing.assert_array_equal(grey(rgb), cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((1, 8, 8, 3), np.uint8), "at least two frames"),
        (np.zeros((0, 8, 8, 3), np.uint8), "at least two frames"),
        (np.zeros((2, 0, 8, 3), np.uint8), "not empty"),
        (np.zeros((2, 8, 8, 3), np.float32), "uint8"),
        (np.zeros((2, 8, 8), np.uint8), "height, width, 3"),
    ],
)
def test_frames_that_have_no_flow(frames, message):
    with pytest.raises(ValueError, match=message):
        compute_flow(frames)


def test_dis_refuses_what_crashes_it():
    pytest.importorskip("cv2")
    with pytest.raises(ValueError, match="should be at least 32 pixels. Received: 200"):
        compute_flow(np.zeros((2, 16, 200, 3), np.uint8), "dis")


def test_unknown_method():
    with pytest.raises(ValueError, match="tvl1_opencv, dis, farneback. Received: method='raft'"):
        compute_flow(np.zeros((2, 8, 8, 3), np.uint8), "raft")


@pytest.mark.parametrize(
    ("package", "method", "cure"),
    [("numba", "tvl1", "keras-i3d\\[flow\\]"), ("cv2", "dis", "keras-i3d\\[opencv\\]")],
)
def test_missing_packages_are_named(monkeypatch, package, method, cure):
    for module in [m for m in sys.modules if m.startswith("keras_i3d.data.")]:
        if module.endswith(("tvl1_kernels", "opencv_flow")):
            monkeypatch.delitem(sys.modules, module)
            monkeypatch.delattr(sys.modules["keras_i3d.data.flow"], module.split(".")[-1])
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=cure):
        compute_flow(np.zeros((2, 16, 16, 3), np.uint8), method)


def test_importing_is_light():
    program = (
        "import sys, keras_i3d.data.flow.methods, keras_i3d.data.flow.flow_files; "
        "print({'tensorflow', 'keras', 'numba', 'cv2'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert out.stdout == b"set()\n"


# === Coding ===


def test_coding_by_hand():
    flow = np.array([0, -0.0, 20, -20, 1e9, -np.inf, 20 / 127, 0.07, 0.08])
    assert encode(flow).tolist() == [128, 128, 255, 1, 255, 1, 129, 128, 129]
    assert decode(np.array([128, 255, 1, 0], np.uint8)).tolist() == [0, 20, -20, -20]


@given(arrays(np.float32, 20, elements=st.floats(-1, 1, width=32)), st.sampled_from([1, 20, 0.37]))
def test_coding_errs_by_no_more_than_stated(part, bound):
    flow = part * np.float32(bound)
    back = decode(encode(flow, bound), bound)
    assert np.abs(back - flow).max() <= bound / 254 * (1 + 1e-4)
    np.testing.assert_array_equal(decode(encode(-flow, bound), bound), -back)
    np.testing.assert_array_equal(encode(back, bound), encode(flow, bound))


def test_nan_is_not_coded():
    with pytest.raises(ValueError, match="NaN"):
        encode(np.array([np.nan]))


# === Fingerprint ===


def test_fingerprint_survives_json():
    one = fingerprint()
    assert FlowFingerprint.from_json(one.to_json()) == one
    assert one.digest() == FlowFingerprint.from_json(one.to_json()).digest()
    assert (one.short_side, one.fps, one.bound, one.order) == (256, 25, 20.0, "resize_then_flow")
    assert one.parameters["tau"] == 0.25 and one.version.startswith("keras_i3d tvl1")


def test_fingerprint_of_opencv_has_its_version():
    cv2 = pytest.importorskip("cv2")
    assert fingerprint("farneback").version == f"opencv {cv2.__version__}"
    assert len({fingerprint(m).digest() for m in ("tvl1", "dis", "farneback")}) == 3


def test_mixing_shows_both_and_marks_the_difference():
    one = fingerprint()
    other = dataclasses.replace(one, bound=10.0, parameters=dict(one.parameters, warps=2))
    check_equal(one, dataclasses.replace(one), "here")
    with pytest.raises(FingerprintError) as error:
        check_equal(one, other, "v.flow.zip")
    marked = [line.split()[1] for line in str(error.value).splitlines() if "->" in line]
    assert marked == ["parameters.warps", "bound"]
    assert "v.flow.zip" in str(error.value) and "20.0" in str(error.value)


@given(st.binary(max_size=40) | st.text(max_size=40))
def test_no_text_but_a_fingerprint_is_one(text):
    with pytest.raises(ValueError):
        FlowFingerprint.from_json(text)


@pytest.mark.parametrize(
    ("field", "value"), [("bound", "20"), ("bound", -1), ("fps", True), ("parameters", []),
                         ("bound", float("nan")), ("method", None)],
)  # fmt: skip
def test_fields_of_a_foreign_fingerprint_are_checked(field, value):
    values = dataclasses.asdict(fingerprint()) | {field: value}
    with pytest.raises(ValueError, match=field):
        FlowFingerprint.from_json(json.dumps(values))


PROGRAM = """
import hashlib
import numpy as np
from keras_i3d.data.flow.methods import compute_flow

rows, columns = np.indices((24, 40))
waves = [np.sin((rows + i) / 3.1) * np.cos((columns - i) / 4.3) for i in range(5)]
frames = np.repeat((128 + 100 * np.stack(waves))[..., None], 3, -1).astype(np.uint8)
print(hashlib.sha256(compute_flow(frames).tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_code_from_the_cache_gives_the_bits_of_code_just_compiled(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = [sys.executable, "-c", PROGRAM]
    compiled, cached = (subprocess.check_output(run, env=environment) for _ in range(2))
    assert compiled == cached
