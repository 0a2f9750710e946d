"""Video files: decode, seek, time and encode their frames."""
