"""The rows of the page of spoken commands: every model over its seeds, with intervals.

`evaluate_speech_commands.py --seeds` calls it.
"""

import collections
import pathlib
import statistics
import tempfile

UNTRAINED_COMMAND = "python tools/release/evaluate_speech_commands.py --data DIR --untrained"
STRINGS, ROUNDS = 1000, 40
RUNTIME = "2.16"  # of the Android app
# Of these the smallest with which no word is heard in the noise of the validation clips is a row's
# quiet setting.
BIASES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)


def made_up_noise():
    """Seven minutes of noise that nobody recorded: white, pink and brown, at many levels."""
    import numpy as np

    from lrkeras.datasets.clip import Clip
    from lrkeras.datasets.wav import SAMPLE_RATE

    rng, clips = np.random.default_rng(0), []
    frequencies = np.fft.rfftfreq(10 * SAMPLE_RATE, 1 / SAMPLE_RATE)
    for number in range(42):
        exponent = number % 3 / 2  # of the amplitude: powers fall with 1, 1/f and 1/f^2
        shape = np.where(frequencies < 20, 0, np.maximum(frequencies, 20) ** -exponent)
        noise = np.fft.irfft(shape * np.fft.rfft(rng.normal(size=10 * SAMPLE_RATE)))
        level = 10 ** (rng.uniform(-60, -15) / 20)  # decibels below full scale
        samples = np.clip(noise / noise.std() * level, -1, 1).astype(np.float32)
        clips.append(Clip(samples, "", f"made up {number}"))
    return clips


def spoken(config, data):
    """What files are scored on: clips and strings of the test speakers, and noise."""
    from lrkeras.tasks.speech_commands.corpus import load_clips
    from lrkeras.tasks.speech_commands.strings_of_speakers import strings_of_speakers

    test, valid = (load_clips(config, split, data) for split in ("test", "valid"))
    return {
        "clips": [clip for clip in test if "/" in clip.name],
        "digits": [clip for clip in test if "/" not in clip.name],
        "noise": [clip for clip in test if clip.is_noise],
        "made up": made_up_noise(),
        "valid": valid,
        "strings": strings_of_speakers(test, STRINGS, seed=0),
    }


def quiet_bias(file, heard):
    """What makes a file silent in the noise of the validation clips: the smallest such bias."""
    from lrkeras.tasks.speech_commands.file_evaluation import FileEvaluation

    for bias in BIASES:
        if not FileEvaluation(file, bias).false_alarms(heard["valid"])["words"]:
            break
    return bias


def scores(file, heard):
    """What one file gets right, item by item, and its false words, as it is and made quiet."""
    bias = quiet_bias(file, heard)
    found = scores_at(file, heard, 0.0)
    quiet = scores_at(file, heard, bias) if bias else found
    return {**found, "quiet": {**quiet, "blank_bias": bias}}


def scores_at(file, heard, bias):
    """The scores with one bias of the blank."""
    from lrkeras.tasks.speech_commands.file_evaluation import FileEvaluation

    evaluation = FileEvaluation(file, bias)
    errors = evaluation.errors_of_words(heard["strings"])
    return {
        "bytes": file.stat().st_size,
        "accuracy": [float(hit) for hit in evaluation.hits(heard["clips"])],
        "word_errors": [float(count) for string in errors for count in string],
        "digits": evaluation.digit_accuracy(heard["digits"]),
        "latencies": evaluation.latencies(heard["clips"]),
        "false_words": evaluation.false_alarms(heard["noise"]),
        "false_words_made_up": evaluation.false_alarms(heard["made up"]),
    }


def file_of(model, config, name, folder, sample=None):
    """Converts a trained model as its row has it: of four bits where it trained with these.

    Returns:
        The file and its type.
    """
    from lrkeras import convert
    from lrkeras.tasks.speech_commands.training import metadata

    quantize = "int4" if name in config.rounded else "int8"
    title = f"speech_commands_{name}"
    file = pathlib.Path(folder) / f"{title}_{quantize}.tflite"
    entry = {**metadata(), "name": title}
    convert(model, file, quantize=quantize, runtime=RUNTIME, metadata=entry, sample=sample)
    return file, quantize


