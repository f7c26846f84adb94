"""What is packed is the same bytes, whenever and in whatever order its files were written."""

import os
import zipfile

import assemble
import assemble_aar
import pytest


@pytest.fixture(params=["APK", "JAR", "AAR"])
def pack(request, tmp_path):
    """Packs files of one kind, written in this order at that time, into a file of that name."""

    def packed(name, order, time):
        folder = tmp_path / name
        files = {"dex/classes.dex": b"dex", "dex/classes2.dex": b"2", "jni/x86_64/liba.so": b"a"}
        for file in order(files):
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[file])
            os.utime(path, (time, time))
        with zipfile.ZipFile(folder / "classes.jar", "w") as jar:
            for entry in order(["a/A.class", "a/B.class"]):
                jar.writestr(zipfile.ZipInfo(entry, (2000 + time % 20, 1, 1, 0, 0, 0)), entry)
        with zipfile.ZipFile(folder / "resources.ap_", "w") as resources:
            resources.writestr(zipfile.ZipInfo("a.xml", (2000 + time % 20, 1, 1, 0, 0, 0)), "a")
        out = folder / "out"
        if request.param == "APK":
            words = (folder / "resources.ap_", folder / "dex", folder / "jni", out)
            assemble.main(*map(str, words))
        elif request.param == "JAR":
            assemble_aar.main("folder", str(out), str(folder / "dex"), str(folder / "jni"))
        else:
            (folder / "rules.pro").write_text("")
            words = (folder / "classes.jar", folder / "rules.pro", 24, out)
            assemble_aar.main("aar", *map(str, words))
        return out

    return packed


def test_the_same_files_give_the_same_bytes(pack):
    one = pack("one", list, 1_000_000_000)
    two = pack("two", lambda names: list(names)[::-1], 1_700_000_001)
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert len(archive.namelist()) >= 3 and len({e.date_time for e in archive.infolist()}) == 1
