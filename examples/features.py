"""Features of a video in Python: a vector for each window, and the two that are most alike.

python examples/features.py clip.mp4
"""

import sys

import numpy as np

import keras_i3d


def main(path, weights="kinetics", window=16):
    # Made once for any number of videos: the network, and how videos are cut into windows.
    extractor = keras_i3d.FeatureExtractor(weights=weights, window=window, stride=window)
    features = extractor.features(path)
    (vectors,) = features.arrays["rgb"].values()  # (windows, 1024) float32
    for start, end, vector in zip(features.start, features.end, vectors, strict=True):
        print(f"{start:6.2f} - {end:.2f} s  length {np.linalg.norm(vector):.2f}")
    for note in features.notes:
        print(f"note: {note}")

    # Which two windows show the most similar things.
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = directions @ directions.T - 2 * np.eye(len(directions))
    one, other = np.unravel_index(cosines.argmax(), cosines.shape)
    if len(vectors) > 1:
        print(f"most alike: windows {one} and {other}, cosine {cosines[one, other]:.3f}")
    return features


if __name__ == "__main__":
    main(sys.argv[1])
