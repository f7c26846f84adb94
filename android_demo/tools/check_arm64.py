"""Runs the app's models on its own arm64 library under qemu and compares them with Python.

`check_arm64.py` after `mvn package`; needs qemu-aarch64-static and aarch64-linux-gnu-gcc. Two
processors (an in-order one without, and an out-of-order one with dot products), with XNNPACK and
without. It shows that the results are right; the time under an emulator says nothing about a phone.
"""

import array
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import wave

DEMO = pathlib.Path(__file__).parents[1]
# The folder of each runtime's build, and its library: LRKERAS_RUNTIME chooses, as in flavour.sh.
BUILDS = {
    "2.16": ("target", "libtensorflowlite_jni.so"),
    "2.20": ("target-2.20", "libjnitensorflowlite.so"),
}
TARGET, LIBRARY = BUILDS[os.environ.get("LRKERAS_RUNTIME", "2.16")]
OUT = DEMO / TARGET / "bionic"
LIBRARIES = DEMO / TARGET / "runtime" / "jni" / "arm64-v8a"
CLIPS = DEMO / "app" / "src" / "main" / "assets" / "clips"
# The models of the app, and those of its tests.
TEST_MODELS = DEMO / "app" / "src" / "test" / "resources" / "models"
ROOT = DEMO.parent
MODELS = (ROOT / "lrkeras" / "models", ROOT / "tools" / "release" / "models", TEST_MODELS)
COMPILER = "aarch64-linux-gnu-gcc"
PROCESSORS = ("cortex-a53", "cortex-a76")
# Of the range of a model's outputs. Rounded weights: activations are rounded to 1/127 at each
# product, whether these have four bits or eight.
TOLERANCES = {None: 1e-5, "int8": 0.02, "int4": 0.02}


def compile_harness() -> pathlib.Path:
    """Makes the stand-ins for Android's libraries and the program that runs steps."""
    stand_in = [sys.executable, DEMO / "tools" / "bionic_stand_in.py", "aarch64"]
    subprocess.run([*stand_in, OUT / "aarch64", COMPILER, LIBRARIES], check=True)
    program = OUT / "run_steps"
    source = DEMO / "tools" / "arm64" / "run_steps.c"
    flags = ["-O1", "-Wall", "-Werror", "-fno-stack-protector"]
    lenient = "-Wl,--unresolved-symbols=ignore-in-shared-libs"
    linked = [source, LIBRARIES / LIBRARY, lenient]
    subprocess.run([COMPILER, *flags, "-o", program, *linked], check=True)
    return program


def inputs(golden: dict) -> bytes:
    """What the model is fed, as the tensor has it."""
    if "tokens" in golden:
        return array.array("i", golden["tokens"]).tobytes()
    with wave.open(str(CLIPS / golden["clip"])) as sound:
        samples = array.array("h", sound.readframes(sound.getnframes()))
    heard = array.array("f", [one / 32768 for one in samples]).tobytes()
    hops = len(golden["outputs"])
    # Silence follows, so many hops of the same length.
    return heard + bytes(len(heard) // (hops - golden["silence"]) * golden["silence"])


def run(program: pathlib.Path, golden: dict, processor: str, xnnpack: bool) -> list[float]:
    """All outputs of all steps, one after the other."""
    search = f"LD_LIBRARY_PATH={OUT / 'aarch64'}:{LIBRARIES}"
    emulator = ["qemu-aarch64-static", "-cpu", processor, "-L", "/usr/aarch64-linux-gnu"]
    with tempfile.TemporaryDirectory() as folder:
        given, found = pathlib.Path(folder, "given"), pathlib.Path(folder, "found")
        given.write_bytes(inputs(golden))
        steps = str(len(golden["outputs"]))
        model = next(one for one in (folder / golden["model"] for folder in MODELS) if one.exists())
        call = [program, model, steps, given, found, str(int(xnnpack))]
        command = [*emulator, "-E", search, *call]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return list(array.array("f", found.read_bytes()))


def error(golden: dict, found: list[float]) -> float:
    """The largest difference, in ranges of the expected outputs."""
    expected = golden["outputs"]
    values = [value for row in expected for value in row]
    if len(found) != len(expected) * golden["width"]:
        raise ValueError(f"Expected {len(expected)} steps, received {len(found)} numbers.")
    differences = [
        abs(value - found[step * golden["width"] + place])
        for step, row in enumerate(expected)
        for place, value in zip(golden["kept"], row, strict=True)
    ]
    return max(differences) / (max(values) - min(values))


def main() -> int:
    """Prints a line for each run; returns the exit status."""
    program = compile_harness()
    passed = failed = 0
    for file in sorted((DEMO / "goldens").glob("*.json")):
        golden = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(golden, dict):
            continue
        most = TOLERANCES[golden["quantize"]]
        for processor in PROCESSORS:
            for xnnpack in (True, False):
                found = error(golden, run(program, golden, processor, xnnpack))
                is_right = found <= most
                passed, failed = passed + is_right, failed + (not is_right)
                what = f"{golden['model']:<48} {processor} xnnpack={xnnpack!s:<5}"
                print(f"{what} error {found:.2e} of {most:.0e} {'ok' if is_right else 'WRONG'}")
    print(f"arm64: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
