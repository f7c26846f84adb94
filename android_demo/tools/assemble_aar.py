"""Writes the library as an AAR, and folders as a JAR, the same bytes for the same contents.

    assemble_aar.py aar CLASSES.jar RULES.pro MIN_SDK OUT.aar
    assemble_aar.py folder OUT.jar FOLDER...
"""

import io
import pathlib
import sys
import zipfile

MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="org.lrkeras.lite">
    <uses-sdk android:minSdkVersion="{min_sdk}" />
</manifest>
"""
METADATA = "aarFormatVersion=1.0\naarMetadataVersion=1.0\nminCompileSdk=1\n"


def write(path: pathlib.Path, entries: dict[str, bytes]) -> None:
    """A zip of these entries, sorted, without the time."""
    path.write_bytes(packed(entries))


def packed(entries: dict[str, bytes]) -> bytes:
    """The bytes of such a zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(entries.items()):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def classes(jar: pathlib.Path) -> bytes:
    """The classes of a jar, and what Kotlin keeps beside them, without the build's own entries."""
    with zipfile.ZipFile(jar) as archive:
        names = [
            name
            for name in archive.namelist()
            if name.endswith((".class", ".kotlin_module")) and not name.endswith("/")
        ]
        return packed({name: archive.read(name) for name in names})


def main(kind: str, *words: str) -> None:
    """Command line; see the top of the file."""
    if kind == "aar":
        jar, rules, min_sdk, out = words
        entries = {
            "AndroidManifest.xml": MANIFEST.format(min_sdk=int(min_sdk)).encode(),
            "META-INF/com/android/build/gradle/aar-metadata.properties": METADATA.encode(),
            "R.txt": b"",
            "classes.jar": classes(pathlib.Path(jar)),
            "proguard.txt": pathlib.Path(rules).read_bytes(),
        }
        write(pathlib.Path(out), entries)
        return
    out, *folders = words
    files = [(f, file) for f in map(pathlib.Path, folders) for file in f.rglob("*") if file.is_file()]
    entries = {file.relative_to(f).as_posix(): file.read_bytes() for f, file in files}
    if not entries:
        raise SystemExit(f"error: expected files in {', '.join(folders)}, received none")
    write(pathlib.Path(out), entries)


if __name__ == "__main__":
    main(*sys.argv[1:])
