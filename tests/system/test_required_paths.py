import pytest

from lrkeras.system.required_paths import require_paths


def test_what_is_there_passes(tmp_path):
    (tmp_path / "file").touch()
    require_paths(reads=[tmp_path, tmp_path / "file", None], writes=[tmp_path / "new", None])


def test_all_that_is_missing_is_named_in_a_line(tmp_path):
    with pytest.raises(SystemExit) as stopped:
        require_paths(reads=[tmp_path / name for name in "abcde"], hint="--data must hold them.")
    line = str(stopped.value.code)
    assert "\n" not in line and line.startswith("error: expected ")
    assert [f"{tmp_path}/{name}" in line for name in "abcd"] == [True, True, True, False]
    assert line.endswith("and 2 more; nothing is there. --data must hold them.")


def test_a_file_that_cannot_be_written_is_told_before_the_work(tmp_path):
    with pytest.raises(SystemExit, match=r"no folder .*none to write out\.json into; make it"):
        require_paths(writes=[tmp_path / "none" / "out.json"])
    with pytest.raises(SystemExit, match="received the folder"):
        require_paths(writes=[tmp_path])
