"""The check of a finished APK finds what is wrong with one."""

import struct
import zipfile

import pytest
from assemble import TIME
from load_tool import load_tool

BADGING = """package: name='org.lrkeras.demo'
uses-permission: name='android.permission.RECORD_AUDIO'
launchable-activity: name='org.lrkeras.demo.MainActivity' label='lrkeras'
provides-component:'ime'
"""


@pytest.fixture(scope="module")
def tool():
    return load_tool("check_apk", "android_demo/tools")


def library(alignment=4096):
    """The headers of a 64-bit ELF file with one loaded segment and one that is not loaded."""
    header = bytearray(64 + 2 * 56)
    header[:5] = b"\x7fELF\x02"
    struct.pack_into("<Q", header, 32, 64)
    struct.pack_into("<HH", header, 54, 56, 2)
    struct.pack_into("<IIQQQQQQ", header, 64, 1, 0, 0, 0, 0, 0, 0, alignment)
    struct.pack_into("<IIQQQQQQ", header, 120, 4, 0, 0, 0, 0, 0, 0, 4)
    return bytes(header)


def write(path, changes=(), compressed=(), shift=0, segments=4096, time=TIME):
    """An APK whose libraries lie at multiples of a page, but for a shift."""
    names = [f"lib/{abi}/libx.so" for abi in ("arm64-v8a", "armeabi-v7a", "x86_64")]
    entries = dict.fromkeys(names, library(segments)) | {"assets/a.tflite": b"1234"} | dict(changes)
    with zipfile.ZipFile(path, "w") as apk:
        for name, content in entries.items():
            if content is None:
                continue
            info = zipfile.ZipInfo(name, time)
            place = apk.fp.tell() + 30 + len(name)
            padding = -place % 16384 + shift
            info.extra = struct.pack("<HH", 0xD935, padding - 4 & 0xFFFF) + bytes(padding - 4)
            kind = zipfile.ZIP_DEFLATED if name in compressed else zipfile.ZIP_STORED
            apk.writestr(info, content, kind)
    return str(path)


def problems(tool, path, badging=BADGING, runtime="2.16"):
    return tool.problems(path, badging, tool.entries(path), tool.RUNTIMES[runtime])


def test_an_apk_that_is_right(tool, tmp_path):
    path = write(tmp_path / "a.apk")
    assert problems(tool, path) == []
    assert {e.segment_alignment for e in tool.entries(path)} == {4096, None}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"shift": 64}, "not at a multiple of 16384"),
        ({"compressed": ["assets/a.tflite"]}, "a.tflite is compressed"),
        ({"shift": 8}, "not at a multiple of"),
        ({"changes": {"lib/x86_64/libx.so": None}}, "Expected libraries for"),
        ({"changes": {"assets/a.tflite": None}}, "Expected models"),
        ({"time": (2026, 1, 1, 0, 0, 0)}, "Expected the time"),
    ],
)
def test_what_is_wrong_is_said(tool, tmp_path, how, said):
    found = problems(tool, write(tmp_path / "a.apk", **how))
    assert found and all(said in one for one in found)


def test_libraries_for_pages_of_16_kib_must_be_aligned_so(tool, tmp_path):
    two = {"changes": {"lib/armeabi-v7a/libx.so": None}}
    path = write(tmp_path / "a.apk", segments=16384, **two)
    assert problems(tool, path, runtime="2.20") == []
    assert "Expected libraries for" in problems(tool, path)[0]
    found = problems(tool, write(tmp_path / "b.apk", **two), runtime="2.20")
    assert len(found) == 2 and all("16384" in one and "received 4096" in one for one in found)


def test_permissions_and_debug_builds_are_found(tool, tmp_path):
    path = write(tmp_path / "a.apk")
    network = BADGING + "uses-permission: name='android.permission.INTERNET'\n"
    assert "INTERNET" in problems(tool, path, network)[0]
    assert "debugged" in problems(tool, path, BADGING + "application-debuggable\n")[0]
    assert "launchable-activity" in problems(tool, path, BADGING.replace("MainActivity", "X"))[0]
    assert "'ime'" in problems(tool, path, BADGING.replace("'ime'", "'x'"))[0]
