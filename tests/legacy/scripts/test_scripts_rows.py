"""`python -m legacy SCRIPT`: the names that libraries took away give what they gave, in every process."""
import legacy
from legacy.scripts import pandas

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CHECKOUT = Path(legacy.__file__).resolve().parents[1]


def run(script, *arguments, status=0, cwd=None, **environment):
    base = {key: value for key, value in os.environ.items() if key not in ("THEANORC", "KERAS_HOME")}
    base.update(PYTHONPATH=str(CHECKOUT), PYTHONWARNINGS="ignore", MPLBACKEND="agg", **environment)
    done = subprocess.run([sys.executable, "-m", "legacy", script, *arguments], cwd=cwd, env=base, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == status, done.stderr
    return done


def written(folder, text, name="script.py"):
    file = folder / name
    file.write_text(text)
    return file


def test_old_names_give_the_old_values(tmp_path):
    """All rows that a number can be had of: old_names.py's lines, as the libraries of 2018 printed them."""
    def lines(text):
        return dict(line.split(" = ", 1) for line in text.splitlines())
    old = lines((HERE / "old_names.txt").read_text())
    new = lines(run(HERE / "old_names.py", HOME=str(tmp_path), THEANO_FLAGS="cxx=").stdout)
    assert {name for name in old if name not in new} <= {name for name in old if name.startswith(("sklearn", "pandas"))}
    assert {name: value for name, value in new.items() if value != old[name]} == {}


def test_the_sentence_for_pandas_3(capsys):
    assert (pandas._say_of_3("2.3.3"), capsys.readouterr().err) == ("2.3.3", "")
    assert pandas._say_of_3("3.1.1") == "3.1.1" and 'pip install "pandas<3"' in capsys.readouterr().err


@pytest.mark.parametrize("backend", ["Qt4Agg", "GTKAgg"])
def test_a_backend_that_is_gone_is_as_none_named(backend, tmp_path):
    script = written(tmp_path, f"""
import matplotlib
matplotlib.use("{backend}", warn=False)
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.savefig("out.png")
""")
    run(script, cwd=tmp_path)
    assert (tmp_path / "out.png").stat().st_size > 1000


def test_a_plain_import_changes_none_of_it():
    code = ("import legacy, builtins, random, numpy as np, time, h5py, scipy\n"
            "import multiprocessing.util as util, inspect\n"
            "assert not hasattr(time, 'clock') and not hasattr(h5py.Dataset, 'value') and not hasattr(scipy, 'misc')\n"
            "assert repr(np.float64(1)) == 'np.float64(1.0)' or np.__version__ < '2'\n"
            "assert 'legacy' not in inspect.getsource(util.spawnv_passfds) and open.__module__ in ('io', '_io')")
    base = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONWARNINGS": "ignore"}
    assert subprocess.run([sys.executable, "-c", code], env=base).returncode == 0


KERAS_JSON = """
import keras.backend as K
print(K.image_data_format(), K.floatx(), K.epsilon(), K.backend())
"""


@pytest.mark.parametrize("settings, want, said", [
    ('{"backend": "theano", "image_data_format": "channels_first", "floatx": "float64", "epsilon": 1e-5}',
     "channels_first float64 1e-05 theano", ""),
    ('{"image_dim_ordering": "th"}', "channels_first float32 1e-07 theano", ""),  # Keras 1's
    ('{"backend": "tensorflow", "image_data_format": "channels_first"}', "channels_last float32 1e-07 theano", "tensorflow"),
    ('{"floatx": "bfloat16"}', "channels_last float32 1e-07 theano", "bfloat16"),
    ("{", "channels_last float32 1e-07 theano", "")])
def test_the_users_keras_json(settings, want, said, tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(settings)
    done = run(written(tmp_path, KERAS_JSON), HOME=str(tmp_path), THEANO_FLAGS="cxx=")
    assert done.stdout.strip() == want
    assert [line for line in done.stderr.splitlines() if line.startswith("legacy: ") and "keras.json" in line] == (
        [line for line in done.stderr.splitlines() if said in line and "keras.json" in line] if said else [])
    assert (tmp_path / ".keras" / "keras.json").read_text() == settings


CHILDREN = """
import multiprocessing, sys
import numpy as np
import theano

class Mine:
    pass

def work(number):
    import scipy, time
    assert time.clock() >= 0 and scipy.misc.comb(3, 2) == 3
    x = theano.tensor.dscalar()
    return float(theano.function([x], x + 5)(number)), Mine()

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        (number, mine), = pool.map_async(work, [2]).get(timeout=120)
    print(number, type(mine) is Mine)
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_children_come_up_under_legacy(method, tmp_path):
    done = run(written(tmp_path, CHILDREN), method, cwd="/", THEANO_FLAGS="cxx=")
    assert done.stdout == "7.0 True\n", done.stderr


@pytest.mark.parametrize("name", ["legacy.py", "legacy/__init__.py"])
def test_a_scripts_own_legacy_is_what_it_imports(name, tmp_path):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine = 3\n")
    code = "import legacy\nif __name__ == '__main__':\n    import theano, keras\n    print(legacy.mine)\n" + CHILDREN
    done = run(written(tmp_path, code), "spawn", cwd="/", THEANO_FLAGS="cxx=")
    assert done.stdout == "3\n7.0 True\n", done.stderr


def test_a_script_sets_theanos_flags_and_reads_standard_input(tmp_path):
    script = written(tmp_path, "import os\nos.environ['THEANO_FLAGS'] = 'floatX=float16,cxx='\nimport sys, theano\n"
                               "print(theano.config.floatX, theano.config.cxx == '', sys.stdin.read())")
    base = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-m", "legacy", script], input="read", env=base, capture_output=True, text=True)
    assert done.stdout == "float16 True read\n", done.stderr


def test_seaborns_styles_and_old_colour_maps(tmp_path):
    script = written(tmp_path, """
import matplotlib.pyplot as plt
import numpy as np
for name in "seaborn", "seaborn-darkgrid", "seaborn-white":
    plt.style.use(name)
for old, new in ("spectral", "nipy_spectral"), ("Vega10_r", "tab10_r"):
    assert plt.get_cmap(old)(0.3) == plt.get_cmap(new)(0.3)
assert plt.cm.spectral(0.2) == plt.cm.nipy_spectral(0.2)
plt.imshow(np.eye(2), cmap="spectral")
""")
    run(script)


def test_joblibs_processes_come_up_under_legacy(tmp_path):
    pytest.importorskip("joblib")
    script = written(tmp_path, "import joblib, keras, time\n\ndef work(n):\n    return keras.backend.ndim(keras.backend.zeros((n,))), "
                               "time.clock() > 0\n\nif __name__ == '__main__':\n"
                               "    print(joblib.Parallel(n_jobs=2)(joblib.delayed(work)(n) for n in (1, 2)))\n")
    assert run(script, THEANO_FLAGS="cxx=").stdout == "[(1, True), (1, True)]\n"


def test_pandas_0_25(tmp_path):
    pytest.importorskip("pandas")
    (tmp_path / "sales.csv").write_text("Month,Sales\n1-01,266.0\n1-02,145.9\n")
    run(written(tmp_path, """
import pandas as pd
from pandas import DataFrame, Series, datetime, read_csv
sales = read_csv("sales.csv", header=0, parse_dates=[0], index_col=0, squeeze=True,
                 date_parser=lambda month: datetime.strptime("190" + month, "%Y-%m"))
assert isinstance(sales, Series) and sales.index[1] == datetime(1901, 2, 1) and sales.tolist() == [266, 145.9]
table = DataFrame({"a": [1, 2, 3, 4], "b": list("xyzx"), "c": [0.1, 0.2, 0.3, 0.4]})
assert table.as_matrix(["a", "c"]).shape == (4, 2)
assert pd.get_dummies(table["b"]).values.dtype == "uint8" and pd.np.pi > 3
assert [name for name, _ in table.iteritems()] == ["a", "b", "c"]
assert table.append(table).index.tolist() == [0, 1, 2, 3] * 2 and Series([1]).append(Series([2])).tolist() == [1, 2]
assert table.append({"a": 5, "b": "y", "c": 1.0}, ignore_index=True).a.tolist() == [1, 2, 3, 4, 5]
assert table.ix[0:2, "a"].tolist() == [1, 2, 3] and table.ix[:, 0:2].columns.tolist() == ["a", "b"]  # labels; positions
assert table.ix[table.a > 2, "c"].tolist() == [0.3, 0.4] and table.ix[2].tolist() == [3, "z", 0.3]
named = table.set_index("b")
assert named.ix[0].tolist() == [1, 0.1] and named.ix["y", "a"] == 2 and named.ix[0:2, 0].tolist() == [1, 2]
assert named.ix[-1, -1] == 0.4 and named.ix[["y", "z"], "a"].tolist() == [2, 3]
table.ix[table.a > 3, "c"] = 9
assert table.c.tolist() == [0.1, 0.2, 0.3, 9]
"""), cwd=tmp_path)


def test_stacks_of_generators_modes_yaml_and_bars(tmp_path):
    run(written(tmp_path, """
import importlib.metadata
import matplotlib.pyplot as plt
import numpy as np
import pkg_resources
import scipy
import yaml
from scipy.stats import mode
assert np.vstack(map(np.ones, [2, 2])).shape == (2, 2) and np.hstack(np.ones(2) for _ in range(2)).shape == (4,)
assert mode([[1, 5], [1, 6], [2, 5]])[0][0].tolist() == [1, 5] and mode([3, 3, 1])[0][0] == 3
assert mode([[1, 2], [2, 3]], axis=None)[1][0] == 2
assert yaml.load("a: [1, 2]") == {"a": [1, 2]} and yaml.load("b", Loader=yaml.SafeLoader) == "b"
assert plt.bar(left=[3], height=[2], width=1)[0].get_x() == 2.5
assert pkg_resources.get_distribution("numpy").version == importlib.metadata.version("numpy")
scipy.random.seed(0)
"""), cwd=tmp_path)
