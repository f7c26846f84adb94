"""One trial: from a recipe to a file that was judged."""

from __future__ import annotations

import dataclasses
import pathlib
import time
from typing import Any

import keras

from lrkeras.compression import quantize_aware
from lrkeras.export import ConversionError, convert
from lrkeras.importers.load_model import load_model
from lrkeras.rounding.rounded_model import RoundedModel
from lrkeras.structures.stored_size import StoredSize
from lrkeras.system.held_folder import scratch_folder
from lrkeras.tuning.candidates import Candidate
from lrkeras.tuning.file_score import FileScore
from lrkeras.tuning.fine_tuning import FineTuning
from lrkeras.tuning.objective import Objective
from lrkeras.tuning.recipe import Recipe
from lrkeras.tuning.small_models import NotPossibleError, fresh_copy, sized
from lrkeras.tuning.tuning_data import TuningData

# Examples that structures are fitted on and files compared with Keras on.
CALIBRATION, SAMPLE = 256, 64
# Sizes that are tried to come close to a budget, and how much of it is close enough.
_TRIALS, _USED = 5, 0.93


@dataclasses.dataclass(frozen=True)
class Task:
    """What all trials of a search have in common.

    Attributes:
        model: The content of the `.keras` file of the model.
        train, validation: The examples.
        objective: What is best.
        batch_size: Examples in a batch.
        form, steps: As in `convert`.
        seed: Of everything drawn at random.
        classes: What Keras has to know to read the model, by name.
        test: More examples, or None.
        metadata: What the files keep, as in `convert`.
        outputs: What the outputs are, as in `distill`, or None.
    """

    model: bytes
    train: TuningData
    validation: TuningData
    objective: Objective
    batch_size: int
    form: str
    steps: int | None
    seed: int
    classes: dict[str, Any]
    test: TuningData | None = None
    metadata: dict[str, Any] | None = None
    outputs: str | None = None

    def load(self) -> keras.Model:
        """The model."""
        return read_model(self.model, self.classes)

    @property
    def calibration(self) -> Any:
        """Inputs that structures are fitted on."""
        return self.train.part(slice(0, CALIBRATION)).inputs

    def convert(self, model: keras.Model, bits: str, path: pathlib.Path) -> Any:
        """Writes the file of a model; returns the report."""
        sample = self.validation.part(slice(0, SAMPLE)).x
        return convert(
            model,
            path,
            form=self.form,
            steps=self.steps,
            quantize=bits,
            sample=sample,
            metadata=self.metadata,
        )


@dataclasses.dataclass(frozen=True)
class Start:
    """Where a trial starts from.

    Attributes:
        recipe: With its sizes; as it was where `why` is given.
        why: Why there is no model, or None.
        died: Whether that is because a worker died.
        model, file: The content of the model's file before training, and of its `.tflite` file.
        params: Numbers that the model stores.
        weight_bytes: What they take in the recipe's bits.
    """

    recipe: Recipe
    why: str | None = None
    died: bool = False
    model: bytes = b""
    file: bytes = b""
    params: int = 0
    weight_bytes: int = 0


def start_of(task: Task, candidate: Candidate, limit: float | None, overhead: float = 0.0) -> Start:
    """Makes the model that a trial starts from, and its file, for its size and its time.

    Args:
        task: The search.
        candidate: What to make.
        limit: Bytes that the file may have, where the candidate is made for a size.
        overhead: Bytes beside the weights that such a file has, about.
    """
    model = task.load()
    try:
        if limit is None:
            return _start(task, model, candidate.recipe)
        return _start_within(task, model, candidate, limit, overhead)
    except ValueError as error:  # as of a ConversionError
        return Start(candidate.recipe, why=str(error))


def _start_within(
    task: Task, model: keras.Model, candidate: Candidate, limit: float, overhead: float
) -> Start:
    """The start whose file is the largest within a limit; the weights are not all of a file."""
    best: Start | None = None
    smallest, room, why = float("inf"), max(limit - overhead, limit / 2), ""
    sizes: list[tuple[float, float]] = []  # of weights and of files
    for _ in range(_TRIALS):
        try:
            recipe, small = _sized(task, model, candidate, room)
        except NotPossibleError as error:
            why = f"; smaller: {error}"
            break
        found = _start(task, small, recipe)
        size = len(found.file)
        smallest = min(size, smallest)
        sizes.append((found.weight_bytes, size))
        if size <= limit:
            best = found if best is None or size > len(best.file) else best
            if size >= _USED * limit or small is model:
                break
        room = _room(sizes, 0.98 * limit)
        if room <= 0:
            break
    if best is None and smallest == float("inf"):
        raise NotPossibleError(why.removeprefix("; smaller: "))
    if best is None:
        raise NotPossibleError(f"its smallest file that was tried takes {smallest:,} bytes{why}")
    return best


