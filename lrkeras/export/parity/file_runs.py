"""What a file gives over sequences."""

import numpy as np

from lrkeras.export.runtime.signature_runner import SignatureRunner

# Values of each tensor by name: time step -> array (sequences, ...).
Values = dict[str, dict[int, np.ndarray]]


def run_file(runner: SignatureRunner, inputs: dict[str, np.ndarray]) -> Values:
    """Runs a signature over each of some sequences, from states of zeros.

    Args:
        runner: The signature.
        inputs: By name, (sequences, time, ...).

    Returns:
        Outputs and states of all time steps at which the signature gives them.
    """
    count = len(next(iter(inputs.values())))
    of_each = [
        _run_sequence(runner, {name: value[i : i + 1] for name, value in inputs.items()})
        for i in range(count)
    ]
    return {
        name: {step: np.concatenate([one[name][step] for one in of_each]) for step in values}
        for name, values in of_each[0].items()
    }


def _run_sequence(runner: SignatureRunner, inputs: dict[str, np.ndarray]) -> Values:
    collected: Values = {}
    states = runner.zero_states()
    length = next(iter(inputs.values())).shape[1]
    for begin in range(0, length - runner.steps + 1, runner.steps):
        end = begin + runner.steps
        feed = {name: value[:, begin:end] for name, value in inputs.items()}
        outputs, states = runner(feed, states)
        for name, array in {**outputs, **states}.items():
            values = collected.setdefault(name, {})
            if name in outputs and runner.has_time_axis(name):
                values.update({begin + t: array[:, t] for t in range(runner.steps)})
            else:
                values[end - 1] = array
        if not states:
            break  # nothing is carried on: another call starts a sequence of its own
    return collected
