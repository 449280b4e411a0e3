"""What seeds alone do: for each claim the share of seeds for which it holds, for each training the report's rank."""
import statistics
from dataclasses import dataclass

from tp2.exercise2a import report_curves

from . import metrics
from .claims import label, percent
from .verdicts import CLAIMS, Verdict


@dataclass
class Share:
    """For how many seeds a claim holds, with the exact 95 % interval of the probability that it holds."""

    held: int
    of: int
    low: float
    high: float
    not_held: list      # seeds, as whole numbers in their order

    def __str__(self):
        words = (f"holds for {self.held} of {self.of} seeds = {100 * self.held / self.of:.0f} % (95 % interval "
                 f"{100 * self.low:.0f} to {100 * self.high:.0f} %)")
        if 0 < len(self.not_held) < self.of:
            words += f"; not for seed{'s' * (len(self.not_held) > 1)} {', '.join(map(str, self.not_held))}"
        return words


def runs(stability):
    """{seed: {training: Curve, "Ej1b_ii": Metrics}} of a stability.json, in the seeds' order."""
    found = {}
    for seed in sorted(stability.value("seeds", metrics.OBJECT), key=int):
        found[int(seed)] = run = {}
        for name in stability.value(f"seeds.{seed}", metrics.OBJECT):
            field = f"seeds.{seed}.{name}"
            run[name] = (metrics.Metrics(stability.file, {"results": stability.value(field, metrics.OBJECT)})
                         if name == "Ej1b_ii" else metrics.curve(stability, field, field, 20))
    return found


def shares(runs):
    """{title of a claim: Share}, for those claims that can be graded by the seeds' runs."""
    from scipy.stats import binomtest
    shares = {}
    for claim in CLAIMS.values():
        needs = [name for names in claim.trainings.values() for name in names] or claim.files
        held = {seed: claim.check(run[claim.file] if claim.file else run).verdict is Verdict.HOLDS
                for seed, run in runs.items() if claim.by_seed and all(name in run for name in needs)}
        if held:
            interval = binomtest(sum(held.values()), len(held)).proportion_ci()
            shares[claim.title] = Share(sum(held.values()), len(held), float(interval.low), float(interval.high),
                                        [seed for seed, holds in held.items() if not holds])
    return shares


def rank(value, others):
    """The rank of a value among itself and others, 1 the greatest: "3", or "3 to 5" if some are equal."""
    above, equal = sum(other > value for other in others), sum(other == value for other in others)
    return f"{above + 1}" if not equal else f"{above + 1} to {above + 1 + equal}"


def ranks(runs):
    """A row of the table of seeds for each training: the report's test curve among those of the seeds.

    The seed that gives the report's own curve (1337) is the report, and not counted twice.
    """
    table = []
    for name, report in report_curves().items():
        curves = [run[name].test_correct for run in runs.values() if name in run]
        own, total = report.test_correct, report.test_total
        others = [curve for curve in curves if curve != own]
        if not curves:
            continue
        ends = [curve[-1] / total for curve in curves]
        table.append({
            "training": label(name), "the report's last test": percent(own[-1] / total),
            "rank": f"{rank(own[-1], [curve[-1] for curve in others])} of {len(others) + 1}",
            "rank of the whole curve": f"{rank(sum(own), list(map(sum, others)))} of {len(others) + 1}",
            "mean": percent(statistics.mean(ends)),
            "deviation": f"{100 * statistics.stdev(ends):.2f}" if len(ends) > 1 else "",
            "least": percent(min(ends)), "greatest": percent(max(ends))})
    return table