def _sized(
    task: Task, model: keras.Model, candidate: Candidate, room: float
) -> tuple[Recipe, keras.Model]:
    """The recipe and the model of the first way of a candidate that is possible."""
    errors = []
    for recipe, share in candidate.ways:
        try:
            return sized(model, recipe, room, share, task.calibration, task.seed)
        except NotPossibleError as error:
            errors.append(error)
    raise errors[0]


def _room(sizes: list[tuple[float, float]], wanted: float) -> float:
    """Bytes of weights whose file has about as many bytes as wanted, along a line."""
    (weights, size), before = sizes[-1], sizes[-2:-1]
    if before and size != before[0][1] and weights != before[0][0]:
        slope = (weights - before[0][0]) / (size - before[0][1])
        if slope > 0:
            return weights + slope * (wanted - size)
    return max(weights + wanted - size, weights * wanted / size / 2)


def _start(task: Task, model: keras.Model, recipe: Recipe) -> Start:
    file = _start_file(task, model, recipe.bits)
    stored = StoredSize.of(model, recipe.bits)
    return Start(
        recipe,
        model=model_bytes(model),
        file=file,
        params=stored.params,
        weight_bytes=stored.bytes,
    )


def _start_file(task: Task, model: keras.Model, bits: str) -> bytes:
    """The file of a start, for its size and its time.

    Weights that were cut and rounded may be so far from a model that they amplify rounding, which
    is refused; training mends that, and random ones take as many bytes and as much time.
    """
    try:
        return _converted(task, model, bits)["file"]
    except ConversionError as error:
        calm = fresh_copy(model, task.seed)
        for weight in calm.trainable_weights:
            # A bias of zeros is left out of a file.
            weight.assign(weight + keras.random.uniform(weight.shape, -0.01, 0.01, seed=task.seed))
        try:
            return _converted(task, calm, bits)["file"]
        except (ConversionError, ValueError):
            raise error from None


class Trial:
    """Trains a start and judges its file.

    Args:
        task: The search.
        start: Where it starts from.
    """

    def __init__(self, task: Task, start: Start):
        self._task, self._recipe = task, start.recipe
        self._begun = time.monotonic()
        self._training: FineTuning | None = None
        self._model = read_model(start.model, task.classes)
        recipe = start.recipe
        if recipe.epochs:
            self._training = FineTuning(
                self._model,
                task.train,
                task.validation,
                task.objective,
                teacher=task.load() if recipe.distill else None,
                epochs=recipe.epochs,
                learning_rate=recipe.learning_rate,
                batch_size=task.batch_size,
                seed=task.seed,
                bits=4 if recipe.bits == "int4" else None,
                fresh=recipe.fresh,
                outputs=task.outputs,
            )

    def epoch(self) -> float:
        """Trains an epoch and returns the objective; without a training, the objective alone."""
        if self._training is None:
            return self._task.objective.of_model(self._model, self._task.validation)
        return self._training.epoch()

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done."""
        return self._training is None or len(self._training.history) == self._recipe.epochs

    def finish(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Converts and judges; returns what is known now, and the files by name.

        Raises:
            ConversionError: If the file cannot be written.
        """
        model = self._model if self._training is None else self._training.model()
        history = [] if self._training is None else self._training.history
        made = _converted(self._task, model, self._recipe.bits)
        with scratch_folder() as folder:
            path = pathlib.Path(folder) / "model.tflite"
            path.write_bytes(made["file"])
            score = FileScore(model, self._task.validation, self._task.objective)
            quality, parts = score.of_file(path)
        result = {
            "state": "done",
            "history": history,
            "keras": self._task.objective.of_model(model, self._task.validation),
            "quality": quality,
            "parts": parts,
            "part_sizes": score.sizes(),
            "bytes": len(made["file"]),
            "parity": made["parity"],
            "form": made["form"],
            "seconds": time.monotonic() - self._begun,
        }
        return result, {"model.keras": model_bytes(model), "model.tflite": made["file"]}


def model_bytes(model: keras.Model) -> bytes:
    """The content of the `.keras` file of a model."""
    with scratch_folder() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def read_model(content: bytes, classes: dict[str, Any] | None = None) -> keras.Model:
    """The model of such a file."""
    with scratch_folder() as folder:
        path = pathlib.Path(folder) / "model.keras"
        path.write_bytes(content)
        return load_model(path, custom_objects=classes or None)


def _converted(task: Task, model: keras.Model, bits: str) -> dict[str, Any]:
    if bits == "int4":
        model = _rounded(model)
    with scratch_folder() as folder:
        path = pathlib.Path(folder) / "model.tflite"
        report = task.convert(model, bits, path)
        if report.delays:
            raise ConversionError(
                f"Expected a model whose steps are not late, received one with the delays "
                f"{report.delays}. Use form='sequence'."
            )
        worst = max((found.relative for found in report.parity), default=0.0)
        return {"file": path.read_bytes(), "parity": float(worst), "form": report.form}


def _rounded(model: keras.Model) -> keras.Model:
    return model if isinstance(model, RoundedModel) else quantize_aware(model, 4)
