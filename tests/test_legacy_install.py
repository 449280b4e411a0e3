"""legacy.install: Theano's sdist builds on Python 3.12 and later."""
from legacy import install

import subprocess
import sys

import pytest


def test_the_line_that_lets_theano_build_is_taken_away(monkeypatch, tmp_path):
    monkeypatch.setattr(install.sysconfig, "get_path", lambda _: str(tmp_path))
    seen = []

    def pip(*arguments):
        seen.append((arguments, [file.read_text() for file in tmp_path.iterdir()]))
        if len(seen) == 2:
            raise KeyboardInterrupt
        return 1

    monkeypatch.setattr(install, "_pip", pip)
    assert install.main(["-r", "requirements.txt"]) == 1
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        install.main(["Theano==1.0.5"])
    assert list(tmp_path.iterdir()) == []
    assert [arguments for arguments, _ in seen] == [("-r", "requirements.txt"), ("Theano==1.0.5",)]
    assert all(lines == [install._GIVE_BACK] * (sys.version_info >= (3, 12)) for _, lines in seen)


def test_the_line_gives_the_names_back():
    code = (install._GIVE_BACK + "import io, configparser\np = configparser.SafeConfigParser()\n"
            "p.readfp(io.StringIO('[a]\\nb = c'))\nprint(p.get('a', 'b'))")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert done.stdout == "c\n", done.stderr
