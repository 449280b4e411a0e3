"""Theano 1.0.5's and Keras 2.3.1's own tests under legacy, file by file, and what each failure is: upstream.md.

    python benchmarks/upstream.py [--keras-tests FOLDER] [--limit SECONDS] [--test-limit SECONDS] [--only TEXT]
                                  [--records FOLDER] [--again failed|all] [--page]

Theano's tests lie in its own package. Keras's are not installed: FOLDER is `tests` of keras-team/keras at tag 2.3.1;
without it they are left out. Each file runs in a process of its own as `python -m legacy` runs a script, with pytest
in the place of nose. It takes hours; each test is noted in FOLDER (--records) as it ends, so that another run goes on
where this one was stopped, or with larger limits. --again forgets what failed, or all, of the files that --only names;
--page only writes the page. Needed beside requirements.txt: parameterized (Theano's tests); flaky, pandas and
scikit-learn (some of Keras's).
"""
import argparse
import collections
import contextlib
import importlib.util
import inspect
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import types
import unittest
from importlib.metadata import version
from pathlib import Path

import numpy.testing
import pytest

HERE = Path(__file__).resolve()
PAGE = HERE.with_name("upstream.md")

# In this order, the most telling ones first; then all others, by name.
THEANO_FIRST = [
    "scalar/tests/test_basic.py", "tensor/tests/test_elemwise.py", "tensor/nnet/tests/test_nnet.py",
    "tensor/nnet/tests/test_conv.py", "tensor/signal/tests/test_pool.py", "compile/tests/test_debugmode.py",
    "tensor/tests/test_extra_ops.py", "tensor/tests/test_raw_random.py", "tensor/tests/test_shared_randomstreams.py",
    "sandbox/tests/test_rng_mrg.py", "sandbox/tests/test_multinomial.py", "gof/tests/test_cc.py",
    "gof/tests/test_op.py", "gof/tests/test_link.py", "gof/tests/test_vm.py", "gof/tests/test_types.py",
    "compile/tests/test_pfunc.py",
    "compile/tests/test_shared.py", "compile/tests/test_function_module.py", "tests/test_pickle_unpickle_theano_fn.py",
    "tests/test_printing.py", "tests/test_gradient.py", "tests/test_ifelse.py", "tensor/tests/test_casting.py",
    "tensor/tests/test_complex.py", "tensor/tests/test_inc_subtensor.py", "tensor/nnet/tests/test_sigm.py",
    "tensor/nnet/tests/test_bn.py", "tensor/nnet/tests/test_neighbours.py", "tensor/signal/tests/test_conv.py",
    "tensor/tests/test_subtensor.py", "tensor/tests/test_basic.py", "scan_module/tests/test_scan.py",
    "tensor/tests/test_opt.py",
]
KERAS_FIRST = [
    "keras/layers", "keras/engine", "keras/test_sequential_model.py", "test_model_saving.py", "test_model_pickling.py",
    "integration_tests/preprocessing", "keras/utils", "keras/metrics", "keras/losses", "keras/optimizers",
    "keras/initializers", "keras/callbacks", "keras/wrappers", "test_", "integration_tests", "keras",
]

# What Theano's tests have on a GPU, or is not a test of what a program computes.
LEFT_OUT = {"theano/gpuarray/": "for a graphics card", "theano/tests/test_flake8.py": "the style of Theano's source",
            "theano/tensor/tests/test_mpi.py": "for several machines"}

