"""The ways to compute flow that tools offer; written out, since help loads nothing."""

METHODS = ("tvl1", "tvl1_opencv", "dis", "farneback")
