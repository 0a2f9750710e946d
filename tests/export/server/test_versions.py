"""New versions come and old ones go, and nobody is left without an answer."""

import os
import shutil
import threading
import time

import numpy as np
import pytest

from keras_i3d.export.client.answer import ServingError
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import ModelConfig
from keras_i3d.export.server.versions import find_versions
from tests.export.server.conftest import connect, options, wait_for

FRAMES = np.random.default_rng(1).integers(0, 256, (1, 9, 20, 20, 3), np.uint8)


@pytest.fixture
def folder(exported, tmp_path):
    """A model's folder with version 1."""
    shutil.copytree(exported[0], tmp_path / "tiny" / "1")
    return tmp_path / "tiny"


def serve(folder, **changes):
    return LocalServer([ModelConfig("tiny", folder, **changes)], options())


def put(folder, number):
    """A version as an export puts it there: whole, by one renaming."""
    shutil.copytree(folder / "1", folder / ".coming")
    os.rename(folder / ".coming", folder / str(number))


# === In the folder ===


def test_only_whole_versions_are_found(folder, tmp_path):
    (folder / "readme.txt").write_text("x")
    (folder / "3").mkdir()
    (folder / "4").write_text("a file")
    (folder / "latest").symlink_to(folder / "1")
    (folder / "5").symlink_to(tmp_path.parent)
    (folder / "6").symlink_to(folder / "6")
    (folder / "-7").mkdir()
    (folder / "٨").mkdir()
    os.mkfifo(folder / "9")
    for number in ("10", "11", "12"):
        shutil.copytree(folder / "1", folder / number)
    (folder / "10" / "assets" / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(folder / "11" / "assets" / "pipe")
    (folder / "12" / "saved_model.pb").unlink()
    (folder / "012").symlink_to(folder / "1")
    (folder / "0001").symlink_to("1")
    (folder / ".1.0a1b2c3d-7-4e5f6a7b.part").mkdir()
    versions, refused = find_versions(folder)
    assert sorted(versions) == [1, 12]  # 0001 or 1, and 012, which is a name for it
    causes = {line.split(": ")[0].rpartition("/")[2]: line for line in refused}
    assert "not a version" in causes["readme.txt"]
    assert "no saved_model.pb" in causes["3"]
    assert "not a folder" in causes["4"]
    assert "is outside the model's folder" in causes["5"]
    assert "6" in causes
    assert "not a version" in causes["-7"]
    assert "not a version" in causes["٨"]
    assert "not a folder" in causes["9"]
    assert "passwd is outside the version's folder" in causes["10"]
    assert "neither a file nor a folder" in causes["11"]
    assert "no saved_model.pb" in causes["12"]
    assert ".1.0a1b2c3d-7-4e5f6a7b.part" not in causes


def test_no_model_at_all_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="there is none, such as MODEL/1/saved_model.pb"):
        serve(tmp_path).start()
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"not it")
    with pytest.raises(ValueError, match="cannot be loaded"):
        serve(tmp_path).start()


# === While it is served ===


def test_a_new_version_takes_over_and_the_old_one_goes(folder):
    with serve(folder) as server, connect(server, "grpc") as client:
        assert client.predict({"frames": FRAMES}).version == 1
        put(folder, 2)
        wait_for(lambda: client.status() == {1: "END", 2: "AVAILABLE"})
        assert client.predict({"frames": FRAMES}).version == 2
        with connect(server, "grpc", version=1) as old, pytest.raises(ServingError) as caught:
            old.predict({"frames": FRAMES})
        assert (caught.value.code, "served: 2" in caught.value.detail) == ("NOT_FOUND", True)
        shutil.rmtree(folder / "2")
        wait_for(lambda: client.status()[1] == "AVAILABLE")
        assert client.predict({"frames": FRAMES}).version == 1


