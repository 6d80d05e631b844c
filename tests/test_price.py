"""A price is the same to the operators and to the command line."""

import pytest

from airflow_provider_tcocr.cli import make_parser
from airflow_provider_tcocr.exceptions import ConfigurationError
from airflow_provider_tcocr.operators.templated import price_or_none
from airflow_provider_tcocr.price import price_of


@pytest.mark.parametrize(("told", "price"), [(0, 0.0), (0.0012, 0.0012), ("0.0012", 0.0012), (" 1e-3\n", 0.001)])
def test_a_number_of_0_or_more_is_a_price(told, price):
    assert price_of("price", told) == price_or_none("price", told) == price
    assert make_parser().parse_args(["report", "out", "--price", str(told)]).price == price


@pytest.mark.parametrize("told", ["nan", "inf", "-1", "cheap", "1,5", -0.1, 10**400, True, [1]])
def test_all_else_is_none(told, capsys):
    rule = "must be a number of 0 or more, not"
    for check in (price_of, price_or_none):
        with pytest.raises(ConfigurationError, match=f"price_per_call {rule}"):
            check("price_per_call", told)
    with pytest.raises(SystemExit):
        make_parser().parse_args(["report", "out", f"--price={told}"])
    assert rule in capsys.readouterr().err


@pytest.mark.parametrize("told", [None, "", "None", "none", "null"])
def test_a_template_may_say_that_there_is_none(told):
    assert price_or_none("price_per_call", told) is None
