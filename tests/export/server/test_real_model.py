"""I3D with DeepMind's weights on a server: however it is asked, it says what `predict` says."""

import numpy as np
import pytest

import keras_i3d
from keras_i3d.export.client.video_query import ask_about, sending
from keras_i3d.export.saved_model import export_saved_model
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import Limits, ModelConfig
from keras_i3d.prediction import predict_video
from keras_i3d.weights import class_names
from tests.export.server.conftest import connect, options
from tests.export.server.test_page import upload

CLIPS = ("v_CricketShot_g04_c01.avi", "yoga.mp4", "TrumanShow_wave_f_nm_np1_fr_med_26.avi")
# Of probabilities: exact files, and JPEG, whose frames are not quite the same.
EXACT, LOSSY = 1e-3, 0.05


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_all_ways_give_what_predict_gives(shared, real_weights, tmp_path, capsys):
    network, names = keras_i3d.load("kinetics"), class_names("kinetics_400")
    export_saved_model(network, tmp_path / "i3d" / "1")
    settings = options(limits=Limits())
    with LocalServer([ModelConfig("i3d", tmp_path / "i3d")], settings) as server:
        for clip in CLIPS:
            path = shared / "clips" / clip
            wanted = predict_video(network, str(path)).scores
            for kind, signature, files, bound in (
                ("grpc", "serving_default", "png", EXACT),
                ("grpc", "jpeg_frames", "png", EXACT),
                ("grpc", "jpeg_frames", "jpeg", LOSSY),
                ("rest", "jpeg_frames", "png", EXACT),
            ):
                with connect(server, kind, model="i3d", timeout=100) as client:
                    how = sending(client.metadata(), signature)
                    (window,) = ask_about(client, how, str(path), files=files)
                found = window.answer.outputs["probabilities"][0]
                difference = np.abs(found - wanted).max()
                with capsys.disabled():
                    print(f"\n{clip[:20]} {kind} {signature} {files}: {difference:.1e}", end="")
                assert difference < bound
                assert found.argmax() == wanted.argmax()
            _, lines = upload(server, path, "i3d")
            for entry in lines[-1]["predictions"]:
                found = wanted[names.index(entry["label"])]
                assert entry["probability"] == pytest.approx(found, abs=EXACT)
            assert lines[-1]["predictions"][0]["label"] == names[wanted.argmax()]
