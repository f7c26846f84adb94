import bz2

import pytest
from load_tool import load_tool


@pytest.fixture(scope="module")
def build():
    return load_tool("build_word_data")


@pytest.fixture
def corpus(tmp_path):
    rows = [
        (f"{i}_00000", speaker, f"{speaker.lower()}  turn {j} of {i}")
        for i in range(100)
        for j in range(2)
        for speaker in ("USER", "SYSTEM")
    ]
    folder = tmp_path / "sgd"
    folder.mkdir()
    for name in ("train.tsv", "dev.tsv"):
        (folder / name).write_text("".join("\t".join(row) + "\n" for row in rows))
    return folder


def read(folder, split):
    return bz2.decompress((folder / f"{split}.txt.bz2").read_bytes()).decode()


def test_whole_dialogues_of_the_user_alone(build, corpus, tmp_path):
    assert build.main(["--sgd", str(corpus), "--out", str(tmp_path / "out")]) == 0
    for split, percent in (("train", 60), ("valid", 20)):
        dialogues = read(tmp_path / "out", split).rstrip("\n").split("\n\n")
        assert abs(len(dialogues) - percent) < 20
        for dialogue in dialogues:
            number = dialogue.split()[-1]
            expected = f"user turn 0 of {number}\nuser turn 1 of {number}"
            assert dialogue == expected


def test_a_second_run_writes_the_same_bytes(build, corpus, tmp_path):
    for out in ("a", "b"):
        build.main(["--sgd", str(corpus), "--out", str(tmp_path / out)])
    for name in ("train.txt.bz2", "valid.txt.bz2"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_missing_source_is_one_line_and_nothing_is_written(build, corpus, tmp_path):
    (corpus / "dev.tsv").unlink()
    with pytest.raises(SystemExit, match=r"expected \S+dev\.tsv; .* train\.tsv and dev\.tsv\.$"):
        build.main(["--sgd", str(corpus), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_the_text_of_the_package_is_what_it_rebuilds(build):
    assert (build.OUT / "train.txt.bz2").is_file()


def test_a_broken_row_is_named(build, tmp_path):
    (tmp_path / "train.tsv").write_text("1\tUSER\thello\nbroken\n")
    with pytest.raises(ValueError, match=r"train\.tsv, line 2: expected 3 .* received 1"):
        build.user_turns(tmp_path / "train.tsv")
