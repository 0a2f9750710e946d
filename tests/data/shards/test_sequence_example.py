"""SequenceExamples: TensorFlow reads what is built without it, under media_sequence's names."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.shards.sequence_example import Example, Flow, Pictures, build, parse

IMAGES = Pictures([b"one", b"two\x00", b""], 50, 25, "JPEG", 3, 256, 341)
FLOW = Flow(Pictures([b"a", b"b"], 50, 25, "PNG", 2, 256, 341), 20.0, '{"method": "tvl1"}')
SEGMENTS = [(7, "wave", 2.0, 2.05), (1, "jump", 2.01, 9.0)]
EXAMPLE = Example("idé", "wave/a b.avi", [7, 1], ["wave", "jump"], IMAGES, FLOW, SEGMENTS)


def test_tensorflow_reads_it_and_writes_the_same_bytes():
    import tensorflow as tf

    data = build(EXAMPLE)
    example = tf.train.SequenceExample.FromString(data)
    assert example.SerializeToString(deterministic=True) == data
    context = example.context.feature
    assert context["example/id"].bytes_list.value == ["idé".encode()]
    assert context["clip/data_path"].bytes_list.value == [b"wave/a b.avi"]
    assert context["clip/label/index"].int64_list.value == [7, 1]
    assert context["clip/label/string"].bytes_list.value == [b"wave", b"jump"]
    assert context["image/frame_rate"].float_list.value == [25]
    assert context["FORWARD_FLOW/image/saturation"].float_list.value == [20]
    # Three frames from tick 50 on, at 25 a second: 2 s to 2.12 s.
    assert context["clip/start/timestamp"].int64_list.value == [2_000_000]
    assert context["clip/end/timestamp"].int64_list.value == [2_120_000]
    # 2.00 and 2.04 lie in [2.00, 2.05]; of [2.01, 9.00] the first is 2.04, the last that there is.
    assert context["segment/start/index"].int64_list.value == [0, 1]
    assert context["segment/end/index"].int64_list.value == [1, 2]
    assert context["segment/start/timestamp"].int64_list.value == [2_000_000, 2_010_000]
    assert context["segment/end/timestamp"].int64_list.value == [2_050_000, 9_000_000]


def test_tensorflow_parses_it_in_a_graph_with_the_keys_that_are_documented():
    import tensorflow as tf

    context, lists, lengths = tf.io.parse_sequence_example(
        [build(EXAMPLE)],
        context_features={
            "clip/label/index": tf.io.RaggedFeature(tf.int64),
            "image/height": tf.io.FixedLenFeature([], tf.int64),
            "image/format": tf.io.FixedLenFeature([], tf.string),
        },
        sequence_features={
            "image/encoded": tf.io.FixedLenSequenceFeature([], tf.string),
            "image/timestamp": tf.io.FixedLenSequenceFeature([], tf.int64),
            "FORWARD_FLOW/image/encoded": tf.io.FixedLenSequenceFeature([], tf.string),
        },
    )
    assert context["clip/label/index"].to_list() == [[7, 1]]
    assert context["image/height"].numpy().tolist() == [256]
    assert context["image/format"].numpy().tolist() == [b"JPEG"]
    assert lists["image/encoded"].numpy().tolist() == [[b"one", b"two\x00", b""]]
    assert lists["image/timestamp"].numpy().tolist() == [[2_000_000, 2_040_000, 2_080_000]]
    assert lengths["FORWARD_FLOW/image/encoded"].numpy().tolist() == [2]


def test_parse_gives_back_what_was_built():
    parsed = parse(build(EXAMPLE))
    assert parsed.id == "idé"
    assert list(parsed.images.encoded) == IMAGES.encoded
    assert parsed.images.times() == IMAGES.times()
    assert parsed.flow.fingerprint == FLOW.fingerprint
    assert list(parsed.segments) == SEGMENTS


@given(
    st.text(st.characters(codec="utf-8")),
    st.lists(st.integers(0, 1 << 40), max_size=4),
    st.integers(0, 1 << 20),
    st.integers(1, 240),
    st.lists(st.binary(max_size=9), min_size=1, max_size=5),
)
def test_any_example_survives(id, labels, first, fps, encoded):
    images = Pictures(encoded, first, fps, "JPEG", 3, 1, 2)
    parsed = parse(build(Example(id, "x", labels, [str(n) for n in labels], images)))
    assert (parsed.id, list(parsed.labels), parsed.flow) == (id, labels, None)
    assert (parsed.images.first, parsed.images.fps) == (first, fps)
    assert list(parsed.images.encoded) == encoded


def test_a_name_that_is_not_text_survives():
    example = Example("\udcff", "\udcfe.avi", (), (), IMAGES)
    assert parse(build(example)).data_path == "\udcfe.avi"


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data):
    with pytest.raises(ValueError, match="SequenceExample"):
        parse(data)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_damaged_example_is_parsed_or_refused(place, byte):
    data = bytearray(build(EXAMPLE))
    data[place % len(data)] = byte
    try:
        parse(bytes(data))
    except ValueError as error:
        assert "\n" not in str(error)


def test_no_picture_is_an_error():
    with pytest.raises(ValueError, match="no picture"):
        build(Example("a", "a", (), (), Pictures([], 0, 25, "JPEG", 3, 1, 1)))


def test_tensorflow_is_not_needed():
    program = "import sys, keras_i3d.data.shards.plan, keras_i3d.data.shards.sequence_example\n"
    program += "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
