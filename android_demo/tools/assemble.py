"""Puts compiled resources, dex files and native libraries into an APK that is not signed yet.

`assemble.py RESOURCES DEX_FOLDER LIBRARY_FOLDER OUT`. What Android maps into memory, libraries and
models, is stored without compression; every entry has the same time, so that equal inputs give
equal bytes. Models ask for an alignment of their own: the numbers in them lie at multiples of 16 of
the file, and kernels are slow where memory does not agree. The signing that follows moves entries,
and reads the wish from the extra field that zipalign writes too.
"""

import pathlib
import struct
import sys
import zipfile

ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")
MODEL_ALIGNMENT = 64
ALIGNMENT_FIELD = 0xD935
# Resources of Java archives that are asked for at run time; the others are for compilers.
JAVA_RESOURCES = "org/bytedeco/javacpp/properties/android-*64.properties"
TIME = (1981, 1, 1, 1, 1, 2)


def main(resources: str, dex: str, libraries: str, out: str) -> None:
    """Writes the APK."""
    with zipfile.ZipFile(out, "w") as apk:
        with zipfile.ZipFile(resources) as compiled:
            for entry in compiled.infolist():
                _add(apk, entry.filename, compiled.read(entry), entry.compress_type)
        for file in sorted(pathlib.Path(dex).glob("*.dex")):
            _add(apk, file.name, file.read_bytes(), zipfile.ZIP_DEFLATED)
        for file in sorted(pathlib.Path(dex).glob(JAVA_RESOURCES)):
            name = file.relative_to(dex).as_posix()
            _add(apk, name, file.read_bytes(), zipfile.ZIP_DEFLATED)
        for abi in ABIS:
            for file in sorted(pathlib.Path(libraries, abi).glob("*.so")):
                _add(apk, f"lib/{abi}/{file.name}", file.read_bytes(), zipfile.ZIP_STORED)


def _add(apk: zipfile.ZipFile, name: str, content: bytes, compression: int) -> None:
    entry = zipfile.ZipInfo(name, TIME)
    entry.external_attr = 0o644 << 16
    if name.endswith(".tflite"):
        entry.extra = struct.pack("<HHH", ALIGNMENT_FIELD, 2, MODEL_ALIGNMENT)
    apk.writestr(entry, content, compression, compresslevel=9)


if __name__ == "__main__":
    main(*sys.argv[1:])
