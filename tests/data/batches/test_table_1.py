"""“Quo Vadis”, table 1, from the records: what each network sees of a video of ten seconds."""

import pytest

from keras_i3d.data.batches import sampling
from keras_i3d.models.catalogue import network

# Frames of rgb and of flow, and seconds: of a clip in training, and of the whole test.
TABLE_1 = {
    "convnet_lstm": ((25, 0, 5.0), (50, 0, 10.0)),
    "convnet_3d": ((16, 0, 0.64), (240, 0, 9.6)),
    "two_stream": ((1, 10, 0.4), (25, 250, 10.0)),
    "fused_3d": ((5, 50, 2.0), (25, 250, 10.0)),
    "two_stream_i3d": ((64, 64, 2.56), (250, 250, 10.0)),
}


@pytest.mark.parametrize("name", TABLE_1)
def test_a_video_of_ten_seconds(name):
    record = network(name)
    inputs = record.seen(record.streams[0])
    trained = sampling.view_numbers(0.5, 250, inputs)
    longest = None if record.in_clips else 1000
    parts = [
        sampling.part_numbers(part, 250, inputs, longest)
        for part in range(sampling.part_count(250, inputs, longest))
    ]
    tested = {s: [n for part in parts for n in part[s].tolist()] for s in inputs}
    for (rgb, flow, seconds), numbers in zip(TABLE_1[name], (trained, tested), strict=True):
        assert {s: len(n) for s, n in numbers.items()} == {
            s: n for s, n in (("rgb", rgb), ("flow", flow)) if n
        }
        assert all(len(set(n)) == len(n) for n in map(list, numbers.values()))
        [covered] = {len(n) * inputs[s].every / 25 for s, n in numbers.items()}
        assert covered == seconds
