"""The records of the protocols: what distinguishes them, and that a change shows."""

from dataclasses import replace

import pytest

from keras_i3d.fvd.protocols import GOOGLE, PROTOCOLS, FVDProtocol, Resizing, protocol


def test_what_the_tools_do():
    """frames, span of a video, clip, videos, ddof, ridge; and the way to 224 pixels."""
    rows = {
        name: (p.frames, p.span, p.clip, p.videos, p.ddof, p.ridge) for name, p in PROTOCOLS.items()
    }
    assert rows == {
        "google": (16, 16, "first", None, 1, 0),
        "styleganv": (16, 16, "random", 2048, 0, 0),
        "styleganv_128": (128, 128, "random", 2048, 0, 0),
        "styleganv_128_every_8": (16, 121, "random", 2048, 0, 0),
        "cdfvd": (16, 16, "random", 2048, 0, 0),
        "junyaohu": (16, 16, "first", None, 1, 0),
        "fastvideo": (16, 16, "first", 2048, 1, 1e-6),
    }
    assert GOOGLE.resizing == (Resizing(224, "legacy"),)
    assert PROTOCOLS["junyaohu"].resizing == (Resizing(224, "half_pixel", crop=True),)
    assert {(p.size, p.range, p.layer) for p in PROTOCOLS.values()} == {(224, (-1, 1), "logits")}


def test_every_protocol_has_a_hash_of_its_own():
    hashes = {p.hash for p in PROTOCOLS.values()}
    assert len(hashes) == len(PROTOCOLS)
    assert all(len(one) == 8 for one in hashes)


@pytest.mark.parametrize(
    "change",
    [
        {"frames": 15}, {"stride": 2}, {"clip": "middle"}, {"videos": 10}, {"seed": 1},
        {"resizing": (Resizing(way="legacy", crop=True),)}, {"range": (0.0, 1.0)},
        {"layer": "features"}, {"ddof": 0}, {"ridge": 0.1},
    ],
)  # fmt: skip
def test_a_change_shows_in_name_and_hash(change):
    changed = replace(GOOGLE, **change)
    assert changed.hash != GOOGLE.hash
    assert (GOOGLE.label, changed.label) == ("google", "google, changed")
    of_sets = change.keys() & {"videos", "ddof", "ridge"}
    assert (changed.clip_hash == GOOGLE.clip_hash) == bool(of_sets)


def test_a_name_does_not():
    mine = replace(GOOGLE, name="mine")
    assert (mine.hash, mine.label) == (GOOGLE.hash, "mine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clip": "last"}, "clip should be one of first, middle, random"),
        ({"ddof": 2}, "ddof should be one of 0, 1"),
        ({"frames": 0}, "at least 1"),
        ({"videos": -1}, "at least 1"),
        ({"videos": 0}, "at least 1"),
        ({"seed": -1}, "seed and ridge at least 0"),
        ({"range": (1.0, 0.0)}, r"range \(low, high\)"),
        ({"resizing": ()}, "should have a resizing"),
    ],
)
def test_what_no_protocol_can_be(change, message):
    with pytest.raises(ValueError, match=message):
        FVDProtocol(**{"name": "mine", **change})
    with pytest.raises(ValueError, match="a way of legacy"):
        Resizing(way="nearest")


def test_protocols_by_name():
    assert protocol("google") is protocol(GOOGLE) is GOOGLE
    with pytest.raises(ValueError, match="protocol should be one of google, styleganv"):
        protocol("goggle")
