import os

import pytest

from lrkeras.system import machine
from lrkeras.system.machine import describe_machine

X86 = """processor	: 0
model name	: AMD EPYC
flags		: fpu sse2 avx2{more} fma

processor	: 1
model name	: another
flags		: amx_int8
"""
ARM = """processor	: 0
Features	: fp asimd asimddp

Hardware	: Some Board
"""


@pytest.mark.parametrize(
    ("cpuinfo", "processor"),
    [
        (X86.format(more=""), "AMD EPYC with AVX2"),
        (X86.format(more=" avx512f avx512_vnni"), "AMD EPYC with AVX512-VNNI"),
        (ARM, "Some Board with DotProd"),
        ("model name : Old One\n", "Old One"),
    ],
)
def test_processors_of_one_name_are_told_apart(monkeypatch, tmp_path, cpuinfo, processor):
    file = tmp_path / "cpuinfo"
    file.write_text(cpuinfo)
    monkeypatch.setattr(machine, "_CPUINFO", str(file))
    assert describe_machine().startswith(f"{processor}, {os.cpu_count()} cores, ")


def test_a_system_that_says_nothing_has_a_processor_too(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "_CPUINFO", str(tmp_path / "none"))
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    assert describe_machine().startswith("unknown processor, ")
