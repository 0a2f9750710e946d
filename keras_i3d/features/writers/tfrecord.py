"""One TFRecord file with one tf.train.SequenceExample a video, as MediaPipe's feature sets have."""

from pathlib import Path

from keras_i3d.data.shards.example_message import SequenceExample
from keras_i3d.data.shards.manifest import framed
from keras_i3d.features.video_features import Features
from keras_i3d.files.whole import whole_file


def write(features: Features, stem: Path) -> list[Path]:
    """Write STEM.tfrecord.

    Each array is a feature list, a float_list for each window: "rgb", "flow", "start", "centre",
    "end" (in float32, as float_list has it). The context has "metadata", in JSON, and the shape of
    a window's features, such as "rgb/shape".
    """
    path = stem.with_name(f"{stem.name}.tfrecord")
    example = SequenceExample()
    metadata = features.metadata_json().encode()
    example.context.feature["metadata"].bytes_list.value.append(metadata)
    for name, array in features.named().items():
        example.context.feature[f"{name}/shape"].int64_list.value.extend(array.shape[1:])
    for name, array in {**features.named(), **features.times()}.items():
        windows = example.feature_lists.feature_list[name].feature
        for one in array:
            windows.add().float_list.value.extend(one.ravel().tolist())
    with whole_file(path) as file:
        for part in framed(example.SerializeToString(deterministic=True)):
            file.write(part)
    return [path]
