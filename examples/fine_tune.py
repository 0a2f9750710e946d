"""Teach I3D classes of your own: a folder for each class, some videos in each.

  python examples/fine_tune.py VIDEOS mine     VIDEOS/juggling/1.mp4, VIDEOS/dancing/1.mp4 …
  keras-i3d predict new.mp4 --weights=mine.weights.h5 --labels=mine.txt

Only a new head learns, which a few videos and a CPU can do; `keras-i3d train` also trains whole
networks, checks them on other videos as it goes, and can be stopped and resumed.
"""

import sys
from pathlib import Path

import keras_i3d
from keras_i3d.data import VideoFiles, read_annotations, training_batches
from keras_i3d.models.catalogue import I3D

CLIP = I3D.inputs["rgb"].changed(frames=32)  # at 25 a second, short side 256, crop 224


def main(folder, out, weights="kinetics", steps=100, batch_size=4, clip=CLIP):
    # Batches without end: clips cut at random, mirrored at random, labels one-hot.
    annotations = read_annotations("folders", folder)
    videos = VideoFiles(annotations.splits["all"], annotations.classes)
    batches = training_batches(videos, batch_size, {"rgb": clip})

    # I3D with a new head; all else stays as it is.
    classes = len(videos.class_names)
    model = keras_i3d.I3D(weights, classes=classes, new_head=weights is not None)
    for layer in model.layers:
        layer.trainable = layer.name in I3D.head

    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(batches, steps_per_epoch=steps, shuffle=False)  # they come shuffled
    model.save_weights(f"{out}.weights.h5")
    Path(f"{out}.txt").write_text("\n".join(videos.class_names) + "\n", "utf-8")

    # The new network on the first of its videos.
    network = keras_i3d.load(f"{out}.weights.h5", labels=videos.class_names)
    prediction = keras_i3d.predict_video(network, videos.videos[0].path)
    print(keras_i3d.decode_predictions(prediction.scores[None], 1, videos.class_names)[0])
    return network


if __name__ == "__main__":
    main(*sys.argv[1:3])