def rows_of(runs, data, read_run, trained_model):
    """Scores the files of all models of some runs, which differ in the seed alone.

    Returns:
        The numbers of `rows`, and the histories of the first run that has each model.
    """
    from lrkeras.structures.stored_size import count_parameters
    from lrkeras.tasks.speech_commands.config import FULL
    from lrkeras.tasks.training.run_folder import read_history

    found, minutes = collections.defaultdict(dict), collections.defaultdict(list)
    facts, histories, heard = {}, {}, None
    for run in runs:
        config = read_run(run)
        heard = heard or spoken(config, data)
        # Those that are finished: a training of the others may still go on.
        for name in [name for name in FULL.models if (run / f"{name}.keras").exists()]:
            with tempfile.TemporaryDirectory() as folder:
                model = trained_model(run, name)
                file, quantize = file_of(model, config, name, folder)
                found[name][config.seed] = scores(file, heard)
            history = read_history(run / f"{name}.history.csv")
            found[name][config.seed]["valid"] = history["val_accuracy"][-1]
            minutes[name].append(sum(history["processor_seconds"]) / 60)
            facts[name] = {"quantize": quantize, "parameters": count_parameters(model)}
            if name not in histories:
                histories[name] = history
            print(name, config.seed, brief(found[name][config.seed]), flush=True)
    settings = {
        "epochs": {
            name: [stage.end - stage.begin for stage in config.stages_of(name).values()]
            for name in FULL.models
        },
        "batches_of_an_epoch": config.steps_per_epoch,
        "teacher_weight": config.teacher_weight,
    }
    for name, spent in minutes.items():
        facts[name]["minutes_of_a_core"] = statistics.fmean(spent)
    return {**settings, **table(found, facts, heard)}, histories


def add_times(rows, files):
    """Measures a step of the file of each row, warm and cold, side by side in one run."""
    from lrkeras.benchmark import benchmark

    report = benchmark([str(file) for file in files.values()], rounds=ROUNDS)
    for name, row in zip(files, report.files, strict=True):
        rows[name] |= {"warm_us": row.median_us, "warm_p90_us": row.p90_us, "cold_us": row.cold_us}
    return {"machine": report.machine, "load_average": report.load_average, "threads": 1}


def timed(table, runs, read_run, trained_model):
    """Adds times of the first seed's files to a table of rows."""
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for run in runs:
            config = read_run(run)
            for name in table["rows"]:
                if name not in files and (run / f"{name}.keras").exists():
                    files[name] = file_of(trained_model(run, name), config, name, folder)[0]
        table["timed_on"] = add_times(table["rows"], files)


def untrained_rows(config):
    """Bytes, parameters and times of files whose weights are random: they depend on no training."""
    import keras

    from lrkeras.rounding.rounded_copy import plain_copy
    from lrkeras.structures.stored_size import count_parameters
    from lrkeras.tasks.speech_commands.model import build_network, with_front_end
    from lrkeras.tasks.speech_commands.training import with_rounding

    rows, files, seeds = {}, {}, keras.random.SeedGenerator(0)
    with tempfile.TemporaryDirectory() as folder:
        for name in config.models:
            network = build_network(config, name)
            # Or biases of several layers would be one constant in the file.
            for weight in network.weights:
                if len(weight.shape) == 1:
                    weight.assign(weight + 0.1 * keras.random.normal(weight.shape, seed=seeds))
            if name in config.rounded:
                network = plain_copy(with_rounding(network))
            model = with_front_end(network)
            files[name], quantize = file_of(model, config, name, folder)
            size = {"bytes": files[name].stat().st_size, "parameters": count_parameters(model)}
            rows[name] = {"quantize": quantize, **size}
        return {"command": UNTRAINED_COMMAND, "rows": rows, "timed_on": add_times(rows, files)}


