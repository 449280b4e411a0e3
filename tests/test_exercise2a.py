"""Exercise 2a's trainings and the report's curves of them."""
import pytest

from tp2 import cli, exercise2a
from tp2.exercise2a import Curve


def test_the_reports_curves_are_twelve_and_end_as_the_report_says():
    curves = exercise2a.report_curves()
    assert {name: curve.test[-1] for name, curve in curves.items()} == {
        "original": 0.9834, "i": 0.968, "ii": 0.9833, "iii": 0.9809, "iv_30": 0.9836, "iv_40": 0.9828, "iv_50": 0.9824,
        "iv_60": 0.9797, "iv_70": 0.9766, "iv_80": 0.9682, "iv_90": 0.9328, "v": 0.9825}
    assert curves["i"].train_total == 15000 and curves["v"].train_total == 60000
    assert list(curves) == [name for name, variant in exercise2a.VARIANTS.items() if variant.shown]


@pytest.mark.parametrize("damage", [None, lambda content: content[:2000], lambda _: "[]",
                                    lambda content: content.replace("test_correct", "correct"),
                                    lambda content: content.replace('"test_total": 10000', '"test_total": 9')])
def test_missing_and_damaged_curves_of_the_report_are_one_sentence(tmp_path, damage):
    if damage:
        (tmp_path / "curves.json").write_text(damage(exercise2a.REPORT_CURVES.read_text()))
    with pytest.raises(cli.InputError, match="curves.json, the report's curves, can't be used .*git checkout"):
        exercise2a.report_curves(tmp_path / "curves.json")


def test_curves_are_compared_number_by_number_if_as_many_images_were_counted():
    ours, report = Curve([500, 900], 1000, [50, 80], 100), Curve([500, 901, 950], 1000, [50, 79, 81], 100)
    assert ours.compared(report) == [(1, "train", 0), (2, "train", -1), (1, "test", 0), (2, "test", 1)]
    assert Curve([500], 60000, [50], 100).compared(report) == []
