"""Puts shrunk resources, dex files and libraries into the layout of a bundle's module.

`assemble_bundle.py RESOURCES DEX_FOLDER LIBRARY_FOLDER OUT`; the resources are in the proto format
of aapt2.
"""

import pathlib
import sys
import zipfile

from assemble import ABIS, JAVA_RESOURCES, TIME


def main(resources: str, dex: str, libraries: str, out: str) -> None:
    """Writes the module."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as module:
        with zipfile.ZipFile(resources) as compiled:
            for name in compiled.namelist():
                place = "manifest/" + name if name == "AndroidManifest.xml" else name
                module.writestr(zipfile.ZipInfo(place, TIME), compiled.read(name))
        for file in sorted(pathlib.Path(dex).glob("*.dex")):
            module.writestr(zipfile.ZipInfo(f"dex/{file.name}", TIME), file.read_bytes())
        for file in sorted(pathlib.Path(dex).glob(JAVA_RESOURCES)):
            place = f"root/{file.relative_to(dex).as_posix()}"
            module.writestr(zipfile.ZipInfo(place, TIME), file.read_bytes())
        for abi in ABIS:
            for file in sorted(pathlib.Path(libraries, abi).glob("*.so")):
                entry = zipfile.ZipInfo(f"lib/{abi}/{file.name}", TIME)
                module.writestr(entry, file.read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