def test_a_broken_version_takes_nobodys_place(folder):
    with serve(folder) as server, connect(server, "grpc") as client:
        put(folder, 2)
        data = next((folder / "2" / "variables").glob("*.data*"))
        data.write_bytes(data.read_bytes()[:10])
        wait_for(lambda: client.status() == {1: "AVAILABLE", 2: "END"})
        time.sleep(0.5)
        assert client.predict({"frames": FRAMES}).version == 1
        data.write_bytes(next((folder / "1" / "variables").glob("*.data*")).read_bytes())
        wait_for(lambda: client.status() == {1: "END", 2: "AVAILABLE"})


@pytest.mark.slow
def test_a_version_that_is_being_copied_is_waited_for(folder):
    with serve(folder) as server, connect(server, "grpc") as client:
        for path in sorted((folder / "1").rglob("*"), reverse=True):  # saved_model.pb early
            copy = folder / "2" / path.relative_to(folder / "1")
            if path.is_file():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
                time.sleep(0.06)
        wait_for(lambda: client.status().get(2) == "AVAILABLE")


@pytest.mark.slow
def test_the_policy_and_the_labels(folder):
    for number in (2, 3):
        put(folder, number)
    labels = {"stable": 1, "canary": 3}
    with serve(folder, latest=2, labels=labels) as server, connect(server, "grpc") as client:
        assert client.status() == {2: "AVAILABLE", 3: "AVAILABLE"}
        with connect(server, "rest", label="canary") as canary:
            assert canary.metadata().version == 3
        with connect(server, "rest", label="stable") as stable, pytest.raises(ServingError):
            stable.metadata()
    with serve(folder, versions=(1, 3)) as server, connect(server, "grpc") as client:
        assert client.status() == {1: "AVAILABLE", 3: "AVAILABLE"}
    with serve(folder, latest=0) as server, connect(server, "grpc") as client:
        assert sorted(client.status()) == [1, 2, 3]


def test_no_request_fails_while_versions_change(folder):
    stop, seen, failed = threading.Event(), set(), []

    def ask(kind):
        with connect(server, kind, attempts=1) as client:
            while not stop.is_set():
                try:
                    answer = client.predict({"frames": FRAMES})
                    seen.add(answer.version)
                    if abs(answer.outputs["probabilities"].sum() - 1) > 1e-5:
                        failed.append("a wrong answer")
                except ServingError as error:
                    failed.append(str(error))

    with serve(folder) as server, connect(server, "grpc") as client:
        threads = [threading.Thread(target=ask, args=(k,)) for k in ("grpc", "grpc", "rest")]
        for thread in threads:
            thread.start()
        try:
            for number in (2, 3):
                put(folder, number)
                wait_for(lambda n=number: client.status().get(n) == "AVAILABLE")
                shutil.rmtree(folder / str(number - 1), ignore_errors=True) if number > 2 else None
                wait_for(lambda n=number: n in seen)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert failed == []
    assert seen >= {1, 2, 3}


def refusal_of_another(server, kind):
    """The code that a request comes back with while the network is taken."""
    with (
        connect(server, kind, attempts=1, timeout=5) as late,
        pytest.raises(ServingError) as caught,
    ):
        late.predict({"frames": FRAMES})
    return caught.value.code


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_what_is_under_way_is_answered_at_the_end(folder, kind):
    server = serve(folder)
    server.start()
    taken_up, gate = threading.Event(), threading.Event()

    def hold(_):
        taken_up.set()
        return gate.wait(60) and {}

    server.batcher.submit(hold, {}, None, 0, 0, time.monotonic() + 60)
    assert taken_up.wait(60)  # else this one, not the client's, is what is in the queue below
    answers = []
    client = connect(server, kind)
    asking = threading.Thread(target=lambda: answers.append(client.predict({"frames": FRAMES})))
    asking.start()
    wait_for(lambda: len(server.batcher) == 1)
    stopping = threading.Thread(target=server.stop, args=(60,))
    stopping.start()
    wait_for(lambda: refusal_of_another(server, kind) == "UNAVAILABLE")
    gate.set()
    asking.join(60)
    stopping.join(60)
    client.close()
    assert len(answers) == 1
