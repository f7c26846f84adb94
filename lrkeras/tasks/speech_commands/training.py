"""Training the models of a run: the dense one on the strings, the others on it as well."""

from __future__ import annotations

import pathlib

import keras
import numpy as np

from lrkeras import callbacks
from lrkeras.compression import distill, quantize_aware
from lrkeras.rounding.rounded_copy import plain_copy
from lrkeras.rounding.rounded_model import RoundedModel
from lrkeras.structures import Sparse, find_structures
from lrkeras.structures.stored_size import count_parameters
from lrkeras.tasks.speech_commands.aligned_ctc import AlignedCTC
from lrkeras.tasks.speech_commands.config import STAGES, SpeechCommandsConfig
from lrkeras.tasks.speech_commands.connected_strings import MAX_WORDS, ConnectedStrings
from lrkeras.tasks.speech_commands.corpus import load_clips
from lrkeras.tasks.speech_commands.doped_start import doped_start
from lrkeras.tasks.speech_commands.front_end import BANDS, HOP
from lrkeras.tasks.speech_commands.labels import BLANK, LABELS
from lrkeras.tasks.speech_commands.model import (
    build_network,
    network_of,
    with_front_end,
)
from lrkeras.tasks.speech_commands.single_clips import SingleClips
from lrkeras.tasks.speech_commands.validation_accuracy import ValidationAccuracy
from lrkeras.tasks.training.epoch_clock import EpochClock
from lrkeras.tasks.training.epoch_start import EpochStart
from lrkeras.tasks.training.optimizer import adamw
from lrkeras.tasks.training.run_folder import (
    check,
    claimed,
    read_history,
    record_keepers,
    remove_backup,
    save_model,
    write_json,
)

LICENCE = "CC BY-SA 4.0"  # of the weights, as some of the clips
_TEACHER = "dense"
_BITS = 4


def train(
    config: SpeechCommandsConfig,
    out: str | pathlib.Path,
    *,
    data: str | pathlib.Path | None = None,
    verbose: int = 1,
) -> dict:
    """Trains every model of a config and leaves them and their histories in a folder.

    A run that was stopped goes on where the last finished epoch ended when it is started again with
    the same config and folder; a model that is finished is not trained again.

    Args:
        config: the run.
        out: the folder; it is made when missing. `config.json`, `metadata.json` (for `convert`)
            and `training.json` are written beside the models, which take raw samples.
        data: the folder that holds `speech-commands-test/` and `fsdd/`.
        verbose: Keras's `verbose`: 0 silent, 1 a progress bar, 2 a line an epoch.

    Returns:
        What is in `training.json`: clips, and for each model its parameters, its accuracy on the
        clips of the validation speakers, the final sparsity and the seconds of training.

    Raises:
        ValueError: the folder holds a run with another config, or models other than the dense one
            come without it.
        BlockingIOError: another process trains in the folder.
        OSError: the folder cannot be written.
    """
    out = pathlib.Path(out)
    if config.models[0] != _TEACHER and not _file(out, _TEACHER, STAGES[-1]).exists():
        raise ValueError(
            f"Expected the model {_TEACHER!r} first, from which the others learn, or a folder that "
            f"has it; received {config.models}."
        )
    check(out, config, ignored=("models",))
    clips = load_clips(config, "train", data)
    valid = load_clips(config, "valid", data)[: config.max_valid]
    with claimed(out, config, ignored=("models",)):
        write_json(out / "metadata.json", metadata())
        report = {
            "task": "speech_commands",
            "train_clips": len(clips),
            "valid_clips": len(valid),
            "models": {
                name: train_model(config, name, clips, valid, out, verbose=verbose)
                for name in config.models
            },
        }
        write_json(out / "training.json", report)
    return report


def metadata() -> dict:
    """What a model file says to whoever runs it."""
    return {
        "task": "speech_commands",
        "labels": list(LABELS),
        "blank": BLANK,
        "samples_per_step": HOP,
        "licence": LICENCE,
    }