# What failures are, by kind: {what is found in "FILE::TEST: ERROR": the reason}.
REASONS = {
    "limitation": {
        r"backwards_compat.*another Python":
            "a Lambda layer in the format before Keras 2.1.3, which does not say whose Python's code it holds, "
            "is refused",
        r"test_CSVLogger":
            "`python -m legacy` logs acc beside accuracy, as scripts before Keras 2.3 ask, so the file has two more "
            "columns",
        r"Inexact indices into sparse matrices":
            "theano.sparse.sandbox.sp, convolution by sparse matrices, indexes with floats: nnet.conv2d does it",
    },
    "the test's own": {
        r"No module named 'tensorflow'": "it needs TensorFlow",
        r"(Softsign|Sigmoid|Softplus)Tester": "it looks for its class in the file of another, as nose had it there",
        r"(Ceil|Floor|Trunc)Tester::test_good.*integers":
            "it compares with NumPy's, of integers integers since NumPy 2.1; Theano's are floats",
        r"test_arithmetic_cast": "it compares with NumPy's types, which are others since NEP 50",
        r"test_gcc_crash|test_CAReduce::test_(perform|c)\b":
            "it adds numbers in int8 or uint8 that NumPy 2 refuses as too large (NEP 50)",
        r"text_test.py::test_tokenizer": "it takes np.max of lists of unequal lengths",
        r"no attribute '__code__'": "it takes np.argmax to be a function in Python",
        r"test_trainable_weights_count_consistency": "it calls pytest.warns(None), which pytest 7 took away",
        r"test_selu": "it wants seven digits of a float32 from two libraries' exp",
        r"test_image_data_generator_training":
            "it wants 70 % where three runs with the libraries of 2018 gave 72.0, 71.5 and 70.0",
        r"test_data_utils": "it looks for Keras's folder where keras.json lies; legacy shows Keras its own",
        r"timeout_threads|test_context_switch":
            "it counts every warning that Python gives; its alarm then rings in the next test",
        r"test_DownsampleFactorMax|T_subtensor::test_list_slice":
            "it indexes an array with a list of slices, NumPy until 1.22",
        r"test_Unique::test_basic_matrix":
            "it compares with NumPy 2's np.unique, whose inverse has another shape; Theano's is the vector that it was",
        r"No module named 'pyux'": "it needs pyux",
        r"backend_test.py.*'NoneType' object has no": "it compares with TensorFlow or CNTK",
        r"(Gamma|Gammaln|Psi|J0|J1|I0|I1)Tester::test_good.*uint8":
            "it compares with SciPy's function of uint8, float64 today; Theano's is float32",
        r"test_in_top_k": "its NumPy takes equal numbers in the order that a sort leaves them in",
        r"arrays to stack must be passed as a .sequence": "it stacks a generator, which NumPy no longer takes",
        r"T_subtensor::test_boolean": "it makes an array of lists of unequal lengths",
        r"test_broken_pickle_with_shared": "it sets a pickler's method, Python until 3.12",
        r"test_builders.py::test_params": "a decorator whose name begins as a test's does",
        r"::_HVStackTester::": "what its classes derive from, no test",
        r"test_shared_options::test_internal_type": "a helper whose name begins as a test's does",
        r"test_grad_multiple_outs_taps": "it wants a BLAS: CGemv among the Ops",
        r"import `pydot`|`pydot` failed": "it needs pydot and Graphviz",
    },
}


# What failed before and passes now (legacy/theano.py, legacy/keras.py).
MENDED = [
    "20 tests of theano/tensor/nnet/tests/test_conv.py: the C code of Theano's first conv2d includes numpy/noprefix.h",
    "local_test.py, merge_test.py: BatchedDot without a BLAS, undefined symbol dgemm_",
    "io_utils_test.py, test_model_saving.py: models saved into file objects (h5py opened without a mode, File.fid)",
    "sequence_test.py::test_skipgrams: random.randint of a float",
    "theano/compile/tests/test_debugmode.py: ndarray.itemset",
    "theano/tensor/tests/test_blas.py: an empty matrix in Gemm, whose strides NumPy 1.23 made 0",
    "theano/tensor/tests/test_sort.py: the gradient of an unsorted top-k, since NumPy 2 partitions in two orders",
]


# --- In the process of one file ---------------------------------------------------------