def brief(one):
    """A line about the scores of a file."""
    errors, words = sum(one["word_errors"]), len(one["word_errors"])
    false = one["false_words"]
    return (
        f"{one['bytes']:,} bytes, accuracy {statistics.fmean(one['accuracy']):.4f}, "
        f"word errors {errors / words:.4f}, false words {false['words']}"
    )


def table(found, facts, heard):
    """Means over seeds with intervals over speakers, and what is missing."""
    from lrkeras.tasks.speech_commands.config import FULL
    from lrkeras.tasks.speech_commands.ctc_scores import class_of
    from lrkeras.tasks.speech_commands.speaker_bootstrap import SpeakerBootstrap

    clips, strings = heard["clips"], heard["strings"]
    over = {
        "accuracy": SpeakerBootstrap([clip.speaker for clip in clips]),
        "word_errors": SpeakerBootstrap([who for string in strings for who in string.speakers]),
    }
    seeds = sorted({seed for row in found.values() for seed in row})
    rows = {}
    for name in FULL.models:
        row = found.get(name, {})
        rows[name] = {"missing_seeds": [seed for seed in seeds if seed not in row]}
        if row:
            rows[name] |= facts[name] | over_seeds(row, found.get("dense", {}), over)
    classes = collections.Counter(class_of(clip.word) for clip in clips)
    return {
        "seeds": seeds,
        "clips": len(clips),
        "strings": len(strings),
        "words": sum(len(string.words) for string in strings),
        "speakers": {  # noise has none
            "accuracy": len({clip.speaker for clip in clips if not clip.is_noise}),
            "word_errors": over["word_errors"].speakers,
        },
        "trivial": {"accuracy": max(classes.values()) / len(clips), "word_errors": 1.0},
        "rows": rows,
    }


def over_seeds(row, dense, over):
    """The numbers of a row, as it is and made quiet."""
    result = {"bytes": max(one["bytes"] for one in row.values()), **means(row, dense, over)}
    result["valid_accuracy"] = {seed: one["valid"] for seed, one in row.items()}
    quiet, dense_quiet = ({seed: one["quiet"] for seed, one in r.items()} for r in (row, dense))
    result["quiet"] = {
        "blank_bias": {seed: one["blank_bias"] for seed, one in quiet.items()},
        **means(quiet, dense_quiet, over),
    }
    return result


def means(row, dense, over):
    """Each score by seed, its mean with an interval, and its distance to the dense row."""
    import numpy as np

    from lrkeras.tasks.speech_commands.event_rate import event_rate

    result = {}
    for score, bootstrap in over.items():
        values = np.mean([one[score] for one in row.values()], axis=0)
        result[score] = {
            "by_seed": {seed: statistics.fmean(one[score]) for seed, one in row.items()},
            **bootstrap.rate(values),
        }
        both = sorted(set(row) & set(dense))
        if both:
            own, others = (np.mean([r[s][score] for s in both], axis=0) for r in (row, dense))
            result[score]["over_dense"] = {"seeds": both, **bootstrap.difference(own, others)}
    digits = {seed: one["digits"] for seed, one in row.items()}
    result["digits"] = {"by_seed": digits, "mean": statistics.fmean(digits.values())}
    late = [1e3 * one for found in row.values() for one in found["latencies"]]
    median, p90 = np.quantile(late, [0.5, 0.9]) if late else (None, None)
    result["latency_ms"] = {"median": median, "p90": p90, "words": len(late)}
    for noise in ("false_words", "false_words_made_up"):
        false = {seed: one[noise]["words"] for seed, one in row.items()}
        hours = sum(one[noise]["hours"] for one in row.values())
        result[noise] = {"by_seed": false, **event_rate(sum(false.values()), hours)}
    return result
