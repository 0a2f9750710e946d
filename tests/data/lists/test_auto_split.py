"""A list without splits, divided: by class, by group, the same each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.lists.annotations import Video, read_annotations
from keras_i3d.data.lists.auto_split import AutoSplit, divided

CLASSES = ("ApplyLipstick", "Archery")


@pytest.fixture
def folder(tmp_path):
    """Two classes of ten groups of four clips, named as UCF-101 names them."""
    for name in CLASSES:
        (tmp_path / name).mkdir()
        for group in range(1, 11):
            for clip in range(1, 5):
                (tmp_path / name / f"v_{name}_g{group:02}_c{clip:02}.avi").touch()
    return tmp_path


def group(video):
    return video.id.split("_g")[1][:2], video.labels


def test_groups_stay_whole_and_every_class_has_its_share(folder):
    found = read_annotations("folders", folder, auto_split=AutoSplit(0.8))
    train, test = found.splits["train"], found.splits["test"]
    assert (len(train), len(test)) == (64, 16)
    assert not {group(v) for v in train} & {group(v) for v in test}
    for label in (0, 1):
        assert sum(v.labels == (label,) for v in train) == 32
    assert "divided by auto_split=0.8 with seed 0: 64 for train and 16 for test" in found.notes
    assert found.concerns == ()


def test_the_seed_decides(folder):
    def trained(seed):
        found = read_annotations("folders", folder, auto_split=AutoSplit(0.5, seed))
        return [video.id for video in found.splits["train"]]

    assert trained(3) == trained(3)
    assert len({tuple(trained(seed)) for seed in range(8)}) == 8


def test_one_split_of_it(folder):
    how = AutoSplit(0.7, names=("train", "val"))
    found = read_annotations("folders", folder, splits=["val"], auto_split=how)
    assert list(found.splits) == ["val"]
    assert len(found.splits["val"]) == 24


def test_the_error_names_the_remedy(folder):
    with pytest.raises(ValueError, match="split train. Received: a list with all; --auto_split="):
        read_annotations("folders", folder, splits=["train"])


def test_lists_with_splits_are_not_divided(tmp_path):
    for path in ("train/a/x.mp4", "test/a/y.mp4"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    with pytest.raises(
        ValueError, match=r"without splits. Received: a list with \['test', 'train'\]"
    ):
        read_annotations("folders", tmp_path, auto_split=AutoSplit(0.8))


@pytest.mark.parametrize("share", [0, 1, -0.1, 80, float("nan")])
def test_shares_that_cannot_be(share):
    with pytest.raises(ValueError, match="auto_split should be above 0 and below 1, such as 0.8"):
        AutoSplit(share)


def test_parts_of_one_film_stay_together():
    films = [Video(f"/r/{n}.mp4", (0,), f"{n}_{s}", s, s + 1) for n in range(6) for s in range(5)]
    sides = divided(films, "/r", AutoSplit(0.5))
    paths = {side: {video.path for video in videos} for side, videos in sides.items()}
    assert not paths["train"] & paths["test"]
    assert [len(videos) for videos in sides.values()] == [15, 15]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), unique=True, min_size=1),
    st.floats(0.05, 0.95),
    st.integers(0, 99),
)
def test_every_video_is_on_one_side_and_no_class_on_one_alone(pairs, share, seed):
    videos = [Video(f"/r/{c}/v_g{g}_c1.avi", (c,), f"{c}/{g}") for c, g in pairs]
    sides = divided(videos, "/r", AutoSplit(share, seed))
    assert sorted(v.id for of in sides.values() for v in of) == sorted(v.id for v in videos)
    for label in {c for c, _ in pairs}:
        groups = sum(c == label for c, _ in pairs)
        learnt = sum(v.labels == (label,) for v in sides["train"])
        assert learnt >= 1
        assert learnt < groups or groups == 1
        assert abs(learnt - share * groups) <= 1


def test_another_video_moves_few():
    videos = [Video(f"/r/{n}.mp4", (0,), f"{n}") for n in range(100)]
    before = {v.id for v in divided(videos, "/r", AutoSplit(0.8))["train"]}
    after = {v.id for v in divided(videos[1:], "/r", AutoSplit(0.8))["train"]}
    assert len(before - after) <= 2
