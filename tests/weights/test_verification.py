"""What verify_weights looks at."""

from dataclasses import replace

import numpy as np

from keras_i3d.weights import verification
from keras_i3d.weights.golden import smooth_clip
from keras_i3d.weights.records import RGB_SCRATCH, Golden


def test_the_real_file_passes_every_check(real_weights):
    checks = list(verification.verify(RGB_SCRATCH))
    assert [check.what for check in checks if not check.passed] == []
    assert len(checks) == 8


def test_wrong_logits_and_wrong_counts_fail(real_weights):
    golden = Golden("smooth", 91.5, (("cartwheeling", 13.9),), 1e-3)
    record = replace(RGB_SCRATCH, golden=golden, parameters=1)
    failed = [check.what for check in verification.verify(record) if check.passed is False]
    assert failed == ["trainable parameters", "norm of the logits", "logit of 'cartwheeling'"]


def test_recorded_logits_are_the_original_codes(shared):
    golden = np.load(shared / "golden" / "real_weights.npz")["smooth/logits"][0]
    from keras_i3d.weights import class_names

    names = class_names("kinetics_400")
    assert abs(np.linalg.norm(golden.astype(np.float64)) - RGB_SCRATCH.golden.norm) < 1e-5
    for label, logit in RGB_SCRATCH.golden.logits:
        assert abs(golden[names.index(label)] - logit) < 1e-5


def test_a_damaged_file_is_one_failed_check(server, small_record):
    server.faults = [None, "flipped", "flipped"]
    checks = list(verification.verify(small_record))
    assert [check.what for check in checks if check.passed is False] == ["files"]


def test_the_smooth_clip_is_the_rule_of_the_golden_outputs(golden_rules):
    shape = (2, 5, 20, 30, 3)
    np.testing.assert_array_equal(smooth_clip(shape), golden_rules[1].clip("smooth", shape))


def test_a_published_numpy_clip_is_fetched_and_used(server, small_record, real_weights):
    """kinetics-i3d's samples are (1, 79, 224, 224, c); the published file is another one here."""
    from keras_i3d.files.hashes import git_blob
    from keras_i3d.weights.records import PublishedFile

    path = server.folder / "clip.npy"
    np.save(path, smooth_clip((1, 16, 224, 224, 3)))
    file = PublishedFile("clip.npy", git_blob(path), None, f"{server.url}/clip.npy")
    record = replace(RGB_SCRATCH, golden=replace(RGB_SCRATCH.golden, clip=file))
    assert all(check.passed for check in verification.verify(record))
