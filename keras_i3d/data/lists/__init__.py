"""Lists of videos, a file a format."""