def _nose():
    """The few names of nose, and of NumPy for nose, that Theano's tests ask for."""
    def raises(*errors):
        def decorate(test):
            def checked(*arguments):
                case.assertRaises(errors, test, *arguments)
            checked.__name__ = test.__name__
            return checked
        return decorate

    case = unittest.TestCase()
    case.maxDiff = None
    contents = {
        "nose": {},
        "nose.tools": {"assert_raises": case.assertRaises, "assert_equal": case.assertEqual, "raises": raises,
                       "assert_equals": case.assertEqual, "assert_true": case.assertTrue},
        "nose.plugins": {},
        "nose.plugins.skip": {"SkipTest": unittest.SkipTest},
        "nose.plugins.attrib": {"attr": lambda *_, **__: lambda test: test},
    }
    for name, names in contents.items():
        module = sys.modules[name] = types.ModuleType(name)
        vars(module).update(names)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
    # NumPy until 2.0, and its decorators for nose until 1.24.
    numpy.find_common_type = lambda arrays, scalars: numpy.result_type(*arrays, *scalars)
    numpy.testing.dec = types.SimpleNamespace(skipif=unittest.skipIf)


class _Notes:
    """A plugin of pytest's: notes each test when it begins and ends, leaves out noted ones, collects as nose did."""

    def __init__(self, record):
        self.record, self.known = record, set(_read(record))

    def note(self, **entry):
        with self.record.open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if item.nodeid not in self.known]

    def pytest_pycollect_makeitem(self, collector, name, obj):
        """A test that yields functions and arguments is one that calls them all."""
        if not (name.startswith("test") and inspect.isgeneratorfunction(obj)):
            return None

        def all_of_them(*owner):
            for call in obj(*owner):
                function, *arguments = call if isinstance(call, tuple) else (call,)
                function(*arguments)
        setattr(collector.obj, name, all_of_them)
        return pytest.Function.from_parent(collector, name=name)

    def pytest_runtest_setup(self, item):
        """nose calls setUp of any class."""
        owner = getattr(item.obj, "__self__", None)
        if hasattr(owner, "setUp") and not isinstance(owner, unittest.TestCase):
            owner.setUp()

    def pytest_runtest_logstart(self, nodeid):
        self.note(test=nodeid, outcome="cut")

    def pytest_collectreport(self, report):
        if report.outcome != "passed":
            outcome = "skipped" if report.skipped else "failed"
            self.note(test=f"{report.nodeid}::(import)", outcome=outcome, reason=_last_line(report))

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.note(test=report.nodeid, outcome=report.outcome, seconds=round(report.duration, 2),
                      reason="" if report.passed else _last_line(report))


def _last_line(report):
    """An error's type and message, and where it was raised."""
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        return str(longrepr[-1])[:300]
    crash = getattr(longrepr, "reprcrash", None)
    if crash is None:
        return " ".join(str(longrepr).split())[-300:]
    where = re.sub(r".*(?:site-packages|tests)/", "", str(crash.path))
    return f"{' '.join(crash.message.split())[:240]} ({where}:{crash.lineno})"


def run_one(file, record):
    """Run one file of tests with pytest, noting each in `record`."""
    _nose()
    sys.exit(pytest.main([file, "-q", "-p", "no:cacheprovider", "--assert=plain", "-W", "ignore", "-c", os.devnull,
                          "--rootdir", os.getcwd(), "-o", "python_classes=Test* test_* T_*",
                          "-o", "python_files=*.py", "--tb=short"],
                         plugins=[_Notes(Path(record))]))


# --- The files, one after another -------------------------------------------------------

def _read(record):
    """{test: its last entry} of a file's record."""
    entries = {}
    if record.exists():
        for line in record.read_text().splitlines():
            with contextlib.suppress(ValueError):  # the process was killed while it wrote
                entry = json.loads(line)
                entries[entry["test"]] = entry
    return entries


def theano_files():
    """{name: path} of the files of Theano's tests."""
    folder = Path(importlib.util.find_spec("theano").origin).parent
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("test_*.py") if "tests" in file.parts
                   or "sandbox" in file.parts)
    names.sort(key=lambda name: THEANO_FIRST.index(name) if name in THEANO_FIRST else len(THEANO_FIRST))
    return {f"theano/{name}": folder / name for name in names
            if not any(f"theano/{name}".startswith(left_out) for left_out in LEFT_OUT)}


