"""The command line: `keras-i3d TOOL --flags`, one absl app a file."""
