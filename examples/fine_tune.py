"""Teach I3D classes of your own: a folder for each class, some videos in each.

  python examples/fine_tune.py VIDEOS mine.keras      VIDEOS/juggling/1.mp4, VIDEOS/dancing/1.mp4 …

Only a new head learns, which a few videos and a CPU can do; `keras-i3d train` also trains whole
networks, checks them on other videos as it goes, and can be stopped and resumed.
"""

import sys

import keras

import keras_i3d
from keras_i3d.data.batches.sampling import ClipSpec
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.lists.annotations import read_annotations

CLIP = ClipSpec(num_frames=32)  # short side 256, crop 224


def main(folder, out, weights="kinetics", steps=100, batch_size=4, clip=CLIP):
    # Batches without end: clips cut at random, mirrored at random, labels one-hot.
    annotations = read_annotations("folders", folder)
    videos = VideoFiles(annotations.splits["all"], annotations.classes)
    batches = training_batches(videos, batch_size, clip)

    # I3D up to its last features, as it is, and a new layer for the new classes.
    trunk = keras_i3d.I3D(weights, include_top=False, pooling="avg")
    trunk.trainable = False
    scores = keras.layers.Dense(len(videos.class_names), activation="softmax")(trunk.output)
    model = keras.Model(trunk.input, scores)

    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(batches, steps_per_epoch=steps, shuffle=False)  # they come shuffled
    model.save(out)

    # The new network on the first of its videos.
    path = videos.videos[0].path
    prediction = keras_i3d.predict_video(model, path)
    best = keras_i3d.decode_predictions(prediction.scores[None], 1, videos.class_names)[0]
    print(path, best)
    return model


if __name__ == "__main__":
    main(*sys.argv[1:3])
