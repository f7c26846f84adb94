"""Makes stand-ins for Android's C library, so that tests load the APK's own library here.

`bionic_stand_in.py x86_64|aarch64 OUT COMPILER FOLDER` reads which functions the libraries in a
folder ask of the system and leaves libc.so, libm.so, libdl.so and liblog.so in OUT; tests put that
into LD_LIBRARY_PATH. The first one forwards to the C library here (bionic/stand_in.c), the others
are empty: the dynamic linker is content once the names resolve.
"""

import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).parent / "bionic" / "stand_in.c"
# Generations of bionic's symbols, each built on the one before.
VERSIONS = ["LIBC", "LIBC_N", "LIBC_O", "LIBC_P", "LIBC_Q", "LIBC_R"]
JUMPS = {
    "x86_64": "{name}: jmp *slot_{name}(%rip)",
    "aarch64": "{name}: adrp x16, slot_{name}\n ldr x16, [x16, #:lo12:slot_{name}]\n br x16",
}
# Names of which stand_in.c has a variable rather than a function of the same name.
VARIABLES = {"__sF": "stand_in_streams", "stderr": "stand_in_stderr"}
FLAGS = ["-fPIC", "-O1", "-fno-builtin", "-fno-stack-protector", "-w", "-shared"]


def needed(libraries: list[str]) -> dict[str, str]:
    """Symbols that libraries ask of the system, with their version."""
    found = {}
    for library in libraries:
        table = subprocess.check_output(["readelf", "-sW", "--dyn-syms", library], text=True)
        for line in table.splitlines():
            fields = line.split()
            if len(fields) < 8 or fields[6] != "UND":
                continue
            name, _, version = fields[7].partition("@")
            if not name.startswith(("_ZN", "__gcov_")):  # of the runtime itself, and of profilers
                found[name] = version.lstrip("@") or VERSIONS[0]
    return found


def special_names() -> set[str]:
    """Names that stand_in.c has something of its own for."""
    written = re.findall(r"\bstand_in_(\w+)\(", SOURCE.read_text(encoding="utf-8"))
    return set(written) | set(VARIABLES)


def make_libc(machine: str, out: pathlib.Path, compiler: str, names: dict[str, str]) -> None:
    """Compiles libc.so."""
    special = special_names()
    forwarded = sorted(set(names) - special)
    macro = " ".join(f"X({name})" for name in forwarded)
    (out / "forwarded.h").write_text(f"#define FORWARDED(X) {macro}\n")
    kind = "@function" if machine == "x86_64" else "%function"
    note = "@progbits" if machine == "x86_64" else "%progbits"
    jumps = [
        f".globl {name}\n.type {name}, {kind}\n{JUMPS[machine].format(name=name)}"
        for name in forwarded
    ]
    end = f'.section .note.GNU-stack,"",{note}'
    (out / "forwards.S").write_text("\n".join([".text", *jumps, end, ""]))
    (out / "libc.map").write_text(version_script({**dict.fromkeys(special, VERSIONS[0]), **names}))
    aliases = [
        f"-Wl,--defsym={name}={VARIABLES.get(name, f'stand_in_{name}')}" for name in sorted(special)
    ]
    link = ["-nostartfiles", "-Wl,-soname,libc.so", f"-Wl,--version-script={out / 'libc.map'}"]
    sources = [f"-I{out}", str(SOURCE), str(out / "forwards.S")]
    # By file name: "-lc" would find this very library or start files.
    real = ["-Wl,--no-as-needed", "-l:libc.so.6", "-l:libm.so.6"]
    command = [compiler, *FLAGS, *link, "-Wl,-Bsymbolic", *aliases, *sources, *real]
    subprocess.run([*command, "-o", str(out / "libc.so")], check=True)


def version_script(names: dict[str, str]) -> str:
    """What the linker is told: which symbol belongs to which version."""
    script = ""
    for number, version in enumerate(VERSIONS):
        symbols = "".join(f" {name};" for name in sorted(names) if names[name] == version)
        exported = f" global:{symbols}" if symbols else ""
        hidden = " local: *;" if number == 0 else ""
        parent = f" {VERSIONS[number - 1]}" if number else ""
        script += f"{version} {{{exported}{hidden} }}{parent};\n"
    return script


def make_empty(out: pathlib.Path, compiler: str, name: str) -> None:
    """Compiles a library that only has to be there."""
    (out / "empty.c").write_text("int stand_in_empty;\n")
    (out / "empty.map").write_text("LIBC { global: stand_in_empty; local: *; };\n")
    link = ["-nostdlib", f"-Wl,-soname,{name}", f"-Wl,--version-script={out / 'empty.map'}"]
    command = [compiler, "-fPIC", "-shared", *link, "-o", str(out / name), str(out / "empty.c")]
    subprocess.run(command, check=True)


def main(machine: str, folder: str, compiler: str, libraries: str) -> None:
    """Makes the four libraries."""
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    files = sorted(str(library) for library in pathlib.Path(libraries).glob("*.so"))
    make_libc(machine, out, compiler, needed(files))
    for name in ("libm.so", "libdl.so", "liblog.so"):
        make_empty(out, compiler, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
