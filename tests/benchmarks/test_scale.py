"""`make bench-scale` from its first line to its last, with a few orders; nothing is said of speed."""

import json
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from benchmarks.growth import Growth, Page
from benchmarks.management.commands.measure_scale import Command


def test_the_dearest_page_decides() -> None:
    cheap = Page("cheap", small=[1.0, 2.0, 9.0], large=[2.0, 2.2, 2.4])
    dear = Page("dear", small=[2.0], large=[2.5])
    assert (cheap.ratio, dear.ratio) == (1.1, 1.25)
    assert Growth(10, 1000, [cheap]).is_met
    assert not Growth(10, 1000, [cheap, dear]).is_met
    assert Growth(10, 1000, [cheap, dear]).as_json == {
        "op": "SearchOrders",
        "orders": [10, 1000],
        "pages": {"cheap": {"ms": [2.0, 2.2], "ratio": 1.1}, "dear": {"ms": [2.0, 2.5], "ratio": 1.25}},
        "ratio": 1.25,
        "goal": 1.2,
        "met": False,
    }


@pytest.fixture
def own_schema(transactional_db: None) -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = public")
        cursor.execute("DROP SCHEMA IF EXISTS small CASCADE")


@pytest.mark.bench
def test_a_short_run_ends_in_a_figure(own_schema: None) -> None:
    # when
    out = StringIO()
    sizes = ("--small=800", "--large=2400", "--calls=5", "--kinds=3")
    with suppress(SystemExit):
        call_command(Command(), *sizes, stdout=out)
    # then
    *pages, verdict, last = out.getvalue().splitlines()
    figure = json.loads(last)
    assert [page.split(":")[0] for page in pages] == list(figure["pages"])
    assert len(pages) == 9
    assert figure["orders"] == [800, 2400]
    assert figure["met"] is (figure["ratio"] <= 1.2)
    assert verdict.endswith(": met" if figure["met"] else ": NOT MET")
