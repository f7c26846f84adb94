"""`keras.distribution.DataParallel` on two JAX devices trains as one device does."""


def test_two_devices_train_as_one(trained, assert_same_training):
    two_devices = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    # The first run has two devices too, but no distribution is set: it uses the first.
    results = trained("jax", [(["single", "data_parallel"], two_devices)])
    assert_same_training(results["data_parallel"], results["single"])
