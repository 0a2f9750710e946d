"""The plan: every video in one place, whatever the list's order."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.shards.plan import ShardOptions, plan_shards


def videos(count):
    return [Video(f"/data/c{i % 3}/{i}.avi", (i % 3,), f"v{i}") for i in range(count)]


def plan(listed, shards=0, seed=0, root="/data", split="train"):
    return plan_shards("out", split, list("abc"), listed, ShardOptions(shards, seed=seed), root)


@given(st.integers(1, 300), st.integers(1, 40), st.integers(-5, 5))
def test_every_video_is_in_one_shard_and_shards_are_even(count, shards, seed):
    made = plan(videos(count), min(shards, count), seed)
    assert sorted(job.video.id for job in chain(*made.jobs)) == sorted(
        video.id for video in videos(count)
    )
    sizes = [len(jobs) for jobs in made.jobs]
    assert max(sizes) - min(sizes) <= 1
    places = [(job.shard, job.place) for job in chain(*made.jobs)]
    assert places == [(n, p) for n, size in enumerate(sizes) for p in range(size)]
    assert len({job.work for job in chain(*made.jobs)}) == count == made.listed


@given(st.randoms())
def test_the_order_of_the_list_does_not_matter(random):
    shuffled = random.sample(videos(20), 20)
    assert plan(shuffled, 3) == plan(videos(20), 3)


def test_the_order_is_that_of_a_hash():
    # sha256sum: 0/v0 732e..., 0/v1 c255..., 0/v2 df83...; 1/v0 e5f1..., 1/v1 4d44..., 1/v2 9598...
    ids = [[job.video.id for job in plan(videos(3), 1, seed).jobs[0]] for seed in (0, 1)]
    assert ids == [["v0", "v1", "v2"], ["v1", "v2", "v0"]]


def test_what_tells_plans_apart():
    same = plan(videos(9)).identity()
    moved = [Video(v.path.replace("/data", "/new"), v.labels, v.id) for v in videos(9)]
    assert plan(moved, root="/new").identity() == same
    assert plan(videos(8)).identity() != same
    assert plan(videos(9), seed=1).identity() != same
    other = [Video(v.path, (0,), v.id) for v in videos(9)]
    assert plan(other).identity()["list_sha256"] != same["list_sha256"]


def test_by_default_a_shard_for_64_videos():
    assert [plan(videos(count)).options.shards for count in (1, 64, 65, 128)] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("listed", "arguments", "message"),
    [
        ([], {}, "no videos"),
        (videos(2), {"shards": 3}, "at most the 2 videos of split 'train'. Received: 3"),
        (videos(1) * 2, {}, "1 ids are in split 'train' more than once, such as .'v0'."),
        ([Video("a", (3,), "a")], {}, "a: label 3 of 3 classes"),
        ([Video("a", (-1,), "a")], {}, "label -1"),
        ([Video("a", (), "a", actions=((5, 0.0, 1.0),))], {}, "label 5 of 3"),
        (videos(1), {"split": "../x"}, "cannot be part of a file's name"),
    ],
)
def test_what_cannot_be_planned(listed, arguments, message):
    with pytest.raises(ValueError, match=message):
        plan(listed, **arguments)


@pytest.mark.parametrize("wrong", [{"quality": 0}, {"quality": 101}, {"fps": 0}, {"shards": -1}])
def test_options_have_limits(wrong):
    with pytest.raises(ValueError, match=rf"{next(iter(wrong))} should be .* Received"):
        ShardOptions(**wrong)
