"""What is written is there whole or not at all, whatever happens meanwhile."""

import errno
import os
import signal
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.files import whole
from keras_i3d.files.whole import (
    remove_leftovers,
    whole_file,
    whole_path,
    write_unless_there,
    write_whole,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_name_at_the_end(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with whole_file(path, "w") as file:
        file.write("grüße")
        assert not path.exists()
    assert path.read_bytes() == "grüße".encode()
    assert names(path.parent) == ["a.txt"]


def test_an_error_leaves_what_was_there(tmp_path):
    write_whole(tmp_path / "a", b"old")
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "a") as file:
        file.write(b"half")
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), whole_path(tmp_path / "a") as made:
        made.write_bytes(b"half")
        raise ZeroDivisionError
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_is_there_stays(links, tmp_path, monkeypatch):
    def link(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", link)
    for text in ("one", "two"):
        write_unless_there(tmp_path / "a", text)
        assert (tmp_path / "a").read_text() == "one"
    assert names(tmp_path) == ["a"]


def test_permissions_are_the_users(tmp_path):
    mask = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", b"")
        with whole_path(tmp_path / "b") as made:
            made.write_bytes(b"")
    finally:
        os.umask(mask)
    for name in "ab":
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640


def test_a_folder_replaces_a_folder(tmp_path):
    for text in ("one", "two"):
        with whole_path(tmp_path / "folder") as made:
            made.mkdir()
            (made / text).write_text(text)
        assert names(tmp_path / "folder") == [text]
    assert names(tmp_path) == ["folder"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_an_older_output_stays_where_the_new_one_cannot_take_its_place(tmp_path, kind, monkeypatch):
    place = tmp_path / "out"
    if kind == "file":
        place.write_text("old")
    else:
        place.mkdir()
        (place / "old").write_text("old")

    def old_is_there():
        found = place if kind == "file" else place / "old"
        return names(tmp_path) == ["out"] and found.read_text() == "old"

    with pytest.raises(FileNotFoundError, match="Nothing was written"), whole_path(place):
        pass
    assert old_is_there()
    replace = os.replace

    def full(source, target):
        if str(target) == str(place) and os.path.basename(os.path.dirname(source)) != "replaced":
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"), whole_path(place) as made:
        made.write_text("new") if kind == "file" else made.mkdir()
    assert old_is_there()


BETWEEN = """
import os, signal, sys
from keras_i3d.files.whole import whole_path
replace = os.replace
def killed(source, target):
    if str(target) == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = killed
with whole_path(sys.argv[1]) as made:
    made.mkdir()
"""


def test_killed_between_two_renames_the_older_folder_comes_back(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("old")
    subprocess.run([sys.executable, "-c", BETWEEN, str(tmp_path / "out")], check=False)
    assert "out" not in names(tmp_path)
    assert remove_leftovers(tmp_path) == 1
    assert (tmp_path / "out" / "old").read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_names_that_are_no_text_are_escaped_in_a_text(tmp_path):
    write_whole(tmp_path / "list", "caf\udce9\n")
    assert (tmp_path / "list").read_bytes() == b"caf\\udce9\n"


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_whole(tmp_path / "a", b"1")
    assert raised.value.filename == str(tmp_path / "a")
    assert names(tmp_path) == []


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=85))
def test_any_name_that_a_file_may_have(tmp_path_factory, name):
    if name in (".", ".."):
        return
    folder = tmp_path_factory.mktemp("names")
    write_whole(folder / name, b"x")
    assert os.listdir(folder) == [name]
    assert remove_leftovers(folder) == 0


KILLED = """
import os, sys
from keras_i3d.files.whole import whole_file, whole_path
with whole_file(sys.argv[1] + "/file") as file, whole_path(sys.argv[1] + "/folder") as made:
    file.write(b"half")
    made.mkdir()
    (made / "half").write_text("half")
    print("there", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_leaves_is_removed_and_nothing_else(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"there\n"
        assert len(names(tmp_path)) == 2
        assert remove_leftovers(tmp_path) == 0  # it is at work
        process.send_signal(signal.SIGKILL)
        process.wait()
    (tmp_path / ".mine.part").write_text("of somebody else")
    (tmp_path / "below").mkdir()
    for left in list(tmp_path.glob(".f*.part")):
        os.link(left, tmp_path / "below" / left.name) if left.is_file() else None
    assert remove_leftovers(tmp_path) == 2
    assert names(tmp_path) == [".mine.part", "below"]
    assert remove_leftovers(tmp_path, below=True) == 1
    assert remove_leftovers(tmp_path / "gone") == 0


def test_the_next_write_to_a_place_removes_what_a_dead_one_left_there(tmp_path):
    leave = "import os, sys; from keras_i3d.files.whole import whole_file\n"
    leave += "with whole_file(sys.argv[1]) as file: os._exit(3)"
    for name in ("a[1].csv", "a[1].csv", "a[1].json"):
        subprocess.run([sys.executable, "-c", leave, str(tmp_path / name)], check=False)
    assert len(names(tmp_path)) == 2  # the second had removed what the first left
    with whole_file(tmp_path / "a[1].csv") as file:
        file.write(b"one")
        write_whole(tmp_path / "a[1].csv", b"two")  # this one is at work
    assert (tmp_path / "a[1].csv").read_bytes() == b"one"
    left, done = names(tmp_path)
    assert (left.startswith(".a[1].json."), done) == (True, "a[1].csv")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_bytes_reach_the_disk_before_the_name_and_the_name_after(tmp_path, kind, monkeypatch):
    """So a crash of the machine leaves the old or the new: what a rename alone does not promise."""
    steps, fsync, replace = [], os.fsync, os.replace

    def synced(number):
        steps.append(os.path.basename(os.readlink(f"/proc/self/fd/{number}")))
        fsync(number)

    def renamed(source, target):
        steps.append("renamed")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    if kind == "file":
        write_whole(tmp_path / "out", b"1")
        assert (steps[0].startswith(".out."), steps[1:]) == (True, ["renamed", tmp_path.name])
    else:
        with whole_path(tmp_path / "out") as made:
            made.mkdir()
            (made / "within").write_text("1")
        assert steps == ["within", "out", "renamed", tmp_path.name]


def test_an_error_names_the_place_not_the_part(tmp_path, monkeypatch):
    def denied(path, *_, **options):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", denied)
    with pytest.raises(PermissionError) as raised:
        write_whole(tmp_path / "a", b"1")
    assert raised.value.filename == str(tmp_path / "a")


def test_another_machines_part_is_left_for_a_week(tmp_path):
    part = tmp_path / ".a.00000000-1-00000000.part"
    part.write_bytes(b"")
    assert remove_leftovers(tmp_path) == 0
    old = part.stat().st_mtime - whole.FORGOTTEN - 1
    os.utime(part, (old, old))
    assert remove_leftovers(tmp_path) == 1
