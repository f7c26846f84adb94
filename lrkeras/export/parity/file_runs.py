"""What a file gives over sequences."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.steps.time_axis import TimeAxis

# Values of each tensor by name: time step -> array (sequences, ...).
Values = dict[str, dict[int, np.ndarray]]


def run_file(
    runner: SignatureRunner,
    inputs: dict[str, np.ndarray],
    wanted: dict[str, set[int]],
    axes: Mapping[str, TimeAxis],
) -> Values:
    """Runs a signature over each of some sequences, from states of zeros.

    Args:
        runner: The signature.
        inputs: By name, (sequences, time, ...).
        wanted: The time steps to keep of each output and state, where the signature gives them.
        axes: The time axis of each output.
    """
    count, batch = len(next(iter(inputs.values()))), runner.batch
    of_each = []
    for begin in range(0, count, batch):
        rows = np.arange(begin, begin + batch) % count  # the last batch is filled up
        feed = {name: value[rows] for name, value in inputs.items()}
        of_each.append(_run_sequences(runner, feed, wanted, axes))
    return {
        name: {
            step: np.concatenate([one[name][step] for one in of_each])[:count] for step in values
        }
        for name, values in of_each[0].items()
    }


def steps_of(axis: TimeAxis, count: int, begin: int = 0) -> dict[int, Any]:
    """Which step of the input each of some own steps of an output ends with, or a part of one.

    Args:
        axis: That of the output.
        count: Its own steps.
        begin: The step of the input that they start at.
    """
    return {own: begin + (own + 1) * axis.rate - 1 for own in range(count)}


def _run_sequences(
    runner: SignatureRunner,
    inputs: dict[str, np.ndarray],
    wanted: dict[str, set[int]],
    axes: Mapping[str, TimeAxis],
) -> Values:
    collected: Values = {name: {} for name in wanted}
    states = runner.zero_states()
    for begin in runner.starts(inputs):
        end = begin + runner.steps
        outputs, states = runner(runner.cut(inputs, begin), states)
        for name, array in {**outputs, **states}.items():
            of_steps = {end - 1: array}
            if name in outputs and axes[name].is_timed:
                # A whole sequence has every step in its place, a stream has some of them later.
                late = 0 if states else axes[name].delay
                places = steps_of(axes[name], array.shape[1] + late, begin)
                of_steps = {places[own + late]: array[:, own] for own in range(array.shape[1])}
            kept = of_steps.keys() & wanted.get(name, set())
            collected.setdefault(name, {}).update({step: of_steps[step] for step in kept})
        if not states:
            break  # nothing is carried on: another call starts a sequence of its own
    return collected
