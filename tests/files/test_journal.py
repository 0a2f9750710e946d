"""A journal survives what its process does not."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_i3d.files.journal import Journal, file_stamp


def records(path) -> list[dict]:
    with Journal(path, key="path") as journal:
        return list(journal)


def test_records_are_there_again_and_the_last_of_a_key_counts(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path, key="path") as journal:
        for number, name in enumerate(["a", "ü\udcff\n", "a"]):
            journal.add({"path": name, "frames": number})
        assert (journal.get("a"), journal.get("b"), len(journal)) == (
            {"path": "a", "frames": 2},
            None,
            2,
        )
    assert records(path) == [{"path": "a", "frames": 2}, {"path": "ü\udcff\n", "frames": 1}]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 60))
def test_a_file_cut_anywhere_keeps_its_whole_lines(cut, tmp_path):
    path = tmp_path / "journal.jsonl"
    whole = b"".join(json.dumps({"path": name}).encode() + b"\n" for name in "abcd")
    path.write_bytes(whole[:cut])
    kept = whole[:cut].count(b"\n")
    with Journal(path, key="path") as journal:
        assert [record["path"] for record in journal] == list("abcd"[:kept])
        journal.add({"path": "new"})
    assert [record["path"] for record in records(path)] == [*"abcd"[:kept], "new"]


@pytest.mark.parametrize(
    "line", [b"\0" * 50, b"[1]", b'{"other": 1}', b'{"path": ["a"]}', b"[" * 100_000, b"\xff"]
)
def test_lines_that_are_no_records_are_dropped(line, tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(line + b'\n{"path": "a"}\n')
    assert records(path) == [{"path": "a"}]


def test_two_processes_do_not_share_it(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path, key="path"):
        program = (
            f"from keras_i3d.files.journal import Journal\n"
            f"try: Journal({str(path)!r}, key='path')\n"
            f"except BlockingIOError: print('held')"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "held\n", done.stderr
    assert records(path) == []


def test_a_changed_file_has_another_stamp(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"1")
    os.utime(path, ns=(0, 5))
    assert file_stamp(path) == {"bytes": 1, "modified": 5}
    os.utime(path, ns=(0, 6))
    assert file_stamp(path) == {"bytes": 1, "modified": 6}
    assert file_stamp(tmp_path) is None
    assert file_stamp(tmp_path / "gone") is None
