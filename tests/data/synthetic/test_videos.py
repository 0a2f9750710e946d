"""Moving pictures: laws that frames, flow and labels obey."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from keras_i3d.data.batches.clip_sources import read_crops
from keras_i3d.data.batches.sampling import view_numbers
from keras_i3d.data.pixels.cropping import CENTRE
from keras_i3d.data.synthetic.motion import SPEEDS, draw_path, flow_between, views
from keras_i3d.data.synthetic.pictures import PICTURES, mirrored, quarter, render, resized
from keras_i3d.data.synthetic.videos import APPEARANCES, MOTIONS, SyntheticVideos
from tests.data.seen import seen

HEIGHT, WIDTH = 96, 128


def of_motion(motion, **changes):
    arguments = {"motions": [motion], "size": (HEIGHT, WIDTH), "num_frames": 20} | changes
    return SyntheticVideos(**arguments)


def sampled(frame, x, y):
    """A (height, width, 3) frame between its pixels: cubic splines; x, y count from 0."""
    channels = [map_coordinates(frame[..., c].astype(float), [y, x], order=3) for c in range(3)]
    return np.stack(channels, axis=-1)


# === Appearance that tells the motion ===


def test_a_shortcut_ties_a_motion_to_its_appearance():
    """MoveLeft is the first motion, and has always the first appearance; MoveRight has the second
    by chance half of the time, and in 80 % of the rest by the shortcut: 90 %. Of 2,000 videos the
    standard deviation is 0.7 points.
    """
    free = SyntheticVideos(motions=("MoveLeft", "MoveRight"), appearances=APPEARANCES[:2])
    tied = SyntheticVideos(
        motions=("MoveLeft", "MoveRight"),
        appearances=APPEARANCES[:2],
        shortcut={"MoveLeft": 1.0, "MoveRight": 0.8},
    )
    scenes = [tied.scene(number) for number in range(4_000)]
    left = {s.appearance for s in scenes if s.path.motion == "MoveLeft"}
    right = [s.appearance == tied.appearances[1] for s in scenes if s.path.motion == "MoveRight"]
    assert left == {tied.appearances[0]}
    assert len(right) == 2_000
    assert abs(np.mean(right) - 0.9) < 0.035
    assert [free.labels(n) for n in range(99)] == [tied.labels(n) for n in range(99)]


@pytest.mark.parametrize("shortcut", [{"MoveUp": 0.5}, {"MoveLeft": 1.5}])
def test_shortcuts_that_cannot_be(shortcut):
    with pytest.raises(ValueError, match="shortcut"):
        SyntheticVideos(motions=("MoveLeft", "MoveRight"), shortcut=shortcut)


# === Two motions in turn ===


def in_turn(name, count):
    """The flow of a video of this class, and of one that has everything but the order alike."""
    videos = SyntheticVideos(
        task="order", motions=("MoveLeft", "MoveUp"), num_frames=count, size=(24, 32)
    )
    number = next(n for n in range(40) if videos.scene(n).path.motion == name)
    path = videos.scene(number).path
    other = replace(path, motion="Then".join(reversed(name.split("Then"))))
    return [flow_between(views(one, count, (24, 32)), (24, 32)) for one in (path, other)]


def test_an_order_is_still_then_one_motion_then_still_then_the_other():
    first, second = in_turn("MoveLeftThenMoveUp", 20)
    moving = [np.abs(flow).max(axis=(1, 2, 3)) > 1e-6 for flow in (first, second)]
    wanted = [4 <= n < 8 or 12 <= n < 16 for n in range(19)]
    assert moving[0].tolist() == moving[1].tolist() == wanted
    left, up = (first[4], second[12]), (first[12], second[4])
    for flow in left:
        assert (flow[..., 0] < -0.9).all() and np.abs(flow[..., 1]).max() < 1e-4
    for flow in up:
        assert (flow[..., 1] < -0.9).all() and np.abs(flow[..., 0]).max() < 1e-4


def test_a_window_shorter_than_the_pauses_sees_the_same_of_both_orders():
    """All stacks of three frames of flow: one order has as many of each kind as the other."""
    kinds = []
    for flow in in_turn("MoveLeftThenMoveUp", 20):
        stacks = [flow[n : n + 3].round(3) + 0.0 for n in range(len(flow) - 2)]
        kinds.append(Counter(stack.tobytes() for stack in stacks))
    assert kinds[0] == kinds[1]


def test_orders_are_the_classes_and_zooms_have_none():
    videos = SyntheticVideos(task="order", motions=("MoveUp", "MoveLeft"))
    assert videos.class_names == ("MoveLeftThenMoveUp", "MoveUpThenMoveLeft")
    assert sorted(videos.labels(n)[0] for n in range(10)) == [0] * 5 + [1] * 5
    assert len(SyntheticVideos(task="order").class_names) == 4 * 3
    with pytest.raises(ValueError, match="motions should be one of MoveDown, MoveLeft"):
        SyntheticVideos(task="order", motions=("ZoomIn", "MoveUp"))


# === The plane and the camera ===


def test_mirrored_indices():
    assert mirrored(-2, 7, 3).tolist() == [1, 0, 0, 1, 2, 2, 1, 0, 0]


def test_a_frame_samples_between_pixels_where_it_should():
    """A picture whose red is 10 x and green 5 y, of pixel middles: so is what is seen of it."""
    rows, columns = np.mgrid[:20, :24]
    picture = np.stack([10 * columns + 5, 5 * rows + 2, 0 * rows], axis=2).astype(np.uint8)
    view = np.array([[0.5, 0.1, 3.2], [-0.05, 0.25, 4.0]])
    seen = render(picture, (24, 20), view, (10, 12)).astype(float)
    x, y = np.arange(12) + 0.5, np.arange(10)[:, None] + 0.5
    red, green = 10 * (0.5 * x + 0.1 * y + 3.2), 5 * (-0.05 * x + 0.25 * y + 4.0) - 0.5
    for true, found in ((red, seen[..., 0]), (green, seen[..., 1])):
        assert (true - found > -1e-4).all() and (true - found < 1).all()


def test_a_sinusoid_is_seen_where_it_is():
    """Its phase, measured by Fourier's sum, moves as the camera does; to 0.01 of a pixel."""
    wave = 127.5 + 100 * np.cos(2 * np.pi * (np.arange(64) + 0.5) / 16)
    picture = np.repeat(np.rint(wave)[None, :, None], 3, axis=2).repeat(8, axis=0).astype(np.uint8)
    carrier = np.exp(-2j * np.pi * (np.arange(32) + 0.5) / 16)
    for shift in (0, 0.1, 0.25, 0.5, 0.7, 3.3):
        seen = render(picture, (64, 8), np.array([[1, 0, shift], [0, 1, 0]]), (4, 32))
        phase = np.angle(seen[0, :, 0] @ carrier) / (2 * np.pi) * 16
        assert phase == pytest.approx((shift + 8) % 16 - 8, abs=0.01)


