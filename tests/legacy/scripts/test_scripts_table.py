"""legacy.scripts' tables, row by row: each name is there under `python -m legacy`. What it gives: test_scripts_rows.py."""
from legacy import scripts

import json

import pytest

from conftest import child

NAMES = [(row.owner, name, row.moved) for table in scripts.TABLES for row in table.rows() if not row.wrap
         for name in row.names.split()]

LOOK = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
found = {{}}
for owner, name, moved in {names!r}:
    module, _, kind = owner.partition(":")
    try:
        importlib.import_module(module.partition(".")[0])
    except ImportError:
        continue                                            # the library is not installed
    try:
        module = importlib.import_module(module)
        thing = module if name == "*" else getattr(getattr(module, kind) if kind else module, name)
        # `moved` stands for the module where it has no such name: a wrong row, but for these names of modules
        found[owner + "." + name] = (name in ("*", "K", "T", "np", moved.rpartition(".")[2])
                                     or thing is not sys.modules.get(moved))
    except (AttributeError, ImportError):
        found[owner + "." + name] = False
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """{"owner.name": whether it is there} without and with the tables, each in a process of its own."""
    code = LOOK.format(names=NAMES)
    plain = child("import legacy, sys\n" + code + "assert 'legacy.scripts' not in sys.modules", THEANO_FLAGS="cxx=")
    given = child("import legacy\nfrom legacy import scripts\nscripts.begin()\n" + code, THEANO_FLAGS="cxx=")
    return [json.loads(done.stdout.splitlines()[-1]) for done in (plain, given)]


@pytest.mark.parametrize("owner, name, moved", NAMES, ids=[f"{owner}.{name}" for owner, name, moved in NAMES])
def test_a_name_is_there(owner, name, moved, found):
    if f"{owner}.{name}" not in found[1]:
        pytest.skip("the library is not installed")
    assert found[1][f"{owner}.{name}"]


def test_a_plain_import_has_few_of_them(found):
    """Those of libraries that have not taken them away yet, in the versions that are installed."""
    assert sum(found[0].values()) < len(found[0]) / 3
