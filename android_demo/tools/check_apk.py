"""Checks a finished APK: `check_apk.py APK BADGING RUNTIME`, with what `aapt2 dump badging` says.

Prints a table of what lies how, and ends with a non-zero status and the reasons if something is not
as a phone or a store needs it.
"""

import dataclasses
import pathlib
import re
import struct
import sys
import zipfile

from assemble import TIME

PERMISSIONS = {"android.permission.RECORD_AUDIO"}
PAGE = 16384


@dataclasses.dataclass(frozen=True)
class Runtime:
    """What is expected of an APK with a runtime.

    Attributes:
        abis: The processors that it has libraries for.
        segment_alignment: The least alignment of their segments; pages of 16 KiB need 16384.
        most_bytes: The most that it may take.
    """

    abis: frozenset[str]
    segment_alignment: int
    most_bytes: int


RUNTIMES = {
    "2.16": Runtime(frozenset({"arm64-v8a", "armeabi-v7a", "x86_64"}), 4096, 20_000_000),
    "2.20": Runtime(frozenset({"arm64-v8a", "x86_64"}), PAGE, 42 * 2**20),
}


@dataclasses.dataclass
class Entry:
    """An entry of the APK that Android maps: its place, and whether it is stored as it is."""

    name: str
    size: int
    is_stored: bool
    offset: int
    segment_alignment: int | None = None

    @property
    def alignment(self) -> int:
        """The alignment that it needs."""
        if self.name.endswith(".so"):
            return PAGE
        return 64 if self.name.endswith(".tflite") else 4

    @property
    def problem(self) -> str | None:
        """What is wrong with it, or None."""
        if not self.is_stored:
            return f"{self.name} is compressed; it must be stored."
        if self.offset % self.alignment:
            return f"{self.name} lies at {self.offset}, not at a multiple of {self.alignment}."
        return None


def entries(path: str) -> list[Entry]:
    """The libraries, models and the resource table of an APK."""
    found = []
    with zipfile.ZipFile(path) as apk, open(path, "rb") as raw:
        for info in apk.infolist():
            if not info.filename.endswith((".so", ".tflite")) and info.filename != "resources.arsc":
                continue
            raw.seek(info.header_offset + 26)
            name_bytes, extra_bytes = struct.unpack("<HH", raw.read(4))
            offset = info.header_offset + 30 + name_bytes + extra_bytes
            stored = info.compress_type == zipfile.ZIP_STORED
            entry = Entry(info.filename, info.file_size, stored, offset)
            if info.filename.endswith(".so"):
                entry.segment_alignment = segment_alignment(apk.read(info))
            found.append(entry)
    return found


def segment_alignment(library: bytes) -> int:
    """The least alignment of a loaded segment of an ELF file; pages of 16 KiB need 16384."""
    is_64 = library[4] == 2
    start = struct.unpack_from("<Q" if is_64 else "<I", library, 32 if is_64 else 28)[0]
    size, count = struct.unpack_from("<HH", library, 54 if is_64 else 42)
    field, kind = (48, "<Q") if is_64 else (28, "<I")
    headers = [start + size * number for number in range(count)]
    loaded = [at for at in headers if struct.unpack_from("<I", library, at)[0] == 1]
    return min(struct.unpack_from(kind, library, at + field)[0] for at in loaded)


def problems(path: str, badging: str, found: list[Entry], runtime: Runtime) -> list[str]:
    """Everything that is wrong with an APK."""
    wrong = [entry.problem for entry in found if entry.problem]
    permissions = set(re.findall(r"^uses-permission: name='([^']+)'", badging, re.M))
    if permissions != PERMISSIONS:
        wrong.append(f"Expected the permissions {PERMISSIONS}, received {permissions}.")
    abis = {entry.name.split("/")[1] for entry in found if entry.name.endswith(".so")}
    if abis != runtime.abis:
        wrong.append(f"Expected libraries for {sorted(runtime.abis)}, received {sorted(abis)}.")
    for entry in found:
        if entry.segment_alignment and entry.segment_alignment < runtime.segment_alignment:
            wrong.append(
                f"Expected segments at multiples of {runtime.segment_alignment} in {entry.name}, "
                f"received {entry.segment_alignment}."
            )
    if not any(entry.name.endswith(".tflite") for entry in found):
        wrong.append("Expected models, received none.")
    with zipfile.ZipFile(path) as apk:
        times = {entry.date_time for entry in apk.infolist()}
    if times != {TIME}:
        wrong.append(f"Expected the time {TIME} of every entry, received {sorted(times)}.")
    size = pathlib.Path(path).stat().st_size
    if size > runtime.most_bytes:
        wrong.append(f"Expected at most {runtime.most_bytes} bytes, received {size}.")
    for line in (
        "launchable-activity: name='org.lrkeras.demo.MainActivity'",
        "provides-component:'ime'",
    ):
        if line not in badging:
            wrong.append(f"Expected {line!r} in the badging.")
    if "application-debuggable" in badging:
        wrong.append("Expected a release build, received one that can be debugged.")
    return wrong


def main(path: str, badging_file: str, runtime: str) -> int:
    """Prints the table; returns the exit status."""
    badging = pathlib.Path(badging_file).read_text(encoding="utf-8")
    found = entries(path)
    print(f"{'entry':<62} {'bytes':>9} stored  offset mod 16384  segments")
    for entry in found:
        place, segments = entry.offset % PAGE, entry.segment_alignment or ""
        print(f"{entry.name:<62} {entry.size:>9} {entry.is_stored!s:<6} {place:>17} {segments:>9}")
    for line in badging.splitlines():
        if line.startswith(
            ("package:", "minSdk", "sdkVersion", "targetSdk", "uses-permission", "native-code")
        ):
            print(line)
    print(f"{pathlib.Path(path).stat().st_size} bytes")
    wrong = problems(path, badging, found, RUNTIMES[runtime])
    for problem in wrong:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
