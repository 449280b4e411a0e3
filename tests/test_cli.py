"""The command line: flags, the folder of the results, and one sentence whatever ends a script."""
import subprocess
import sys

import pytest

from tp2 import cli


@pytest.fixture
def parse(tmp_path, monkeypatch):
    """Parse a command line with --steps, --seed and --data, in a project of its own: parse(*flags)."""
    monkeypatch.setattr(cli, "ROOT", tmp_path)

    def run(*flags):
        monkeypatch.setattr(sys, "argv", ["script.py", *map(str, flags)])
        parser = cli.Parser("What the script does.")
        parser.add_whole("--steps", 100, "training steps")
        parser.add_seed()
        parser.add_data()
        parser.add_whole("--jobs", 2, "at once", neutral=True)
        return parser.parse()
    return run


def test_the_reports_own_settings_write_to_results(parse, tmp_path, capsys):
    for flags in ((), ("--steps", "100", "--seed", 1337), ("--data", tmp_path, "--jobs", 1)):
        arguments = parse(*flags)
        assert arguments.results == tmp_path / "results" and arguments.results.is_dir()
    assert arguments.settings == {"steps": 100, "seed": 1337} and not capsys.readouterr().out


@pytest.mark.parametrize("flag, value", [("--steps", 7), ("--seed", 2)])
def test_other_settings_write_to_trial_and_say_so(parse, tmp_path, capsys, flag, value):
    assert parse(flag, value).results == tmp_path / "results" / "trial"
    said = capsys.readouterr().out
    assert flag in said and str(tmp_path / "results" / "trial") in said


def test_other_settings_write_where_results_says(parse, tmp_path, capsys):
    assert parse("--steps", 7, "--results", tmp_path / "mine").results == tmp_path / "mine"
    assert not capsys.readouterr().out


@pytest.mark.parametrize("flags, words", [
    (["--steps", "0"], "--steps: '0' is not a whole number from 1"), (["--steps", "-3"], "'-3'"), (["--steps", "1.5"], "'1.5'"),
    (["--steps", "x"], "'x'"), (["--steps", ""], "''"), (["--steps", 10**30], "to 1000000000"), (["--seed", 2**32], "--seed"),
    (["--results", ""], "--results"), (["--step", "5"], "--step"), (["left", "over"], "left over")])
def test_a_bad_flag_is_one_sentence_and_exit_code_2(parse, capsys, flags, words):
    with pytest.raises(SystemExit) as ended:
        parse(*flags)
    message = capsys.readouterr().err
    assert ended.value.code == 2 and words in message and len(message.splitlines()) == 1


def test_a_results_folder_that_cannot_be_written_is_named_before_the_work_starts(parse, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(cli.InputError, match="file/x .*give --results"):
        parse("--results", tmp_path / "file" / "x")


@pytest.mark.parametrize("error, words", [
    (PermissionError(13, "Permission denied", "/x/y"), "/x/y can't be used (Permission denied)"),
    (OSError(28, "No space left on device"), "No space left on device"), (MemoryError("9 GB"), "too little memory (9 GB)"),
    (cli.InputError("this and that"), "this and that")])
def test_an_error_is_one_sentence_and_exit_code_2(capsys, error, words):
    def main():
        raise error
    with pytest.raises(SystemExit) as ended:
        cli.run(main)
    message = capsys.readouterr().err
    assert ended.value.code == 2 and words in message and len(message.splitlines()) == 1


def test_ctrl_c_has_no_traceback(capsys):
    def main():
        raise KeyboardInterrupt
    with pytest.raises(SystemExit) as ended:
        cli.run(main)
    assert ended.value.code == 130 and "Interrupted; completed work is kept." in capsys.readouterr().err


@pytest.mark.parametrize("times", [1, 9999])     # noticed at the end, and in the middle
@pytest.mark.parametrize("output", ["| true", "> /dev/full"])
def test_an_output_that_cannot_be_written_is_one_sentence(output, times):
    program = f"import time; from tp2 import cli; time.sleep(0.5); cli.run(lambda: print('text' * {times}))"
    done = subprocess.run(["bash", "-c", f'"{sys.executable}" -c "{program}" {output}; echo ${{PIPESTATUS[0]}} >&2'],
                          cwd=cli.ROOT, capture_output=True, text=True)
    *sentence, code = done.stderr.splitlines()
    assert code == "2" and len(sentence) == 1 and ("output" in sentence[0] or "No space" in sentence[0]), done.stderr
