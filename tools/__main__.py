"""`python -m keras_i3d.tools TOOL --flags`, the same as `keras-i3d TOOL --flags`."""

from keras_i3d_command import main

if __name__ == "__main__":
    main()
