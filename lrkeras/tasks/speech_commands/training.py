"""Training the models of a run: the dense one on the strings, the others on it as well."""

from __future__ import annotations

import dataclasses
import pathlib

import keras
import numpy as np

from lrkeras import callbacks
from lrkeras.compression import distill, merge, quantize_aware
from lrkeras.rounding.rounded_copy import plain_copy
from lrkeras.rounding.rounded_model import RoundedModel
from lrkeras.structures import Sparse, ToeplitzLike, find_structures
from lrkeras.structures.stored_size import count_parameters
from lrkeras.tasks.speech_commands.aligned_ctc import AlignedCTC
from lrkeras.tasks.speech_commands.config import TEACHER, SpeechCommandsConfig, Stage
from lrkeras.tasks.speech_commands.connected_strings import MAX_WORDS, ConnectedStrings
from lrkeras.tasks.speech_commands.corpus import load_clips
from lrkeras.tasks.speech_commands.dense_start import dense_start
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
    if config.models[0] != TEACHER and not _file(out, TEACHER).exists():
        raise ValueError(
            f"Expected the model {TEACHER!r} first, from which the others learn, or a folder that "
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
    last = list(config.stages_of(name))[-1]
    for title, stage in config.stages_of(name).items():
        file = _file(out, name, "" if title == last else title)
        if file.exists() or _file(out, name).exists() or stage.begin == stage.end:
            continue
        keras.utils.set_random_seed(config.seed)
        batches = _strings(config, name, clips)
        network = _start(config, name, title, batches, out)
        model = _compiled(config, name, title, network, out)
        # Or TensorFlow traces the step twice: also the one in which Keras makes these variables.
        model.optimizer.build(model.trainable_variables)
        model.fit(
            batches,
            initial_epoch=stage.begin,
            epochs=stage.end,
            callbacks=_callbacks(
                config,
                stage,
                network,
                batches,
                valid_clips,
                record_keepers(
                    history_file,
                    _backup(out, name, title),
                    initial_epoch=stage.begin,
                    write_graph=False,
                ),
            ),
            shuffle=False,
            verbose=verbose,
        )
        save_model(with_front_end(_plain(network)), file)
    for title in config.stages_of(name):
        remove_backup(_backup(out, name, title))
    return _summary(_file(out, name), history_file)


def _file(out: pathlib.Path, name: str, stage: str = "") -> pathlib.Path:
    """The file of a trained model, or of one after a stage that is not its last."""
    return out / (f"{name}.{stage}.keras" if stage else f"{name}.keras")


def _strings(config: SpeechCommandsConfig, name: str, clips: list) -> ConnectedStrings:
    """The strings of a training: what starts from a trained network needs no easy ones."""
    ramp = 1 if name in config.started else config.ramp_epochs
    return ConnectedStrings(clips, dataclasses.replace(config, ramp_epochs=ramp))


def _load(file: pathlib.Path) -> keras.Model:
    return network_of(keras.saving.load_model(file, compile=False))


def _start(
    config: SpeechCommandsConfig,
    name: str,
    stage: str,
    batches: ConnectedStrings,
    out: pathlib.Path,
) -> keras.Model:
    """The network at the start of a stage."""
    first = next(iter(config.stages_of(name)))
    if stage == first and name not in config.started:
        return build_network(config, name)
    if stage == first:
        return dense_start(config, name, _load(_file(out, TEACHER)), batches[0][0])
    network = _load(_file(out, name, first))
    return with_rounding(network) if name in config.rounded else network


def with_rounding(network: keras.Model) -> keras.Model:
    """The network of a second stage, whose matrices are rounded to four bits.

    A file has a Toeplitz-like matrix whole, which four bits do not fit the factors of: from here on
    it is trained whole.
    """
    whole = [one.name for one in network.layers if find_structures(one, ToeplitzLike)]
    if whole:
        network = merge(network, whole)
    return quantize_aware(network, _BITS)


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
    begin, end, rate = config.stages_of(name)[stage]
    optimizer = adamw(
        config,
        peak=rate,
        steps=(end - begin) * config.steps_per_epoch,
        last=0.02,
    )
    loss = AlignedCTC(MAX_WORDS, config.frame_weight if stage == "aligned" else 0.0)
    if name == TEACHER:
        network.compile(optimizer, loss)
        return network
    distiller = distill(
        _load(_file(out, TEACHER)),
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
    stage: Stage,
    network: keras.Model,
    batches: ConnectedStrings,
    valid: SingleClips,
    keepers: list[keras.callbacks.Callback],
) -> list[keras.callbacks.Callback]:
    chosen = [
        EpochStart(config.seed, batches),
        ValidationAccuracy(valid, network),
        EpochClock(),
    ]
    sparse = find_structures(network, Sparse)
    if any(not part.is_at_target for part in sparse):
        steps = (stage.end - stage.begin) * config.steps_per_epoch
        chosen.append(callbacks.SparsityAnnealing(0, max(1, round(config.anneal * steps))))
    if sparse:
        chosen.append(callbacks.StructureLogger())
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
