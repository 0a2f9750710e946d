"""The server counts under TensorFlow Serving's names, in its words."""

import re

import numpy as np
import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families

from keras_i3d.export.client.answer import ServingError
from keras_i3d.export.client.video_query import encoded
from keras_i3d.export.server.serving_metrics import ServingMetrics
from tests.export.server.conftest import connect

FRAMES = np.zeros((1, 12, 20, 30, 3), np.uint8)


def test_the_page_is_tensorflow_servings():
    """Lines as TensorFlow Serving prints them, tensorflow/serving issue 1959."""
    metrics = ServingMetrics()
    metrics.count("test_model", "Predict", "REST", "OK", 20e-6)
    metrics.count("test_model", "Predict", "REST", "OK", 700e-3)
    metrics.count("test_model", "Classify", "GRPC", "NOT_FOUND", 1)
    lines = metrics.text().decode().splitlines()
    assert lines[:3] == [
        "# TYPE :tensorflow:serving:request_count counter",
        ':tensorflow:serving:request_count{model_name="test_model",status="NOT_FOUND"} 1',
        ':tensorflow:serving:request_count{model_name="test_model",status="OK"} 2',
    ]
    start = ':tensorflow:serving:request_latency_bucket{model_name="test_model",'
    start += 'API="predict",entrypoint="REST",le='
    assert lines[3] == "# TYPE :tensorflow:serving:request_latency histogram"
    assert lines[4:7] == [f'{start}"10"}} 0', f'{start}"18"}} 0', f'{start}"32.4"}} 1']
    assert f'{start}"708235"}} 2' in lines
    assert f'{start}"+Inf"}} 2' in lines
    assert len(lines) == 4 + 34 + 2  # a request that failed has no latency
    labels = '{model_name="test_model",API="predict",entrypoint="REST"}'
    assert lines[-2:] == [
        f":tensorflow:serving:request_latency_sum{labels} 700020",
        f":tensorflow:serving:request_latency_count{labels} 2",
    ]


def test_both_ways_of_asking_are_counted(server):
    before = counted(server)
    for kind in ("grpc", "rest"):
        with connect(server, kind) as client:
            client.predict({"frames": FRAMES})
            client.classify([[encoded(image, "png") for image in FRAMES[0]]])
            with pytest.raises(ServingError):
                client.predict({"frames": FRAMES[:, :1]})
    added = {key: value - before.get(key, 0) for key, value in counted(server).items()}
    names = ("request_count", "request_latency_count")
    assert {key: n for key, n in added.items() if key[0].endswith(names) and n} == {
        (":tensorflow:serving:request_count", "tiny", "OK"): 4,
        (":tensorflow:serving:request_count", "tiny", "INVALID_ARGUMENT"): 2,
        (":tensorflow:serving:request_latency_count", "tiny", "Classify", "GRPC"): 1,
        (":tensorflow:serving:request_latency_count", "tiny", "classify", "REST"): 1,
        (":tensorflow:serving:request_latency_count", "tiny", "Predict", "GRPC"): 1,
        (":tensorflow:serving:request_latency_count", "tiny", "predict", "REST"): 1,
    }


def test_prometheus_reads_the_whole_page(server):
    families = {family.name: family for family in text_string_to_metric_families(page(server))}
    assert families[":tensorflow:serving:request_count"].type == "counter"
    assert families[":tensorflow:serving:request_latency"].type == "histogram"
    assert "keras_i3d_requests" in families


def test_our_own_count_by_signature(server):
    line = 'requests_total{api="grpc",code="INVALID_ARGUMENT",model="tiny",signature="jpeg_frames"}'

    def count():
        return sum(float(row.split()[-1]) for row in page(server).splitlines() if line in row)

    before = count()
    with connect(server, "grpc") as client, pytest.raises(ServingError):
        client.predict({"frames": [[b"x"] * 9]}, "jpeg_frames")
    assert count() == before + 1


def counted(server):
    """{(name, label values …): number}"""
    found = {}
    for line in page(server).splitlines():
        if match := re.fullmatch(r"(:tensorflow:[^{]+)\{(.*)\} (\S+)", line):
            values = re.findall(r'"([^"]*)"', match[2])
            found[(match[1], *values)] = float(match[3])
    return found


def page(server):
    url = f"http://localhost:{server.rest_port}/monitoring/prometheus/metrics"
    return urllib3.request("GET", url).data.decode()
