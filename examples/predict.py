"""Classify a video in Python: one clip by hand, then the whole video, window by window.

python examples/predict.py clip.mp4
"""

import sys

import keras_i3d


def main(path, weights="kinetics"):
    network = keras_i3d.load(weights)  # the model, its preprocessing and its labels
    model, labels = network.classifier, network.record.labels

    # One clip: 64 frames at 25 a second, short side 256, centre crop 224, values in [-1, 1].
    clip = keras_i3d.read_clip(path, num_frames=64)
    scores = model.predict_on_batch(clip[None])
    print(f"the first {len(clip) / 25:.1f} s")
    for label, probability in keras_i3d.decode_predictions(scores, 5, labels)[0]:
        print(f"  {probability:.3f}  {label}")

    # The whole video, however long: windows of 64 frames, one every 32.
    prediction = keras_i3d.predict_video(network, path, window=64, stride=32)
    for window in prediction.windows:
        ((label, probability),) = keras_i3d.decode_predictions(window.scores[None], 1, labels)[0]
        print(f"{window.start:5.1f} - {window.end:.1f} s  {probability:.3f}  {label}")
    return prediction


if __name__ == "__main__":
    main(sys.argv[1])
