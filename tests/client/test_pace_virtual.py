"""The pace in virtual time: minutes pass in moments, processes are held up, and a strict server counts."""

import asyncio
import selectors
import tempfile
from bisect import bisect_left
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.client import pace as pace_module
from airflow_provider_tcocr.client.pace import Pace
from airflow_provider_tcocr.client.slots import AHEAD, LEASE


class Clock(selectors.DefaultSelector):
    """Nothing ever happens while a loop waits, but that time goes by."""

    now = 1000.0

    def select(self, timeout=None):
        self.now += 1e-6 + (timeout or 0.0)
        return super().select(0)


def virtually(main, *, late=lambda until: 0.0):
    """Run a coroutine; a sleep of the pace until a moment takes longer by what `late` says of the moment."""
    clock = Clock()
    loop = asyncio.SelectorEventLoop(clock)

    async def sleep(seconds):
        await asyncio.sleep(seconds + late(clock.now + seconds))

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(tempfile, "tempdir", folder)
        patch.setattr(loop, "time", lambda: clock.now)
        patch.setattr(pace_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
        patch.setattr(pace_module, "asyncio", SimpleNamespace(Lock=asyncio.Lock, sleep=sleep))
        try:
            return loop.run_until_complete(main(clock))
        finally:
            loop.close()


def peak(times):
    """The most in any window of one second, closed at its start and open at its end."""
    return max(bisect_left(times, first + 1.0) - index for index, first in enumerate(times))


async def busy(clock, quota, *, processes, workers, calls, think=lambda: 0.0):
    """When calls leave that workers of several processes make, each resting between its own."""
    left = []

    async def work(pace):
        while len(left) < calls:
            await pace.acquire()
            left.append(clock.now)
            if rest := think():
                await asyncio.sleep(rest)

    paces = [Pace(quota, key=("host", "id", "action")) for _ in range(processes)]
    await asyncio.gather(*(work(pace) for pace in paces for _ in range(workers)))
    return left


@settings(deadline=None, max_examples=60)
@given(
    quota=st.one_of(st.integers(1, 60), st.integers(61, 400), st.integers(401, 5000)),
    processes=st.integers(1, 4),
    workers=st.sampled_from([1, 3, 40]),
    rests=st.sampled_from([0.0, 0.001, 0.05, 0.3]),
    held_up=st.sampled_from([0.0, 0.001, 0.01, 0.1]),
    seed=st.integers(0, 2**32),
)
def test_no_second_holds_more_than_the_quota_whoever_asks_and_is_held_up(
    quota, processes, workers, rests, held_up, seed
):
    chance = Random(seed)

    def late(_):
        """Mostly a little; of a hundred sleeps one is a long one."""
        return min(0.9, chance.expovariate(1 / held_up) * chance.choices([1, 8], [99, 1])[0]) if held_up else 0.0

    calls = min(6000, int(quota * 2.5) + 5)
    left = virtually(
        lambda clock: busy(
            clock,
            quota,
            processes=processes,
            workers=workers,
            calls=calls,
            think=lambda: chance.uniform(0.0, 2 * rests),
        ),
        late=late,
    )
    assert len(left) >= calls
    assert peak(left) <= quota


@pytest.mark.parametrize("quota", [1, 10, 100, 150, 250, 1000, 5000])
@pytest.mark.parametrize("processes", [1, 3])
def test_98_percent_of_any_quota_are_used(quota, processes):
    left = virtually(lambda clock: busy(clock, quota, processes=processes, workers=20, calls=max(quota, 10) * 3))
    assert 0.977 <= (len(left) - 1) / (left[-1] - left[0]) / quota <= 0.98 + 1 / len(left)


@pytest.mark.parametrize("quota", [10, 100, 1000])
def test_a_tenth_of_a_second_that_a_process_is_held_up_now_and_then_costs_little_of_the_quota(quota):
    left = virtually(
        lambda clock: busy(clock, quota, processes=1, workers=200, calls=quota * 30),
        late=lambda until: max(0.0, 0.1 - until % 3.7),
    )
    assert (len(left) - 1) / (left[-1] - left[0]) / quota >= 0.97
    assert peak(left) <= quota


def test_a_large_quota_costs_a_look_at_the_file_now_and_then():
    async def calls(clock):
        pace, looks = Pace(100_000, key=("host", "id", "action")), []
        change = pace._change
        pace._change = lambda step: looks.append(clock.now) or change(step)
        for _ in range(1000):
            await pace.acquire()
            await asyncio.sleep(0.0005)
        return looks, clock.now

    looks, end = virtually(calls)
    assert len(looks) <= (end - looks[0]) / LEASE


def test_up_to_200_calls_a_second_slots_are_taken_one_by_one():
    async def lease(clock):
        pace = Pace(200, key=("host", "id", "action"))
        await asyncio.gather(*(pace.acquire() for _ in range(5)))
        return pace._lease.many

    assert virtually(lease) == 0


@pytest.mark.parametrize("named", [None, 10.0])
def test_a_throttled_answer_takes_back_the_slots_that_nobody_has_used_yet(named):
    async def throttled(clock):
        pace = Pace(5000, key=("host", "id", "action"))
        await pace.acquire()
        held = pace._lease.many
        pace.throttled(named)
        start = clock.now
        await pace.acquire()
        return held, pace._lease.many, clock.now - start

    held, after, waited = virtually(throttled)
    assert held > 10
    if named:
        assert (after, waited) == (0, pytest.approx(1.0, abs=0.01))
    else:
        assert after < held
        assert 0 < waited <= LEASE + AHEAD


def test_calls_leave_in_the_order_of_asking_across_leases():
    async def order(clock):
        pace, left = Pace(1000, key=("host", "id", "action")), []

        async def one(number):
            await pace.acquire()
            left.append(number)

        await asyncio.gather(*(one(number) for number in range(200)))
        return left

    left = virtually(order)
    assert left == sorted(left)


def test_a_process_that_needs_little_does_not_keep_the_quota_from_one_that_needs_all():
    async def both(clock):
        little, much = (Pace(1000, key=("host", "id", "action")) for _ in range(2))
        left = []

        async def now_and_then():
            for _ in range(400):
                await little.acquire()
                await asyncio.sleep(0.005)

        async def always():
            while not now_and_then_done.done():
                await much.acquire()
                left.append(clock.now)

        now_and_then_done = asyncio.ensure_future(now_and_then())
        await asyncio.gather(*(always() for _ in range(40)))
        return len(left), clock.now - left[0], 400

    chance = Random(7)
    made, seconds, others = virtually(both, late=lambda _: chance.uniform(0.0, 0.001))
    assert made + others >= 0.96 * 1000 * seconds
