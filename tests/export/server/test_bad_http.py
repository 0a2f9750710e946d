"""Every wrong request by HTTP gets the right status and a message that says what to send."""

import gzip
import json

import numpy as np
import pytest
import urllib3

from keras_i3d.export.client.answer import ServingError
from keras_i3d.export.client.grpc_client import GrpcClient
from keras_i3d.export.client.rest_client import RestClient

FRAMES = np.zeros((1, 12, 20, 30, 3), np.uint8)


@pytest.mark.parametrize(
    "method, path, body, status, message",
    [
        ("GET", "/nothing", None, 404, "nothing at '/nothing'"),
        ("GET", "/v1/models/../../etc/passwd", None, 404, "nothing at"),
        ("GET", "/v1/models/..%2f..%2fetc", None, 404, "nothing at"),
        ("GET", "/v1/models/nope", None, 404, "no model 'nope'"),
        ("GET", "/v1/models/tiny/versions/7", None, 404, "no version 7"),
        ("GET", "/v1/models/tiny:predict", None, 405, "POST is wanted"),
        ("POST", "/v1/models/tiny", b"{}", 405, "GET is wanted"),
        ("POST", "/v1/models/tiny:predict", b"", 400, "not JSON"),
        ("POST", "/v1/models/tiny:predict", b"\xff", 400, "not JSON"),
        ("POST", "/v1/models/tiny:predict", b"[" * 100_000, 400, "not JSON"),
        ("POST", "/v1/models/tiny:predict", b"[]", 400, "should be a JSON object"),
        ("POST", "/v1/models/tiny:predict", b"{}", 400, 'either "instances" or "inputs"'),
        ("POST", "/v1/models/tiny:predict", b'{"instances": []}', 400, "at least one clip"),
        ("POST", "/v1/models/tiny:predict", b'{"inputs": [[1], [2, 3]]}', 400, "frames"),
        ("POST", "/v1/models/tiny:predict", b'{"inputs": [[[[[1, 2, 300]]]]]}', 400, "0 to 255"),
        ("POST", "/v1/models/tiny:predict", b'{"inputs": [[[[[1, 2, 0.5]]]]]}', 400, "whole num"),
        ("POST", "/v1/models/tiny:predict", b'{"inputs": "x"}', 400, "should be numbers"),
        ("POST", "/v1/models/tiny:predict", b'{"signature_name": 3}', 400, "a string"),
        ("POST", "/v1/models/tiny:classify", b'{"signature_name": "classify"}', 400, '"examples"'),
        ("POST", "/v1/models/tiny:regress", b"{}", 404, "nothing at"),
        ("POST", "/page/classify?model=tiny", b"x", 415, "application/octet-stream"),
        ("GET", "/page/sample", None, 404, "--sample"),
        (
            "POST",
            "/v1/models/tiny:predict",
            b'{"signature_name": "jpeg_frames", "inputs": [[1]]}',
            400,
            "frames should be a tensor of strings: ",
        ),
    ],
)
def test_bad_http(server, method, path, body, status, message):
    url = f"http://localhost:{server.rest_port}{path}"
    answer = urllib3.request(method, url, body=body, retries=False, timeout=20)
    assert (answer.status, message in json.loads(answer.data)["error"]) == (status, True)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path, allowed",
    [("/v1/models/tiny:predict", "POST"), ("/v1/models/tiny", "GET, HEAD"), ("/", "GET, HEAD")],
)
def test_other_methods_are_told_which_are_allowed(server, method, path, allowed):
    url = f"http://localhost:{server.rest_port}{path}"
    answer = urllib3.request(method, url, retries=False)
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/models", "/v1/models/tiny/metadata"])
def test_head_has_the_headers_of_get_and_no_body(server, path):
    url = f"http://localhost:{server.rest_port}{path}"
    head, got = urllib3.request("HEAD", url), urllib3.request("GET", url)
    assert (head.status, got.status, head.data) == (200, 200, b"")
    assert head.headers["Content-Length"] == str(len(got.data))
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_what_is_served_and_whether_it_lives(server):
    url = f"http://localhost:{server.rest_port}"
    assert urllib3.request("GET", f"{url}/healthz").json() == {"status": "ok"}
    found = urllib3.request("GET", f"{url}/v1/models").json()
    assert found == {"models": [{"name": "tiny", "versions": [1]}]}


def test_json_of_files(server):
    def predict(**body):
        url = f"http://localhost:{server.rest_port}/v1/models/tiny:predict"
        answer = urllib3.request("POST", url, json={"signature_name": "jpeg_frames", **body})
        return answer.status, answer.json()

    file = {"b64": "/9j/"}
    assert "JPEG" in predict(instances=[[file] * 9])[1]["error"]
    assert "not base64" in predict(instances=[[{"b64": "***"}] * 9])[1]["error"]
    assert "equally long" in predict(instances=[[file] * 9, [file] * 8])[1]["error"]
    assert "same inputs" in predict(instances=[{"frames": [file]}, {"clip": [file]}])[1]["error"]


def test_a_packed_body_is_refused_by_its_name(server):
    url = f"http://localhost:{server.rest_port}/v1/models/tiny:predict"
    packed = gzip.compress(b'{"inputs": []}')
    answer = urllib3.request("POST", url, body=packed, headers={"Content-Encoding": "gzip"})
    assert (answer.status, "as it is" in answer.json()["error"]) == (415, True)


def test_the_other_protocols_port_is_told(server):
    swapped = (
        (GrpcClient, server.rest_port, "is this the gRPC port"),
        (RestClient, server.port, "is this the REST port"),
    )
    for kind, port, message in swapped:
        with kind(f"localhost:{port}", "tiny", timeout=10) as client:
            pytest.raises(ServingError, client.metadata).match(message)


def test_row_form_and_column_form_say_the_same(server):
    url = f"http://localhost:{server.rest_port}/v1/models/tiny/versions/1:predict"
    rows = urllib3.request("POST", url, json={"instances": [{"frames": FRAMES[0].tolist()}]}).json()
    plain = urllib3.request("POST", url, json={"instances": FRAMES.tolist()}).json()
    columns = urllib3.request("POST", url, json={"inputs": FRAMES.tolist()}).json()
    assert rows == plain
    assert rows["predictions"][0]["probabilities"] == columns["outputs"]["probabilities"][0]
    assert len(rows["predictions"][0]["labels"]) == 3