def keras_files(folder):
    """{name: path} of the files of Keras's tests in `folder`, its `tests`."""
    names = [str(file.relative_to(folder)) for file in sorted(folder.rglob("*.py"))
             if re.search(r"^test_|_test\.py$", file.name) and "docs" not in file.parts]
    names.sort(key=lambda name: [name.startswith(first) for first in KERAS_FIRST].index(True))
    return {f"keras/tests/{name}": folder / name for name in names}


def _processor_time(pid):
    """Seconds that a process and the processes that it waited for have computed."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _run(name, path, record, limit, test_limit):
    """Run a file of tests until it ends, again without a test that takes longer than `test_limit`; False if cut."""
    environment = {"PYTHONHASHSEED": "0", **os.environ, "MPLBACKEND": "agg", "PYTHONWARNINGS": "ignore"}
    spent = 0
    while True:
        size, quiet, before = -1, 0, spent
        with tempfile.TemporaryDirectory() as folder:
            log = record.with_suffix(".log").open("w")
            child = subprocess.Popen([sys.executable, "-m", "legacy", HERE, "--one", path, record], cwd=folder,
                                     stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                                     start_new_session=True)
            try:
                while child.poll() is None and spent < limit and quiet < test_limit:
                    time.sleep(0.5)
                    quiet += 0.5  # counted, not measured: whoever stops this process stops the clock
                    spent = before + _processor_time(child.pid)
                    now = record.stat().st_size if record.exists() else 0
                    size, quiet = now, quiet if now == size else 0
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                code = child.wait()
        if spent >= limit:
            return False
        if quiet < test_limit:  # it ended by itself
            entries = _read(record)
            crashed = [test for test, entry in entries.items() if entry["outcome"] == "cut" and not entry.get("reason")]
            if code < 0 or code not in (0, 5) and not entries:
                with record.open("a") as file:
                    for test in crashed[-1:] or [f"{name}::(process)"]:
                        file.write(json.dumps({"test": test, "outcome": "failed",
                                               "reason": f"the process ended with code {code}"}) + "\n")
                if crashed:
                    continue
            return True
        with record.open("a") as file:
            test = next(reversed(_read(record)), f"{name}::(import)")
            file.write(json.dumps({"test": test, "outcome": "cut", "reason": f"longer than {test_limit} s"}) + "\n")


def _forget(record, which):
    """Take from a record what is to run again: "failed", or "all"."""
    if record.exists():
        kept = {} if which == "all" else {test: entry for test, entry in _read(record).items()
                                          if entry["outcome"] in ("passed", "skipped")}
        record.write_text("".join(json.dumps(entry) + "\n" for entry in kept.values()))


# --- The page ---------------------------------------------------------------------------

def reason_for(test, error):
    """(kind, sentence) for a failure."""
    for kind, reasons in REASONS.items():
        for pattern, sentence in reasons.items():
            if re.search(pattern, f"{test}: {error}"):
                return kind, sentence
    return "not gone through", f"`{error}`"


def write_page(files, records, left):
    """Write upstream.md from the records."""
    counts, failures, lines, missing = collections.Counter(), {}, [], []
    for name in files:
        entries = _read(records / f"{name.replace('/', '.')}.jsonl")
        if not entries:
            missing.append(name)
            continue
        count = collections.Counter(entry["outcome"] for entry in entries.values())
        suite = name.partition("/")[0]
        counts.update({(suite, outcome): number for outcome, number in count.items()})
        status = "cut" if (records / f"{name.replace('/', '.')}.cut").exists() else ""
        numbers = " | ".join(str(count[outcome]) for outcome in ("passed", "failed", "skipped", "cut"))
        lines.append(f"| {name} | {numbers} | {status} |")
        for test, entry in entries.items():
            if entry["outcome"] == "failed":
                kind, sentence = reason_for(f"{name}::{test.partition('::')[2]}", entry.get("reason", ""))
                failures.setdefault((kind, sentence), []).append(f"{name}::{test.partition('::')[2]}")
    packages = ["Theano", "Keras", "numpy", "scipy", "h5py", "pytest"]
    text = [
        "# Theano's and Keras's own tests under legacy", "",
        f"Python {platform.python_version()}; " + ", ".join(f"{package} {version(package)}" for package in packages)
        + ". Made by `upstream.py` (`make upstream`), which says how.", "",
        "| suite | passed | failed | skipped | too long |", "|---|---|---|---|---|"]
    for suite in sorted({suite for suite, _ in counts}):
        text.append(f"| {suite} | " + " | ".join(str(counts[suite, outcome]) for outcome in
                                                 ("passed", "failed", "skipped", "cut")) + " |")
    text += ["", "Left out: " + "; ".join(f"{name} ({why})" for name, why in LEFT_OUT.items()) + ". " + left, "",
             "## Failures, by reason", ""]
    for (kind, sentence), tests in sorted(failures.items(), key=lambda item: (item[0][0], -len(item[1]))):
        text.append(f"- **{kind}**: {sentence} ({len(tests)}) " + ", ".join(f"`{test}`" for test in tests[:4])
                    + (f" and {len(tests) - 4} more" if len(tests) > 4 else ""))
    text += ["", "## Mended, since these tests showed it", "", *(f"- {what}." for what in MENDED)]
    text += ["", "## Files", "", "\"Cut\": its limit of time ended before its last test.", "",
             "| file | passed | failed | skipped | too long | |", "|---|---|---|---|---|---|", *lines, ""]
    if missing:
        text += [f"Not reached yet ({len(missing)} of {len(files)}): {', '.join(missing)}.", ""]
    PAGE.write_text("\n".join(text))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keras-tests", type=Path, metavar="FOLDER", default=os.environ.get("KERAS_TESTS") or None,
                        help="else the environment variable KERAS_TESTS's (make upstream KERAS_TESTS=FOLDER)")
    parser.add_argument("--limit", type=int, default=150, metavar="SECONDS", help="of the processor, for a file")
    parser.add_argument("--test-limit", type=int, default=300, metavar="SECONDS", help="on the clock, for one test")
    parser.add_argument("--only", default="", metavar="TEXT", help="files whose name this regular expression finds")
    parser.add_argument("--records", type=Path, metavar="FOLDER",
                        default=Path(tempfile.gettempdir()) / f"legacy-upstream-{platform.python_version()}")
    parser.add_argument("--again", choices=["failed", "all"])
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    if importlib.util.find_spec("parameterized") is None:
        sys.exit("Theano's tests need the package parameterized: python -m pip install parameterized")
    theanos, kerass, left = theano_files(), {}, ""
    if options.keras_tests:
        if not (options.keras_tests / "keras" / "layers").is_dir():
            sys.exit(f"{options.keras_tests} is not the folder `tests` of keras-team/keras at tag 2.3.1.")
        kerass = keras_files(options.keras_tests.resolve())
    else:
        left = "Keras's tests were not run: no --keras-tests (KERAS_TESTS=) named them."
        print(left)
    # Keras's before the longest of Theano's, since they are shorter.
    names = [*list(theanos)[:16], *kerass, *list(theanos)[16:]]
    files = {name: theanos.get(name) or kerass[name] for name in names}
    options.records = options.records.resolve()
    options.records.mkdir(parents=True, exist_ok=True)
    for name, path in files.items():
        record, done, cut = (options.records / f"{name.replace('/', '.')}{end}" for end in (".jsonl", ".done", ".cut"))
        if options.page or not re.search(options.only, name):
            continue
        if options.again:
            _forget(record, options.again)
        elif done.exists() or cut.exists() and int(cut.read_text()) >= options.limit:
            continue
        whole = _run(name, path, record, options.limit, options.test_limit)
        done.touch() if whole else cut.write_text(str(options.limit))
        if whole:
            cut.unlink(missing_ok=True)
        count = collections.Counter(entry["outcome"] for entry in _read(record).values())
        print(time.strftime("%H:%M:%S"), name, dict(count), "" if whole else "cut", flush=True)
        write_page(files, options.records, left)
    write_page(files, options.records, left)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        run_one(*sys.argv[2:])
    else:
        main()
