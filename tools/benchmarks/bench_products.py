"""Times the forms of products and holds them against what the converter estimates.

    python tools/benchmarks/bench_products.py --rounds 20 --out docs/results/data/products.json

One thread, XNNPACK on, random weights. The converter chooses the form of a matrix by
`lrkeras.export.products.product_costs`, whose numbers were fitted to such times. What counts is that of two
forms whose estimates differ the faster one is known: `ranked` is the share of pairs of forms of
the same matrix, with scores at least a third apart, that the measured scores put the same way.
"""

import argparse
import contextlib
import itertools
import os
import pathlib
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from lrkeras import layers, structures
from lrkeras.benchmark import benchmark
from lrkeras.export import convert
from lrkeras.export.products import deployed_products, product_choice
from lrkeras.export.products.product_costs import ProductForm
from lrkeras.export.quantization import Quantization
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine, load_average
from lrkeras.system.required_paths import require_paths
from lrkeras.system.versions import package_versions

# Units of a layer beside the product, without which the model has no steps.
_TAIL = 2


def main(arguments=None):
    """Command line; see the top of the file."""
    options = _parser().parse_args(arguments)
    require_paths(writes=[options.out])
    result = {
        "machine": describe_machine(),
        "versions": package_versions(),
        "rounds": options.rounds,
        "load_average_before": load_average(),
        "products": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for index, (shape, structure) in enumerate(_cases(options.sizes)):
            for quantize in (None, "int8"):
                path = pathlib.Path(folder) / f"{index}_{quantize}"
                rows = _measure(path, shape, structure, quantize, options.rounds)
                result["products"].append(
                    {"inputs": shape[0], "outputs": shape[1], "structure": structure.name}
                    | {"quantize": quantize, "forms": rows}
                )
    result["load_average_after"] = load_average()
    result["ranked"] = _ranked(result["products"])
    _show(result)
    if options.out:
        write_json(options.out, result)


def _cases(sizes):
    s = structures
    for size in sizes:
        shape = (2 * size, 4 * size)
        for density in (0.02, 0.1, 0.3):
            yield shape, s.Sparse(density=density, block=(1, 16), padding="same", name=f"{density}")
        yield shape, s.Sparse(density=0.05, block=(1, 4), name="0.05 in 1x4")
        yield shape, s.Sparse(density=0.02, name="0.02 scattered")
        yield shape, s.ToeplitzLike(displacement_rank=2, name="Toeplitz-like")


def _measure(path, shape, structure, quantize, rounds):
    """Each form of one matrix: estimated and measured microseconds, and bytes."""
    built = structure.copy(name=structure.name)
    built.build(shape)
    if built.is_sparse:
        built.prune()
    forms = product_choice.forms_of(built, Quantization.get(quantize))
    paths = [str(_write(path, shape, built, quantize, form)) for form in forms]
    report = benchmark([str(_write(path, shape, None, quantize, None)), *paths], rounds=rounds)
    idle = report.files[0].median_us
    return [
        {"name": form.name, "estimated_us": form.us, "bytes": form.bytes}
        | {"us": max(0.1, timed.median_us - idle)}
        for form, timed in zip(forms, report.files[1:], strict=True)
    ]


def _write(path, shape, structure, quantize, form):
    """A model of one product in a form, or of none, beside a layer that recurs."""
    beside = keras.Input((None, _TAIL))
    inputs, outputs = [beside], [keras.layers.SimpleRNN(_TAIL)(beside)]
    if structure is not None:
        dense = layers.Dense(shape[1], kernel_structure=structure, use_bias=False)
        inputs.append(keras.Input((None, shape[0])))
        outputs.append(dense(inputs[1]))
        for old, new in zip(structure.weights, dense.kernel_structure.weights, strict=True):
            new.assign(old)
    model = keras.Model(inputs, outputs)
    target = path.with_name(f"{path.name}_{None if form is None else form.name}.tflite")
    with _only(form):
        convert(model, target, quantize=quantize, steps=2)
    return target


@contextlib.contextmanager
def _only(form):
    """While it lasts, one form is what the converter chooses."""
    before = deployed_products.forms_of
    if form is not None:
        deployed_products.forms_of = lambda structure, quantization: [form]
    try:
        yield
    finally:
        deployed_products.forms_of = before


def _ranked(products):
    right = total = 0
    for product in products:
        for one, other in itertools.combinations(product["forms"], 2):
            expected, measured = (_ratio(one, other, key) for key in ("estimated_us", "us"))
            if max(expected, 1 / expected) < 4 / 3:
                continue
            total += 1
            right += (expected > 1) == (measured > 1)
    return {"right": right, "pairs": total}


def _ratio(one, other, key):
    scores = [ProductForm("", form[key], form["bytes"]).score for form in (one, other)]
    return scores[0] / scores[1]


def _show(result):
    import rich
    from rich.table import Table

    table = Table(title=f"Products, one thread, XNNPACK ({result['machine']})")
    for heading in ("matrix", "structure", "quantize", "form", "bytes", "estimated", "measured"):
        table.add_column(heading)
    for product in result["products"]:
        names = (f"{product['inputs']} x {product['outputs']}", product["structure"])
        for form in product["forms"]:
            times = (f"{form['estimated_us']:.1f}", f"{form['us']:.1f}")
            words = (*names, str(product["quantize"]), form["name"], f"{form['bytes']:,}")
            table.add_row(*words, *times)
    rich.print(table, f"ranked right: {result['ranked']['right']} of {result['ranked']['pairs']}")


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 650])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=pathlib.Path, help="JSON to write")
    return parser


if __name__ == "__main__":
    main()
