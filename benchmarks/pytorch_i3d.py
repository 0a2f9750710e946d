"""I3D's layers in PyTorch, as v-iashin/video_features computes them: for their speed alone.

Its own code is not on PyPI. What decides on its speed is here, as its models/i3d/i3d_src/i3d_net.py
has it: convolutions without bias, their own padding where TensorFlow's SAME is even and a constant
pad where it is not, and before every pool; batch norm, ReLU, PyTorch's usual layout of memory. The
weights are random.
"""

import torch
from torch import nn

from keras_i3d.models.inception_v1 import inception_v1


def trunk(channels: int = 3, layout: torch.memory_format = torch.contiguous_format) -> nn.Module:
    """Return I3D to its average pool: (1, channels, t, 224, 224) to (1, 1024, t/8 - 1, 1, 1).

    Args:
        channels: of a clip.
        layout: of the kernels; torch.channels_last_3d, which video_features does not use, is faster
            on a CPU.
    """
    steps: list[nn.Module] = []

    def conv(x: int, name: str, filters: int, size: int, strides: int = 1) -> int:
        steps.append(unit(x, filters, size, strides))
        return filters

    def pool(x: int, name: str, size, strides) -> int:
        steps.append(max_pool(size, strides))
        return x

    def block(x: int, name: str, *branches) -> int:
        steps.append(Block(x, *branches))
        return steps[-1].channels

    inception_v1(channels, conv, pool, block)
    model = nn.Sequential(*steps, nn.AvgPool3d((2, 7, 7), 1))
    return model.eval().to(memory_format=layout)


def unit(inputs: int, filters: int, size: int, strides: int = 1) -> nn.Module:
    """Return a convolution, batch norm and ReLU."""
    pads = same_padding((size,) * 3, (strides,) * 3)
    even = len(set(pads)) == 1
    return nn.Sequential(
        *([] if even else [nn.ConstantPad3d(pads, 0.0)]),
        nn.Conv3d(inputs, filters, size, strides, pads[0] if even else 0, bias=False),
        nn.BatchNorm3d(filters),
        nn.ReLU(),
    )


def max_pool(size, strides) -> nn.Module:
    """Return a max pool with SAME padding."""
    size, strides = ((one,) * 3 if isinstance(one, int) else one for one in (size, strides))
    pad = nn.ConstantPad3d(same_padding(size, strides), 0.0)
    return nn.Sequential(pad, nn.MaxPool3d(size, strides, ceil_mode=True))


def same_padding(size, strides) -> list[int]:
    """Return the padding of TensorFlow's SAME, for sides that the strides divide."""
    pads = []
    for one, stride in zip(reversed(size), reversed(strides), strict=True):
        both = max(0, one - stride)
        pads += [both // 2, both - both // 2]
    return pads


class Block(nn.Module):
    """Inception's four branches side by side."""

    def __init__(self, inputs: int, branch_0: int, branch_1, branch_2, branch_3: int):
        super().__init__()
        self.branches = nn.ModuleList(
            [
                unit(inputs, branch_0, 1),
                nn.Sequential(unit(inputs, branch_1[0], 1), unit(*branch_1, 3)),
                nn.Sequential(unit(inputs, branch_2[0], 1), unit(*branch_2, 3)),
                nn.Sequential(max_pool(3, 1), unit(inputs, branch_3, 1)),
            ]
        )
        self.channels = branch_0 + branch_1[1] + branch_2[1] + branch_3

    def forward(self, x):
        """Return the branches' outputs, one behind the other."""
        return torch.cat([branch(x) for branch in self.branches], 1)
