"""The papers' comparisons repeated on synthetic videos: one file per table, and one report."""