@given(
    motion=st.sampled_from(MOTIONS),
    num_frames=st.integers(1, 40),
    height=st.integers(1, 50),
    width=st.integers(1, 50),
    seed=st.integers(0, 2**63),
)
def test_flow_leads_to_the_same_place_on_the_plane(motion, num_frames, height, width, seed):
    rng = np.random.default_rng(seed)
    path = draw_path(rng, motion, (1.5, 1.0), num_frames)
    cameras = views(path, num_frames, (height, width))
    flow = flow_between(cameras, (height, width))
    assert flow.shape == (num_frames - 1, height, width, 2)
    assert flow.dtype == np.float32
    assert np.hypot(flow[..., 0], flow[..., 1]).max(initial=0) <= SPEEDS[1] + 1e-4
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    here = np.stack([x, y, np.ones_like(x)], axis=-1)
    for number, moved in enumerate(flow):
        there = here.copy()
        there[..., :2] += moved
        np.testing.assert_allclose(
            there @ cameras[number + 1].T, here @ cameras[number].T, atol=1e-4
        )


def test_each_motion_is_what_its_name_says():
    top, bottom = np.s_[:, 0, WIDTH // 2], np.s_[:, -1, WIDTH // 2]
    left, right = np.s_[:, HEIGHT // 2, 0], np.s_[:, HEIGHT // 2, -1]
    flows = {m: of_motion(m).read(0, 0, 20, ["flow"])["flow"] for m in MOTIONS}
    for motion, axis, sign in (
        ("MoveLeft", 0, -1),
        ("MoveRight", 0, 1),
        ("MoveUp", 1, -1),
        ("MoveDown", 1, 1),
    ):
        flow = flows[motion]
        assert (sign * flow[..., axis] >= SPEEDS[0] - 1e-4).all()
        assert np.abs(flow[..., 1 - axis]).max() < 1e-4
        assert np.ptp(flow[..., axis]) < 1e-4, "one speed"
    assert np.abs(flows["Still"]).max() == 0
    for motion, sign in (("TurnLeft", 1), ("TurnRight", -1)):  # anticlockwise: the top goes left
        flow = sign * flows[motion]
        assert (flow[top][:, 0] < 0).all() and (flow[bottom][:, 0] > 0).all()
        assert (flow[left][:, 1] > 0).all() and (flow[right][:, 1] < 0).all()
    for motion, sign in (("ZoomIn", 1), ("ZoomOut", -1)):
        flow = sign * flows[motion]
        assert (flow[top][:, 1] < 0).all() and (flow[bottom][:, 1] > 0).all()
        assert (flow[left][:, 0] < 0).all() and (flow[right][:, 0] > 0).all()


def test_shaking_goes_nowhere():
    path = draw_path(np.random.default_rng(1), "Shake", (1.0, 1.0), 50)
    offsets = views(path, 50, (HEIGHT, WIDTH)) @ [WIDTH / 2, HEIGHT / 2, 1]
    np.testing.assert_allclose(offsets.mean(axis=0), path.centre, atol=1e-9)
    steps = flow_between(views(path, 50, (HEIGHT, WIDTH)), (1, 1))[:, 0, 0]
    assert np.hypot(*steps.T).max() == pytest.approx(path.speed, abs=1e-4)
    assert min(Counter(np.sign(steps[:, 0])).values()) > 10, "to and fro"


# === Frames ===


@pytest.mark.parametrize("motion", MOTIONS)
def test_warping_back_by_the_true_flow_gives_the_frame_before(motion):
    videos = of_motion(motion, size=(192, 256), seed=4)
    for index in range(len(APPEARANCES)):
        clip = videos.read(index, 7, 2, ["rgb", "flow"])
        y, x = np.mgrid[8:184, 8:248]
        dx, dy = clip["flow"][0, 8:184, 8:248].transpose(2, 0, 1)
        back = sampled(clip["rgb"][1], x + dx, y + dy)
        assert np.abs(back - clip["rgb"][0, 8:184, 8:248]).mean() < 1.5, videos.scene(index)


def test_still_frames_differ_by_noise_alone():
    videos = of_motion("Still", noise=3.0)
    clip, noise = videos.read(5, 0, 20)["rgb"].astype(float), videos.scene(5).noise
    difference = (clip[1:] - clip[:-1]).std()
    assert difference == pytest.approx(np.hypot(noise, 12**-0.5) * 2**0.5, rel=0.1)
    quiet = of_motion("Still", noise=0).read(5, 0, 20)["rgb"]
    assert (quiet == quiet[0]).all()


@settings(max_examples=25, deadline=None)
@given(
    index=st.integers(0, 2**31 - 1),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    num_frames=st.integers(1, 12),
    data=st.data(),
)
def test_any_part_of_any_video_of_any_size(index, size, num_frames, data):
    videos = SyntheticVideos(num_videos=2**31, size=size, num_frames=num_frames)
    start = data.draw(st.integers(0, num_frames - 1))
    count = data.draw(st.integers(1, num_frames - start))
    whole = videos.read(index, 0, num_frames, ["rgb", "flow"])
    part = videos.read(index, start, count, ["rgb", "flow"])
    assert part["rgb"].shape == (count, *size, 3)
    np.testing.assert_array_equal(part["rgb"], whole["rgb"][start : start + count])
    np.testing.assert_array_equal(part["flow"], whole["flow"][start : start + count])


def test_seed_split_and_index_make_the_video():
    def first(index=0, **changes):
        return SyntheticVideos(size=(16, 16), **changes).read(index, 0, 2)["rgb"].tobytes()

    assert first() == first(num_videos=1)
    others = [first(), first(seed=1), first(split="val"), first(split="test"), first(1)]
    assert len(set(others)) == 5


def test_splits_share_no_pixel():
    whole = {split: SyntheticVideos(split).scene for split in ("train", "val", "test")}
    seen = {split: {scene(i).quarter for i in range(100)} for split, scene in whole.items()}
    assert seen == {"train": {0, 3}, "val": {1}, "test": {2}}
    for name in PICTURES:
        rows = [np.concatenate([quarter(name, n), quarter(name, n + 1)], axis=1) for n in (0, 2)]
        assert np.concatenate(rows).shape[0] == 2 * quarter(name, 0).shape[0]
        assert min(resized(quarter(name, 3), 50).shape[:2]) == 50


# === Labels ===


@pytest.mark.parametrize("task", ["motion", "appearance", "joint"])
def test_classes_are_balanced_and_labels_independent(task):
    videos = SyntheticVideos("val", task, num_videos=300, motions=MOTIONS[:4])
    names = videos.class_names
    assert list(names) == sorted(names)
    scenes = [videos.scene(index) for index in range(80)]
    for block in (scenes[:40], scenes[40:]):
        pairs = Counter((scene.appearance, scene.path.motion) for scene in block)
        assert len(pairs) == 40 and set(pairs.values()) == {1}
    for start in range(0, 240 - 239 % len(names), len(names)):
        found = [videos.labels(index) for index in range(start, start + len(names))]
        assert sorted(found) == [(label,) for label in range(len(names))]
    for index, scene in enumerate(scenes):
        name = {"motion": scene.path.motion, "appearance": scene.appearance}
        name["joint"] = scene.appearance + scene.path.motion
        assert names[videos.labels(index)[0]] == name[task]


def test_one_frame_does_not_tell_the_motion():
    """Size, place and angle of a frame drawn at random: equal laws, by Kolmogorov and Smirnov."""
    rng, drawn = np.random.default_rng(0), {}
    for motion in MOTIONS:
        paths = [draw_path(rng, motion, (1.0, 1.0), 40) for _ in range(2000)]
        cameras = np.stack([views(path, 40, (96, 128))[rng.integers(40)] for path in paths])
        middle = cameras @ [64, 48, 1]
        drawn[motion] = {
            "x": middle[:, 0] % 2,
            "y": middle[:, 1] % 2,
            "angle": np.arctan2(cameras[:, 1, 0], cameras[:, 0, 0]),
            "size": np.hypot(cameras[:, 0, 0], cameras[:, 1, 0]),
        }
    for what in ("x", "y", "angle", "size"):
        everything = np.sort(np.concatenate([values[what] for values in drawn.values()]))
        for motion, values in drawn.items():
            below = np.searchsorted(np.sort(values[what]), everything, side="right") / 2000
            distance = np.abs(below - np.linspace(0, 1, len(everything))).max()
            assert distance < 1.95 / 2000**0.5, f"{what} of {motion}"  # 1 in 1000, were it alone


def test_brightness_does_not_tell_the_motion():
    rng, means = np.random.default_rng(1), {}
    videos = SyntheticVideos(size=(24, 32), num_frames=20, num_videos=1500)
    for index in range(1500):
        frame = videos.read(index, rng.integers(20), 1)["rgb"]
        means.setdefault(videos.labels(index)[0], []).append((frame.mean(), frame.std()))
    table = np.array([means[label] for label in range(10)])  # (motion, video, statistic)
    error = table.std(axis=(0, 1)) / 150**0.5
    assert (np.abs(table.mean(axis=1) - table.mean(axis=(0, 1))) < 3.5 * error).all()


# === Around it ===


def test_flow_as_opencv_measures_it():
    cv2 = pytest.importorskip("cv2")
    method = cv2.optflow.DualTVL1OpticalFlow_create()
    errors = []
    for motion in ("MoveLeft", "MoveDown"):
        videos = of_motion(motion, size=(120, 160))
        for index in range(4):
            clip = videos.read(index, 3, 2, ["rgb", "flow"])
            grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip["rgb"]]
            error = method.calc(*grey, None) - clip["flow"][0]
            errors.append(np.hypot(*error[5:-5, 5:-5].transpose(2, 0, 1)).mean())
    assert np.mean(errors) < 0.3


@pytest.mark.slow
@pytest.mark.parametrize("motion", ["MoveDown", "MoveLeft", "MoveRight", "MoveUp"])
def test_flow_as_we_measure_it(motion):
    """Over all pictures and speeds; single clips with wide empty parts may be worse."""
    pytest.importorskip("numba")
    from keras_i3d.data.flow.methods import compute_flow

    videos, errors = of_motion(motion, size=(240, 320)), []
    for index in range(3 * len(APPEARANCES)):
        clip = videos.read(index, 3, 2, ["rgb", "flow"])
        error = compute_flow(clip["rgb"], method="tvl1") - clip["flow"][:1]
        errors.append(np.hypot(*error[0, 5:-5, 5:-5].transpose(2, 0, 1)).mean())
    assert np.mean(errors) < 0.3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "trial"}, "split should be one of train"),
        ({"task": "colour"}, "task should be one of motion"),
        ({"motions": ["Fly"]}, "motions should be one of MoveDown"),
        ({"motions": []}, "motions should be one or more"),
        ({"appearances": ["Cat", "Cat"]}, "appearances should be one or more names, each once"),
        ({"num_videos": 2**31 + 1}, "num_videos should be 1 to 2147483648"),
        ({"size": (0, 3)}, "height should be 1"),
        ({"seed": -1}, "seed should be 0"),
    ],
)
def test_arguments_that_cannot_be(changes, message):
    with pytest.raises(ValueError, match=message):
        SyntheticVideos(**changes)


