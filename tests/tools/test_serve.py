"""`serve` and `query` as a user has them: two processes, flags, what is printed, exit statuses."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import urllib3

from tests.conftest import PROJECT, write_video
from tests.export.conftest import as_loaded, tiny_network


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder with the tiny network as version 1."""
    from keras_i3d.export.saved_model import export_saved_model

    folder = tmp_path_factory.mktemp("served") / "tiny"
    export_saved_model(as_loaded(tiny_network()), folder / "1", top=3)
    return folder


def tool(name, *flags):
    return [sys.executable, PROJECT / "tools" / f"{name}.py", *map(str, flags)]


def run(name, *flags):
    """(exit status, standard output, standard error)"""
    done = subprocess.run(tool(name, *flags), capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@contextlib.contextmanager
def serving(*flags):
    """(process, gRPC's port, REST's port) of a server that has said where it is."""
    command = tool("serve", "--port=0", "--rest_port=0", *flags)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(command, **pipes, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("  page"):
                break
        ports = re.findall(r"localhost:(\d+)", said)
        assert len(ports) == 3, said
        assert "for development and small loads; in production use TensorFlow Serving" in said
        yield process, ports[0], ports[1]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_serve_and_query(model, counting_video, tmp_path):
    with serving(f"--model={model}", "--label=stable=1") as (process, port, rest_port):
        server = f"--server=localhost:{port}"
        status, out, _ = run("query", server, "--model=tiny", "--describe")
        assert (status, "serving_default" in out, '"crop": 32' in out) == (0, True, True)
        answers = []
        for flags in (
            [server],
            [server, "--signature=jpeg_frames", "--files=png"],
            [server, "--label=stable"],
            [f"--server=localhost:{rest_port}", "--rest", "--files=png"],
            [f"--server=http://localhost:{rest_port}", "--rest", "--signature=serving_default"],
        ):
            status, out, err = run("query", *flags, "--model=tiny", "--json", counting_video)
            assert (status, err) == (0, "")
            (line,) = out.splitlines()
            answers.append(json.loads(line))
        for answer in answers:
            assert (answer["start"], answer["end"], answer["windows"]) == (0, 0.4, 1)
            for found, first in zip(answer["predictions"], answers[0]["predictions"], strict=True):
                assert found["label"] == first["label"]
                assert found["probability"] == pytest.approx(first["probability"], abs=1e-6)
        assert len(answers[0]["predictions"]) == 5

        frames = [np.full((40, 50, 3), i % 256, np.uint8) for i in range(300)]
        long = write_video(tmp_path / "long.mkv", frames)
        status, out, _ = run(
            "query", server, "--model=tiny", "--json", "--stream_windows", long, "gone.mp4"
        )
        lines = [json.loads(line) for line in out.splitlines()]
        assert (status, len(lines), lines[-1]) == (
            1,
            11,
            {"video": "gone.mp4", "error": "no such file"},
        )
        assert [line["windows"] for line in lines[:-1]] == [1] * 9 + [9]
        status, out, _ = run("query", server, "--model=tiny", "--top=1", long)
        assert (status, "timeline" in out, "0 - 12 s" in out) == (0, True, True)
        for flags, wanted, message in (
            (["--model=nope", "x"], 1, "NOT_FOUND: there is no model 'nope'; served are tiny"),
            (["--model=tiny", "--signature=dance", "x"], 2, "has no signature 'dance'"),
            (["--model=tiny", "--label=a", "--version=1", "x"], 2, "a version or a label"),
            (["--model=tiny"], 2, "no video: give --video=FILE"),
            (["--model=tiny", "--end=1", "--start=2", "x"], 2, "should be after"),
            (["--model=tiny", "--tls_roots=gone.pem", "x"], 2, "gone.pem: no such file"),
        ):
            status, out, err = run("query", server, *flags)
            assert (status, message in err, len(err.splitlines())) == (wanted, True, 1), err
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)
        assert (process.returncode, "stopping" in rest) == (0, True)
    status, _, err = run("query", server, "--model=tiny", "--attempts=1", counting_video)
    assert (status, "UNAVAILABLE" in err, len(err.splitlines())) == (1, True, 1)


def test_ctrl_c_ends_it(model):
    flags = "--nowarm_up", "--allowed_host=video.example"
    with serving(f"--model=other={model}", *flags) as (process, _, rest_port):
        url = f"http://localhost:{rest_port}/v1/models/other"
        for name, wanted in (("video.example", 200), ("evil.example", 403)):
            assert urllib3.request("GET", url, headers={"Host": name}).status == wanted
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        assert process.returncode == 130
        assert rest.splitlines()[-1] == "serve: interrupted"
        assert "Traceback" not in rest


@pytest.mark.slow
def test_a_port_that_is_taken(model):
    with serving(f"--model={model}", "--nowarm_up") as (_, port, rest_port):
        status, _, err = run("serve", f"--model={model}", f"--port={port}", "--rest_port=0")
        assert (status, "cannot be opened" in err.splitlines()[-1]) == (1, True)
        status, _, err = run("serve", f"--model={model}", "--port=0", f"--rest_port={rest_port}")
        assert (status, "cannot be opened" in err.splitlines()[-1]) == (1, True)


# One process imports the tool, and a copy of it runs each line of flags: importing takes seconds.
DRIVER = """
import json, os, sys
from keras_i3d.tools import running, serve
for flags in json.load(sys.stdin):
    sys.stderr.flush()
    child = os.fork()
    if not child:
        running.run(serve.main, ["serve", *flags])
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    print("====", file=sys.stderr, flush=True)
"""


def test_wrong_flags(model, tmp_path):
    (tmp_path / "a b").mkdir()
    cases = (
        ([], "no model: give --model=DIR"),
        (["--model=gone"], "gone is not a folder"),
        ([f"--model={model}/1"], f"that is one version; give the folder that it is in, {model}"),
        ([f"--model={tmp_path}/a b"], "name it with letters"),
        ([f"--model={model}", f"--model={model}"], "two models are called tiny"),
        ([f"--model={model}", "--versions=new"], "should be latest, all, or numbers"),
        ([f"--model={model}", "--label=stable"], "[MODEL:]LABEL=VERSION"),
        ([f"--model={model}", "--label=x:stable=1"], "there is no model of this name"),
        ([f"--model={model}", "--tls_key=x"], "belong together"),
        ([f"--model={model}", "--sample=gone.mp4"], "gone.mp4: no such file"),
        ([f"--model={model}", "--max_frames=0"], "flag --max_frames=0"),
        ([f"--model={model}", "what"], "unexpected argument; use flags only"),
    )
    text = json.dumps([flags for flags, _ in cases])
    command = [sys.executable, "-c", DRIVER]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["2"] * len(cases), done.stderr
    for said, (_, wanted) in zip(done.stderr.split("====\n"), cases, strict=False):
        assert (wanted in said, len(said.splitlines())) == (True, 1), said


@pytest.mark.slow
def test_a_folder_without_a_whole_version(model, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(model, broken)
    (broken / "1" / "saved_model.pb").write_bytes(b"not it")
    status, out, err = run("serve", "--port=0", "--rest_port=0", f"--model={broken}")
    assert (status, out, "cannot be loaded" in err.splitlines()[-1]) == (1, "", True)
