"""Products in bfloat16, for a while."""

import keras
import pytest

from lrkeras.tasks.training.bfloat16_products import bfloat16_products

tf = pytest.importorskip("tensorflow")
OPTION = "auto_mixed_precision_onednn_bfloat16"


def option():
    return tf.config.optimizer.get_experimental_options().get(OPTION, False)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's option")
def test_the_option_holds_inside_alone_also_after_an_error():
    with bfloat16_products(False):
        assert not option()
    with pytest.raises(ZeroDivisionError), bfloat16_products(True):
        assert option()
        raise ZeroDivisionError
    assert not option()


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="of other backends")
def test_other_backends_are_left_alone():
    with bfloat16_products(True):
        assert not option()
