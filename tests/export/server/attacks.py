"""What twenty hostile clients do to a server, each attack a function of its two ports.

Run in processes of their own: `attack` goes on until the time is over.
"""

import contextlib
import os
import random
import socket
import threading
import time

import grpc
import numpy as np
import urllib3

from keras_i3d.export.messages import tensors
from keras_i3d.export.messages.protos import message_class

PREDICT = "/tensorflow.serving.PredictionService/Predict"
CLASSIFY = "/tensorflow.serving.PredictionService/Classify"
HEAD = (
    b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\n\r\n"
)
BINARY = {"Content-Type": "application/octet-stream"}


def call(port, method, message):
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        channel.unary_unary(method)(message, timeout=20)


def post(port, path, body, **headers):
    url = f"http://127.0.0.1:{port}{path}"
    urllib3.request("POST", url, body=body, headers=headers, timeout=20, retries=False)


def request(kind, signature):
    found = message_class(kind)()
    found.model_spec.name, found.model_spec.signature_name = "tiny", signature
    return found


def many_inputs(port, rest_port):
    message = request("PredictRequest", "serving_default")
    for number in range(50):
        proto = message.inputs[f"input{number}"]
        proto.dtype = tensors.number_of(np.dtype(np.uint8))
        for size in (1, 64, 560, 560, 3):
            proto.tensor_shape.dim.add(size=size)
        proto.int_val.append(1)
    call(port, PREDICT, message.SerializeToString())


def one_large_input(port, rest_port):
    message = request("PredictRequest", "serving_default")
    proto = message.inputs["frames"]
    proto.dtype = tensors.number_of(np.dtype(np.uint8))
    for size in (1, 256, 290, 290, 3):
        proto.tensor_shape.dim.add(size=size)
    proto.int_val.append(1)
    call(port, PREDICT, message.SerializeToString())


def empty_messages(port, rest_port):
    call(port, PREDICT, b"\x12\x00" * (20 << 20))


def copied_context(port, rest_port):
    message = request("ClassificationRequest", "classify")
    given = message.input.example_list_with_context
    given.context.features.feature["image/encoded"].bytes_list.value.append(b"x" * (1 << 20))
    for _ in range(2000):
        given.examples.add()
    call(port, CLASSIFY, message.SerializeToString())


def calls_without_message(port, rest_port):
    never = threading.Event()

    def nothing():
        never.wait(5)
        yield b""

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        begin = channel.stream_unary(PREDICT)
        calls = [begin.future(nothing()) for _ in range(20)]
        time.sleep(3)
        for one in calls:
            one.cancel()
        never.set()


def json_lists(port, rest_port):
    post(rest_port, "/v1/models/tiny:predict", b'{"inputs": [%s[]]}' % (b"[]," * (10 << 20)))


def json_context(port, rest_port):
    examples = b",".join([b"{}"] * 200)
    body = b'{"signature_name": "classify", "context": {"image/encoded": "%s"}, "examples": [%s]}'
    post(rest_port, "/v1/models/tiny:classify", body % (b"x" * (2 << 20), examples))


def uploads(port, rest_port):
    post(rest_port, "/page/classify?model=tiny", os.urandom(4 << 20), **BINARY)


def slow_connections(port, rest_port):
    with contextlib.ExitStack() as opened:
        sockets = [socket.create_connection(("127.0.0.1", rest_port), 5) for _ in range(80)]
        for one in sockets:
            opened.callback(one.close)
        for position in range(0, 120, 30):
            for one in sockets:
                with contextlib.suppress(OSError):
                    one.sendall((HEAD + b"{" * 99)[position : position + 30])
            time.sleep(1)


def leaving(port, rest_port):
    with socket.create_connection(("127.0.0.1", rest_port), 5) as one:
        one.sendall(HEAD + b"{" * (1 << 20))


ATTACKS = (
    many_inputs,
    one_large_input,
    empty_messages,
    copied_context,
    calls_without_message,
    json_lists,
    json_context,
    uploads,
    slow_connections,
    leaving,
)


def attack(number, port, rest_port, seconds):
    """Four clients, each with one attack after the other, in an order of its own."""

    def client(seed):
        chance, ends = random.Random(seed), time.monotonic() + seconds
        while time.monotonic() < ends:
            with contextlib.suppress(grpc.RpcError, urllib3.exceptions.HTTPError, OSError):
                chance.choice(ATTACKS)(port, rest_port)

    threads = [threading.Thread(target=client, args=(4 * number + n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
