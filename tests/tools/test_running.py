"""How tools start: what libraries print while they are loaded."""

import os

import pytest

from keras_i3d.tools.running import quiet_import


@pytest.mark.parametrize(
    "error, shown", [(None, ""), (ImportError, "a note\n"), (KeyboardInterrupt, "")]
)
def test_notes_of_libraries_are_shown_where_loading_fails(error, shown, capfd):
    def load():
        with quiet_import():
            os.write(2, b"a note\n")
            if error:
                raise error

    if error:
        with pytest.raises(error):
            load()
    else:
        load()
    assert capfd.readouterr().err == shown
