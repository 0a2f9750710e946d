"""What a folder of features remembers of each video, and of how all of them are made."""

import json

import pytest

from keras_i3d.features.jobs import Job
from keras_i3d.features.outcomes import video_stamp
from keras_i3d.features.output_folder import OtherFeaturesError, OutputFolder

MADE = {"window": 4}


@pytest.fixture
def job(tmp_path):
    """A video of two classes; what is in it does not matter here."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"frames")
    return Job(str(path), "clip", labels=("run", "jump"))


@pytest.fixture
def out(tmp_path):
    """A folder's place."""
    return tmp_path / "out"


def add(folder, job):
    path = folder.folder / f"{job.name}.npz"
    path.write_bytes(b"numbers")
    return folder.add_done(job, video_stamp(job.path), 1, (), [path])


def record_of(out):
    (path,) = (out / ".features" / "records").iterdir()
    return path


def changed(job, **how):
    return Job(**{**vars(job), **how})


def test_a_record_holds_of_the_video_that_was_read(out, job, tmp_path):
    with OutputFolder(out, MADE) as folder:
        assert folder.settled(job) is None
        record = add(folder, job)
        assert folder.settled(job) == record
        (tmp_path / "clip.mp4").write_bytes(b"more frames")
        assert folder.settled(job) is None


def test_a_video_that_was_moved_has_its_features(out, job, tmp_path):
    with OutputFolder(out, MADE) as folder:
        record = add(folder, job)
        moved = changed(job, path=str((tmp_path / "clip.mp4").rename(tmp_path / "moved.mp4")))
        assert folder.settled(moved) == record
        folder.write_manifest([moved], {})
        assert '"done"' in (out / "manifest.jsonl").read_text()


def test_labels_that_are_asked_for_must_be_those_of_the_record(out, job):
    with OutputFolder(out, MADE) as folder:
        add(folder, job)
        assert folder.settled(changed(job, labels=("run",))) is None
        assert folder.settled(changed(job, labels=()))["labels"] == ["run", "jump"]


def test_a_record_without_its_part_is_of_the_whole_video(out, job):
    """As earlier versions wrote it, of parts too: those are made anew."""
    with OutputFolder(out, MADE) as folder:
        add(folder, job)
        record = json.loads(record_of(out).read_text())
        del record["part"]
        record_of(out).write_text(json.dumps(record))
        assert folder.settled(job) == record
        assert folder.settled(changed(job, part=(1.0, 2.0))) is None


def test_the_same_part_is_the_same(out, job):
    with OutputFolder(out, MADE) as folder:
        part = changed(job, part=(1, None))
        record = add(folder, part)
        assert folder.settled(part) == record
        other = folder.settled(changed(job, part=(1, 2)))
        assert other["status"] == "failed"
        assert "clip.mp4 (1 s to the end) under the name" in other["cause"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"status": []}', '{"status": "done", "outputs": [{}]}']
)
def test_a_damaged_record_is_none(out, job, text):
    with OutputFolder(out, MADE) as folder:
        add(folder, job)
        record_of(out).write_text(text)
        folder.write_manifest([job], {})
        assert folder.settled(job) is None
        assert (out / "manifest.jsonl").read_text() == ""


def test_a_video_that_cannot_be_looked_at_fails_alone(out, job, monkeypatch):
    def listdir(path=None):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.listdir", listdir)
    with OutputFolder(out, MADE) as folder:
        pictures = changed(job, path=str(out))
        record = folder.add_failed(pictures, "Permission denied", None)
        assert folder.settled(pictures) == record


def test_how_features_are_made_is_written_once(out, job):
    with OutputFolder(out, MADE) as folder:
        add(folder, job)
    with pytest.raises(OtherFeaturesError, match="window was 4, is 8"):
        OutputFolder(out, {"window": 8})
    made = out / ".features" / "made.json"
    made.write_text("cut o")
    for _ in ("damaged", "missing"):
        with pytest.raises(OtherFeaturesError, match="nothing says how its features were made"):
            OutputFolder(out, MADE)
        made.unlink(missing_ok=True)


def test_of_two_that_start_together_one_says_how(out, monkeypatch):
    """The other writes its own just before this one does."""
    from keras_i3d.features import output_folder

    def late(path, content):
        path.write_text(json.dumps({"window": 8}))
        return write(path, content)

    write = output_folder.write_unless_there
    monkeypatch.setattr(output_folder, "write_unless_there", late)
    with pytest.raises(OtherFeaturesError, match="window was 8, is 4"):
        OutputFolder(out, MADE)


@pytest.mark.parametrize("tidy", [True, False])
def test_only_who_is_told_to_looks_through_the_whole_folder(out, tidy, monkeypatch):
    looked = []
    monkeypatch.setattr(
        "keras_i3d.features.output_folder.remove_leftovers", lambda *_, **how: looked.append(how)
    )
    OutputFolder(out, MADE, tidy=tidy)
    assert looked == [{"below": True}] * tidy
