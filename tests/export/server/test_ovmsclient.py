"""The client of the OpenVINO Model Server, which writes version 0 for the default one."""

import numpy as np
import pytest

ovmsclient = pytest.importorskip("ovmsclient", reason="needs ovmsclient: pip install ovmsclient")

FRAMES = np.random.default_rng(0).integers(0, 256, (1, 12, 20, 30, 3), np.uint8)


@pytest.fixture(params=["grpc", "rest"])
def ovms(request, server):
    """Its client of gRPC, then of REST."""
    if request.param == "grpc":
        return ovmsclient.make_grpc_client(f"localhost:{server.port}")
    return ovmsclient.make_http_client(f"localhost:{server.rest_port}")


@pytest.mark.parametrize("version", [0, 1])
def test_status_and_metadata(ovms, version):
    status = ovms.get_model_status("tiny", version)
    assert {number: one["state"] for number, one in status.items()} == {1: "AVAILABLE"}
    found = ovms.get_model_metadata("tiny", version)
    if "model_spec" in found:  # over REST it hands on what TensorFlow Serving writes
        assert found["model_spec"]["version"] == "1"
        signatures = found["metadata"]["signature_def"]["signature_def"]
        assert signatures["serving_default"]["inputs"]["frames"]["dtype"] == "DT_UINT8"
        return
    assert found["model_version"] == 1
    assert found["inputs"]["frames"] == {"shape": [-1, -1, -1, -1, 3], "dtype": "DT_UINT8"}
    assert found["outputs"]["probabilities"]["shape"] == [-1, 7]


@pytest.mark.parametrize("version", [0, 1])
def test_predict(ovms, signatures, version):
    found = ovms.predict({"frames": FRAMES}, "tiny", version)
    wanted = signatures["serving_default"](frames=FRAMES)["probabilities"].numpy()
    assert np.abs(np.array(found["probabilities"]) - wanted).max() < 1e-6
    assert len(np.array(found["labels"]).reshape(-1)) == 3


def test_a_version_that_is_not_served(ovms):
    with pytest.raises(ovmsclient.tfs_compat.base.errors.ModelNotFoundError, match="version 7"):
        ovms.predict({"frames": FRAMES}, "tiny", 7)
