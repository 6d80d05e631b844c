"""The bounds: bytes held never exceed the budget but for one large holder, nobody waits for ever, calls are capped."""

import asyncio
import random

import pytest

from airflow_provider_tcocr.batch.budget import ByteBudget, CallBudget
from airflow_provider_tcocr.client.meter import Meter
from airflow_provider_tcocr.exceptions import CallLimitError
from airflow_provider_tcocr.landing.folder import LocalFolder
from airflow_provider_tcocr.landing.journal import Journal


@pytest.mark.parametrize("seed", range(5))
def test_holders_never_hold_more_than_the_budget_and_all_have_their_turn(seed):
    chance = random.Random(seed)

    async def many():
        budget, held, most = ByteBudget(100), [], 0

        async def one(count):
            nonlocal most
            await budget.take(count)
            held.append(count)
            if len([one for one in held if one]) > 1:
                most = max(most, sum(held))
            await asyncio.sleep(chance.random() / 500)
            held.remove(count)
            await budget.give(count)

        await asyncio.wait_for(
            asyncio.gather(*(one(chance.choice([0, 1, 30, 60, 100, 101, 5000])) for _ in range(200))), 20
        )
        return most

    assert asyncio.run(many()) <= 100


def test_whoever_gives_up_waiting_holds_nothing():
    async def one():
        budget = ByteBudget(10)
        await budget.take(10)
        waiting = [asyncio.create_task(budget.take(5)) for _ in range(3)]
        await asyncio.sleep(0.01)
        waiting[0].cancel()
        await asyncio.sleep(0.01)
        await budget.give(10)
        await asyncio.wait_for(asyncio.gather(*waiting[1:]), 1)
        await budget.give(10)
        await asyncio.wait_for(budget.take(10), 1)

    asyncio.run(one())


def test_the_cap_counts_what_this_and_other_runs_have_made(tmp_path):
    ours, other = (Journal(LocalFolder(tmp_path), run=run, action="", options="{}") for run in ("ours", "other"))
    other.announce(calls=7)
    ours.refresh()
    meter = Meter()
    calls = CallBudget(10, meter, ours)
    for _ in range(3):
        calls.check()
        meter.count(made=1)
    with pytest.raises(CallLimitError, match=r"max_calls=10 .*7 by earlier"):
        calls.check()
    meter.count(made=-1)
    calls.check()
    other.announce(calls=8)
    ours.refresh()
    with pytest.raises(CallLimitError, match="8 by earlier"):
        calls.check()


@pytest.mark.parametrize("memory", [1, 3000, 100_000])
def test_a_batch_under_any_memory_bound_comes_to_its_end(batch, images, pdf, tcocr_emulator, monkeypatch, memory):
    """Documents larger than the bound, many pages of one PDF, more workers than fit."""
    monkeypatch.setattr(ByteBudget.__init__, "__defaults__", (memory,))
    images(15, size=(300, 200))
    pdf(25, name="in/a.pdf")
    pdf(25, name="in/zz.pdf")
    tcocr_emulator.inject(code="InternalError", times=2)
    assert batch(max_concurrency=16).counts["recognized"] == 65


def test_no_more_documents_are_open_than_the_bound_holds(batch, images, monkeypatch, tcocr_emulator):
    from airflow_provider_tcocr.documents.opened import OpenedDocument

    folder = images(40)
    size = max(path.stat().st_size for path in folder.iterdir())
    monkeypatch.setattr(ByteBudget.__init__, "__defaults__", (3 * size,))
    tcocr_emulator.inject(latency=0.02)
    opened, most = set(), 0
    init, close = OpenedDocument.__init__, OpenedDocument.close

    def opening(self, *arguments, **named):
        nonlocal most
        init(self, *arguments, **named)
        opened.add(id(self))
        most = max(most, len(opened))

    def closing(self):
        opened.discard(id(self))
        close(self)

    monkeypatch.setattr(OpenedDocument, "__init__", opening)
    monkeypatch.setattr(OpenedDocument, "close", closing)
    assert batch(max_concurrency=32).counts["recognized"] == 40
    assert most <= 3 + 4 + 2, "three by the bound, four opened ahead, one waiting for room"
    assert opened == set()
