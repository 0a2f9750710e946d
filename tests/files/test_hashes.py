"""Hashes that other programs print for the same bytes."""

import struct

from keras_i3d.files.hashes import CHUNK, git_blob, masked_crc, sha256


def test_sha256(tmp_path):
    """FIPS 180-2, appendix B: "abc" and a million times "a"; and nothing."""
    known = {
        b"": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        b"a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    }
    for content, wanted in known.items():
        (tmp_path / "x").write_bytes(content)
        assert sha256(tmp_path / "x") == wanted


def test_a_file_longer_than_one_piece(tmp_path):
    (tmp_path / "x").write_bytes(bytes(CHUNK) + b"\1")
    one = sha256(tmp_path / "x")
    (tmp_path / "x").write_bytes(bytes(CHUNK) + b"\2")
    assert sha256(tmp_path / "x") != one


def test_git_blob(tmp_path):
    """`git hash-object` of an empty file, and of the file that git's own book begins with."""
    (tmp_path / "x").write_bytes(b"")
    assert git_blob(tmp_path / "x") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    (tmp_path / "x").write_bytes(b"test content\n")
    assert git_blob(tmp_path / "x") == "d670460b4b4aece5915caf5c68d12f560a9fe3e4"


def test_masked_crc():
    """RFC 3720, B.4: 32 bytes of zeros have CRC32C 8a9136aa; rotated by 15, plus TFRecord's."""
    crc = 0x8A9136AA
    rotated = (crc >> 15 | crc << 17) & 0xFFFFFFFF
    assert masked_crc(bytes(32)) == (rotated + 0xA282EAD8) % 2**32
    # The first twelve bytes of any TFRecord file whose first record is empty.
    assert struct.pack("<QI", 0, masked_crc(bytes(8))).hex() == "000000000000000029039807"