def train_model(
    config: SpeechCommandsConfig,
    name: str,
    clips: list,
    valid: list,
    out: pathlib.Path,
    *,
    verbose: int = 1,
) -> dict:
    """Trains one model, or finds that it is trained already.

    Returns:
        `file`, `parameters` (what is stored), `valid_accuracy`, `final_sparsity` (None without a
        sparse part), `seconds` of training.
    """
    history_file = out / f"{name}.history.csv"
    valid_clips = SingleClips(valid)
    for stage in STAGES:
        file = _file(out, name, stage)
        begin, end = config.epochs_of(stage)
        if file.exists() or begin == end:
            continue
        keras.utils.set_random_seed(config.seed)
        network = _start(config, name, stage, out)
        model = _compiled(config, name, stage, network, out)
        batches = ConnectedStrings(clips, config)
        # Or TensorFlow traces the step twice: also the one in which Keras makes these variables.
        model.optimizer.build(model.trainable_variables)
        model.fit(
            batches,
            initial_epoch=begin,
            epochs=end,
            callbacks=_callbacks(config, stage, network, batches, valid_clips, history_file),
            shuffle=False,
            verbose=verbose,
        )
        save_model(with_front_end(_plain(network)), file)
    for stage in STAGES:
        remove_backup(_backup(out, name, stage))
    return _summary(_file(out, name, STAGES[-1]), history_file)


def _file(out: pathlib.Path, name: str, stage: str) -> pathlib.Path:
    return out / (f"{name}.keras" if stage == STAGES[-1] else f"{name}.{stage}.keras")


def _load(file: pathlib.Path) -> keras.Model:
    return network_of(keras.saving.load_model(file, compile=False))


def _start(config: SpeechCommandsConfig, name: str, stage: str, out: pathlib.Path) -> keras.Model:
    """The network at the start of a stage."""
    if stage != STAGES[0]:
        network = _load(_file(out, name, STAGES[0]))
        return quantize_aware(network, _BITS) if name in config.rounded else network
    network = build_network(config, name)
    if name == "doped_kronecker":
        doped_start(network, _load(_file(out, _TEACHER, stage)))
    return network


def _plain(network: keras.Model) -> keras.Model:
    """An ordinary network that computes the same."""
    return plain_copy(network) if isinstance(network, RoundedModel) else network


def _compiled(
    config: SpeechCommandsConfig,
    name: str,
    stage: str,
    network: keras.Model,
    out: pathlib.Path,
) -> keras.Model:
    """What is fitted: the network itself, or a distiller that holds it."""
    begin, end = config.epochs_of(stage)
    peak = config.learning_rate if stage == STAGES[0] else config.ctc_learning_rate
    optimizer = adamw(
        config,
        peak=peak,
        steps=(end - begin) * config.steps_per_epoch,
        last=0.02,
        slowed=("circulant", "skew") if name == "toeplitz_shared" else (),
        share=config.toeplitz_rate,
    )
    loss = AlignedCTC(MAX_WORDS, config.frame_weight if stage == STAGES[0] else 0.0)
    if name == _TEACHER:
        network.compile(optimizer, loss)
        return network
    distiller = distill(
        _load(_file(out, _TEACHER, stage)),
        network,
        temperature=1.0,
        teacher_weight=config.teacher_weight,
        outputs="logits",
        optimizer=optimizer,
        loss=loss,
    )
    # What is to be restored must have its weights before `fit`.
    distiller(np.zeros((1, config.frames, BANDS), "float32"))
    return distiller


def _callbacks(
    config: SpeechCommandsConfig,
    stage: str,
    network: keras.Model,
    batches: ConnectedStrings,
    valid: SingleClips,
    history_file: pathlib.Path,
) -> list[keras.callbacks.Callback]:
    out, name = history_file.parent, history_file.name.removesuffix(".history.csv")
    first, end = config.epochs_of(stage)
    chosen = [
        EpochStart(config.seed, batches),
        ValidationAccuracy(valid, network),
        EpochClock(),
    ]
    sparse = find_structures(network, Sparse)
    if any(not part.is_at_target for part in sparse):
        steps = (end - first) * config.steps_per_epoch
        chosen.append(callbacks.SparsityAnnealing(0, max(1, round(config.anneal * steps))))
    if sparse:
        chosen.append(callbacks.StructureLogger())
    backup = _backup(out, name, stage)
    keepers = record_keepers(history_file, backup, initial_epoch=first, write_graph=False)
    return [*chosen, *keepers]


def _backup(out: pathlib.Path, name: str, stage: str) -> pathlib.Path:
    return out / f".{name}.{stage}.backup"


def _summary(model_file: pathlib.Path, history_file: pathlib.Path) -> dict:
    history = read_history(history_file)
    write_json(history_file.with_suffix(".json"), history)
    model = keras.saving.load_model(model_file, compile=False)
    return {
        "file": model_file.name,
        "parameters": count_parameters(model),
        "valid_accuracy": history["val_accuracy"][-1],
        "final_sparsity": history["sparsity"][-1] if "sparsity" in history else None,
        "seconds": sum(history["seconds"]),
    }
