"""The command line: whatever ends a script, one sentence and an exit code."""
import subprocess
import sys

import pytest

from tp2 import cli

PRINTS = "from tp2 import cli; cli.run(lambda: print('«{}»' * 9999 if '{}' else '«'))"


def run(shell, repeat=""):
    """A shell's command in which PROGRAM prints through cli.run: (exit codes, what came to stderr)."""
    program = f"{sys.executable} -c \"{PRINTS.format(repeat, repeat)}\""
    done = subprocess.run(["bash", "-c", shell.replace("PROGRAM", program) + "; echo ${PIPESTATUS[0]}"],
                          cwd=cli.ROOT, capture_output=True, text=True)
    return done.stdout, done.stderr


@pytest.mark.parametrize("repeat", ["", "long"])   # noticed at the end, and in the middle
@pytest.mark.parametrize("shell", ["PROGRAM | true", "PROGRAM > /dev/full"])
def test_an_output_that_cannot_be_written_is_one_sentence(shell, repeat):
    if shell.endswith("true"):
        shell = "(sleep 1; PROGRAM) | true"        # which has ended by then
    out, errors = run(shell, repeat)
    assert out == "2\n" and len(errors.splitlines()) == 1 and "output can't be written" in errors, errors


def test_closed_and_ascii_outputs():
    assert run("PROGRAM >&- 2>&-") == ("0\n", "")
    out, errors = run("PYTHONIOENCODING=ascii PROGRAM")
    assert out == "?\n0\n" and not errors


@pytest.mark.parametrize("error, words", [
    (PermissionError(13, "Permission denied", "/x/y"), "'/x/y' can't be used (Permission denied)"),
    (OSError(28, "No space left on device"), "No space left on device"), (MemoryError("9 GB"), "too little memory"),
    (cli.InputError("this and that"), "this and that")])
def test_an_error_of_the_system_is_one_sentence(capsys, error, words):
    def main():
        raise error
    with pytest.raises(SystemExit) as ended:
        cli.run(main)
    message = capsys.readouterr().err
    assert ended.value.code == 2 and words in message and len(message.splitlines()) == 1


def test_a_folder_that_cannot_be_named_is_refused(monkeypatch, capsys, tmp_path):
    for name in ("~nosuchuser/x", ""):
        monkeypatch.setattr(sys, "argv", ["script", "--results", name])
        with pytest.raises(SystemExit):
            cli.Parser("").parse()
        assert "--results" in capsys.readouterr().err
        with pytest.raises(cli.InputError):
            cli.results_folder(name)
