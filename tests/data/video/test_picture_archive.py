"""Archives of numbered pictures as videos, and what hostile ones do."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from keras_i3d.data.video import picture_archive
from keras_i3d.data.video.decoding import VideoError
from keras_i3d.data.video.picture_archive import PictureArchive
from keras_i3d.prediction_inputs import open_video


def png(value, size=(8, 6)):
    buffer = io.BytesIO()
    Image.new("RGB", size, (value,) * 3).save(buffer, "PNG")
    return buffer.getvalue()


def tar(path, members):
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(("write", "name"), [(tar, "v.tar"), (zipped, "v.ZIP")])
def test_pictures_in_the_order_of_their_numbers(write, name, tmp_path):
    members = [(f"clip/{n}.png", png(n)) for n in (10, 2, 1)]
    path = write(tmp_path / name, [*members, ("clip/notes7.txt", b"x"), ("clip/.0.png", b"x")])
    with open_video(path, 10) as video:
        assert isinstance(video, PictureArchive)
        frames = [(int(frame[0, 0, 0]), float(stamp)) for frame, stamp, _ in video]
    assert frames == [(1, 0), (2, 0.1), (10, 0.2)]
    assert (video.width, video.height, video.frames) == (8, 6, 3)
    assert video.notes == ["7 numbers are missing between its pictures"]


@pytest.mark.parametrize("write", [tar, zipped])
def test_names_that_lead_outside_open_nothing(write, tmp_path):
    outside = tmp_path / "secret1.png"
    outside.write_bytes(png(200))
    folder = tmp_path / "inside"
    folder.mkdir()
    suffix = ".tar" if write is tar else ".zip"
    path = write(folder / f"v{suffix}", [("../secret1.png", png(3)), ("../secret2.png", png(4))])
    with PictureArchive(path) as video:
        assert [int(frame[0, 0, 0]) for frame, *_ in video] == [3, 4]
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["inside", "secret1.png", path.name]


def test_links_are_passed_over(tmp_path):
    with tarfile.open(tmp_path / "v.tar", "w") as archive:
        link = tarfile.TarInfo("1.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(VideoError, match="an archive without numbered pictures"):
        PictureArchive(tmp_path / "v.tar")


def test_damaged_pictures_and_archives(tmp_path):
    path = tar(tmp_path / "v.tar", [("1.png", png(1)), ("2.png", b"broken"), ("3.png", png(3))])
    with PictureArchive(path) as video:
        assert [int(frame[0, 0, 0]) for frame, *_ in video] == [1, 1, 3]
    assert video.notes == ["damaged: 1 of its pictures cannot be read"]
    (tmp_path / "no.zip").write_bytes(b"PK no archive")
    with pytest.raises(VideoError, match="not a readable archive"):
        open_video(tmp_path / "no.zip")
    with pytest.raises(VideoError, match="pictures of 2 videos in one archive: a/\\*.png, b/"):
        PictureArchive(zipped(tmp_path / "two.zip", [("a/1.png", png(1)), ("b/1.png", png(1))]))


def test_too_much(tmp_path, monkeypatch):
    bomb = zipped(tmp_path / "bomb.zip", [("1.png", bytes(200_000))])
    monkeypatch.setattr(picture_archive, "MOST_BYTES", 100_000)
    with pytest.raises(VideoError, match="1.png has 200000 bytes; at most 100000 are read"):
        list(PictureArchive(bomb))
    many = tar(tmp_path / "many.tar", [(f"{n}.png", b"") for n in range(5)])
    monkeypatch.setattr(picture_archive, "MOST_MEMBERS", 4)
    with pytest.raises(VideoError, match="more than 4 files in one archive"):
        PictureArchive(many)


def test_the_same_pictures_in_a_folder(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(png(9 * number))
    path = tar(tmp_path / "v.tar", [(f"{n}.png", png(9 * n)) for n in range(3)])
    with open_video(folder) as one, open_video(path) as other:
        for (a, *_), (b, *_) in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