def test_what_is_not_there():
    videos = SyntheticVideos(num_videos=3, num_frames=9)
    assert len(videos) == 3
    assert videos.id(2) == "synthetic_0_train_0000000002"
    with pytest.raises(IndexError, match="index should be 0 to 2, there are 3 videos. Received: 3"):
        videos.labels(3)
    with pytest.raises(ValueError, match="should be within 0 to 9. Received: start=8, count=2"):
        videos.read(0, 8, 2)
    with pytest.raises(ValueError, match="stream should be one of rgb, flow. Received: 'sound'"):
        videos.read(0, 0, 1, ["sound"])


def test_without_scikit_image(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install 'scikit-image"):
        quarter.__wrapped__("Cat", 0)


def test_it_is_a_source():
    """A clip of 8 from a video of 5, flow and frames together, as the pipeline reads it."""
    videos = SyntheticVideos(size=(16, 20), num_frames=5)
    whole = videos.read(3, 0, 5, ["rgb", "flow"])
    spec = seen(8, 1, 16, 16, ("rgb", "flow"))
    clip = read_crops(
        videos,
        3,
        lambda total: view_numbers(0.5, total, spec),
        [(CENTRE, CENTRE)],
        spec,
    )
    centre = np.s_[:, :, 2:18]
    rgb, flow = whole["rgb"][[0, 1, 2, 3, 4, 0, 1, 2]], whole["flow"][[0, 1, 2, 3, 3, 0, 1, 2]]
    np.testing.assert_array_equal(clip["rgb"][0], rgb[centre])
    np.testing.assert_array_equal(clip["flow"][0], flow[centre])


def test_it_is_light():
    code = (
        "import sys; from keras_i3d.data.synthetic.videos import SyntheticVideos as S; "
        "S(size=(8, 8)).read(0, 0, 1); "
        "print(sorted({'tensorflow', 'keras', 'skimage', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
