"""What a file gives over sequences."""

import numpy as np

from lrkeras.export.runtime.signature_runner import SignatureRunner

# Values of each tensor by name: time step -> array (sequences, ...).
Values = dict[str, dict[int, np.ndarray]]


def run_file(
    runner: SignatureRunner, inputs: dict[str, np.ndarray], wanted: dict[str, set[int]]
) -> Values:
    """Runs a signature over each of some sequences, from states of zeros.

    Args:
        runner: The signature.
        inputs: By name, (sequences, time, ...).
        wanted: The time steps to keep of each output and state, where the signature gives them.
    """
    count = len(next(iter(inputs.values())))
    of_each = [
        _run_sequence(runner, {name: value[i : i + 1] for name, value in inputs.items()}, wanted)
        for i in range(count)
    ]
    return {
        name: {step: np.concatenate([one[name][step] for one in of_each]) for step in values}
        for name, values in of_each[0].items()
    }


def _run_sequence(
    runner: SignatureRunner, inputs: dict[str, np.ndarray], wanted: dict[str, set[int]]
) -> Values:
    collected: Values = {name: {} for name in wanted}
    states = runner.zero_states()
    for begin in runner.starts(inputs):
        end = begin + runner.steps
        outputs, states = runner(runner.cut(inputs, begin), states)
        for name, array in {**outputs, **states}.items():
            of_steps = {end - 1: array}
            if name in outputs and runner.has_time_axis(name):
                of_steps = {begin + t: array[:, t] for t in range(runner.steps)}
            kept = of_steps.keys() & wanted.get(name, set())
            collected.setdefault(name, {}).update({step: of_steps[step] for step in kept})
        if not states:
            break  # nothing is carried on: another call starts a sequence of its own
    return collected
