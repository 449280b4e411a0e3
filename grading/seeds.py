"""What seeds alone do: for each claim the share of seeds for which it holds, for each training the report's rank."""
import statistics
from collections import namedtuple

from tp2.files import report_curves

from . import metrics
from .claims import CLAIMS, label, percent

Share = namedtuple("Share", "held of low high not_held")    # low, high: the 95 % interval of the probability, exact
Rank = namedtuple("Rank", "training of last last_rank curve_rank mean deviation least most")


def found_in(run):
    """What claims need, {name: Training or metrics}, from one seed's part of a stability.json."""
    return {name: {"results": part} if name == "Ej1b_ii" else metrics.training({}, part) for name, part in run.items()}


def needed(claim):
    """The names under which a claim finds what it needs."""
    return [name for file, trained in claim.needs.items() for name in (trained.split() or [file])]


def shares(content):
    """{title of a claim: Share}, for those claims that can be graded by the seeds of a stability.json."""
    from scipy.stats import binomtest
    runs = {seed: found_in(run) for seed, run in content["seeds"].items()}
    shares = {}
    for claim in CLAIMS:
        names = needed(claim)
        held = {seed: claim.check({name: run[name] for name in names})[0] is True for seed, run in runs.items()
                if claim.by_seed and all(name in run for name in names)}
        if held:
            interval = binomtest(sum(held.values()), len(held)).proportion_ci()
            shares[claim.title] = Share(sum(held.values()), len(held), float(interval.low), float(interval.high),
                                  [seed for seed, holds in held.items() if not holds])
    return shares


def share_in_words(share):
    words = (f"holds for {share.held} of {share.of} seeds = {100 * share.held / share.of:.0f} % (95 % interval "
             f"{100 * share.low:.0f} to {100 * share.high:.0f} %)")
    if 0 < len(share.not_held) < share.of:
        words += f"; not for seed{'s' * (len(share.not_held) > 1)} {', '.join(share.not_held)}"
    return words


def rank(value, others):
    """The rank of a value among itself and others, 1 the greatest: "3", or "3 to 5" where some are equal."""
    above, equal = sum(other > value for other in others), sum(other == value for other in others)
    return f"{above + 1}" if not equal else f"{above + 1} to {above + 1 + equal}"


def ranks(content):
    """A Rank per training of the report: its test curve among those of the seeds.

    The seed that gives the report's own curve (1337) is the report, and not counted twice.
    """
    table = []
    for name, report in report_curves().items():
        curves = [run[name]["test_correct"] for run in content["seeds"].values() if name in run]
        own = report["test_correct"]
        others = [curve for curve in curves if curve != own]
        if not curves or name == "iv_20":   # the original
            continue
        ends = [curve[-1] / report["test_total"] for curve in curves]
        table.append(Rank(label(name), len(others) + 1, percent(own[-1] / report["test_total"]),
                          rank(own[-1], [curve[-1] for curve in others]), rank(sum(own), list(map(sum, others))),
                          percent(statistics.mean(ends)),
                          f"{100 * statistics.stdev(ends):.2f}" if len(ends) > 1 else "", percent(min(ends)),
                          percent(max(ends))))
    return table
