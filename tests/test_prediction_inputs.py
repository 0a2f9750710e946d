"""Which videos a path, a folder or a list stands for."""

import io
import os
import tarfile
import zipfile

import pytest
from PIL import Image

from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.picture_folder import PictureFolder
from keras_i3d.prediction_inputs import NamedVideo, find_videos, open_video, read_list


def test_a_folder_stands_for_the_videos_below_it_in_natural_order(tmp_path):
    for name in ("clip10.mp4", "clip2.MP4", "b/1.avi", ".hidden.mp4", ".git/x.mp4", "readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "frames").mkdir()
    for number in range(3):
        Image.new("RGB", (8, 8)).save(tmp_path / "frames" / f"{number}.jpg")
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "photos" / "holiday1.jpg")
    found = find_videos([str(tmp_path)])
    names = ["b/1.avi", "clip2.MP4", "clip10.mp4", "frames"]
    assert found == [NamedVideo(str(tmp_path / name)) for name in names]


def test_archives_below_a_folder_are_videos_where_they_hold_pictures(tmp_path):
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    for name, members in {
        "frames.zip": ("1.png", "2.png"),
        "b/frames.ZIP": ("x/1.png", "x/2.png"),
        "one.zip": ("holiday1.png", "notes.txt"),
        "videos.zip": ("a.mp4", "b.mp4"),
        ".hidden.zip": ("1.png", "2.png"),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member in members:
                archive.writestr(member, picture.getvalue())
    with tarfile.open(tmp_path / "clip.tar", "w") as archive:
        for number in (1, 2):
            info = tarfile.TarInfo(f"{number}.png")
            info.size = picture.tell()
            archive.addfile(info, io.BytesIO(picture.getvalue()))
    (tmp_path / "broken.tar").write_bytes(b"nothing")
    *found, broken = find_videos([str(tmp_path)])
    names = ["b/frames.ZIP", "clip.tar", "frames.zip"]
    assert found == [NamedVideo(str(tmp_path / name)) for name in names]
    assert broken.path == str(tmp_path / "broken.tar")
    assert broken.cause.startswith("not a readable archive, neither .zip nor plain .tar")


def test_every_path_is_accounted_for(tmp_path):
    (tmp_path / "empty.mp4").mkdir()
    (tmp_path / "no_extension").touch()
    (tmp_path / "link").symlink_to("nowhere")
    paths = [str(tmp_path / name) for name in ("no_extension", "gone.mp4", "empty.mp4", "link")]
    file, gone, folder, link = find_videos(paths)
    assert file == NamedVideo(paths[0])
    assert gone == NamedVideo(paths[1], "no such file")
    assert folder == NamedVideo(paths[2], "a folder without videos or numbered pictures")
    assert link == NamedVideo(paths[3])  # VideoFile says what is wrong with it


def test_links_to_folders_are_not_walked(tmp_path):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "all").symlink_to("/")
    (tmp_path / "all.mp4").symlink_to("/")
    (tmp_path / "round").symlink_to(tmp_path)
    assert find_videos([str(tmp_path)]) == [NamedVideo(str(tmp_path / "a.mp4"))]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_named(tmp_path):
    (tmp_path / "secret").mkdir(mode=0)
    (found,) = find_videos([str(tmp_path)])
    assert found == NamedVideo(str(tmp_path / "secret"), "Permission denied")


def test_lists(tmp_path, monkeypatch):
    plain = tmp_path / "list.txt"
    plain.write_bytes("\ufeff# mine\na, b.mp4\r\n\n  # not this\n#x\nüb er.mp4\n".encode())
    assert read_list(str(plain)) == ["a, b.mp4", "üb er.mp4"]
    table = tmp_path / "list.csv"
    table.write_text('path,label\n"a, b.mp4",run\nc.mp4,jump\n')
    assert read_list(str(table)) == ["a, b.mp4", "c.mp4"]
    table.write_text("c.mp4,jump\n")
    assert read_list(str(table)) == ["c.mp4"]
    monkeypatch.setattr("sys.stdin", io.StringIO("a.mp4\nb.mp4\n"))
    assert read_list("-") == ["a.mp4", "b.mp4"]
    with pytest.raises(FileNotFoundError):
        read_list(str(tmp_path / "gone"))


def test_a_file_and_a_folder_are_opened_alike(counting_video, tmp_path):
    (tmp_path / "frames").mkdir()
    for number in range(10):
        Image.new("RGB", (40, 30), (20 * number,) * 3).save(tmp_path / "frames" / f"{number}.png")
    read = []
    for path, kind in ((counting_video, VideoFile), (tmp_path / "frames", PictureFolder)):
        with open_video(path) as video:
            assert type(video) is kind
            read.append([(int(image[0, 0, 0]), stamp) for image, stamp, _ in video])
    assert read[0] == read[1]
