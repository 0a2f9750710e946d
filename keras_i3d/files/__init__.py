"""Bytes on disk: storage, whole files, journals, worker processes. Nothing of video is in here."""
