"""How each publisher names and lays out the arrays of I3D: one file a publisher.

`convert(arrays)` gives {path of a variable in our model: array}; such a path is
"Mixed_3b/Branch_0/Conv3d_0a_1x1/conv_3d/kernel".
"""
