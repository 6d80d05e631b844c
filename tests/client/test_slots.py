"""The pace: no burst, never more than the quota in any sliding second, and slower after a throttled second."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.client.slots import AHEAD, BACK_OFF, CREDIT, FORGET, PaceState


def departures(state, quota, count, *, now=100.0):
    """When calls leave that are all asked for at once."""
    leaves = []
    for _ in range(count):
        slots, state = state.reserve(quota, now)
        leaves.append(slots.leave)
    return leaves, state


def peak(times):
    """The most in any window of one second, closed at its start and open at its end."""
    return max(sum(1 for other in times if first <= other < first + 1.0) for first in times)


@given(quota=st.floats(1, 500), count=st.integers(1, 25))
def test_no_sliding_second_holds_more_than_the_quota(quota, count):
    leaves, _ = departures(PaceState(), quota, count)
    assert peak(leaves) <= math.ceil(quota)


def test_nothing_leaves_in_a_burst_at_the_start_or_after_idling():
    leaves, state = departures(PaceState(), 10, 3)
    assert [b - a for a, b in itertools.pairwise(leaves)] == pytest.approx([0.1 / 0.98] * 2)
    late, _ = departures(state, 10, 3, now=200.0)
    assert late[0] == 200.0
    assert late[1] - late[0] == pytest.approx(0.1 / 0.98)


def held_up(state, quota, *, stalls, seconds=10.0):
    """When calls really leave that are asked for without end by a process that is held up now and then.

    :param stalls: from when, to when
    """
    now, left = 100.0, []
    while now < 100.0 + seconds:
        slots, state = state.reserve(quota, now, asked=100.0)
        really = next((end for start, end in stalls if start <= slots.leave < end), slots.leave)
        if really > slots.leave:
            state = state.departed(slots.place, really)
        left.append(really)
        now = max(now, really)
    return left


@settings(deadline=None)
@given(quota=st.integers(1, 60), start=st.floats(100.5, 104), length=st.floats(0.01, 2.0), again=st.floats(0.05, 2.0))
def test_whoever_was_held_up_keeps_the_quota_when_making_up_for_it(quota, start, length, again):
    second = start + length + again
    left = held_up(PaceState(), quota, stalls=[(start, start + length), (second, second + length)])
    assert peak(left) <= quota


@pytest.mark.parametrize("length", [0.02, 0.1, 0.2, 1.0])
def test_what_a_short_hold_up_cost_is_made_up_for_and_of_a_long_one_a_little(length):
    left = held_up(PaceState(), 100, stalls=[(103.0, 103.0 + length)])
    assert len(left) >= 98 * (10 - max(0.0, length - CREDIT)) - 12
    assert len(left) <= 98 * (10 - max(0.0, length - CREDIT - AHEAD)) + 2


def test_a_collection_of_garbage_costs_no_call_and_throttles_none():
    left = held_up(PaceState(), 100, stalls=[(100.4, 100.6), (103.0, 103.15)])
    assert (len(left) - 1) / 100 / (left[-1] - left[0]) >= 0.975
    assert peak([(time - 100) / 1.015 for time in left]) <= 100, "the margin is there after a stall too"


def test_the_quota_is_used_to_98_percent():
    leaves, _ = departures(PaceState(), 10, 491)
    assert leaves[-1] - leaves[0] == pytest.approx(50.0)


def test_the_quota_named_by_the_service_is_kept_to_and_tried_again_later():
    _, state = departures(PaceState(), 50, 5)
    state = state.throttled(50, 101.0, 10)
    leaves, state = departures(state, 50, 20, now=101.0)
    assert leaves[0] >= 102.0
    assert peak(leaves) <= 10
    assert state.limit(50, 102.0) == 10
    assert state.limit(50, 101.0 + FORGET + 1) == 50


def test_many_throttled_answers_of_one_second_slow_down_once():
    state = PaceState(rate=10.0, passed=9.0)
    once = state.throttled(10, 100.0, None)
    assert once.rate == pytest.approx(10 * 0.9 * BACK_OFF)
    assert once.throttled(10, 100.5, None).rate == once.rate
    twice = once.answered().throttled(10, 100.5, None).throttled(10, 101.1, 10)
    assert twice.rate == pytest.approx(once.rate / 3 * BACK_OFF)


def test_a_second_that_lets_nothing_pass_takes_most_of_the_rate_and_never_all():
    state = PaceState(rate=10.0)
    for second in range(100, 130):
        state = state.throttled(10, float(second), None)
    assert state.rate == pytest.approx(0.2)


def test_the_rate_recovers_to_the_limit_and_no_further():
    _, slow = PaceState(rate=10.0).throttled(10, 100.0, None).reserve(10, 100.0)
    rates = []
    assert slow.rate < 10
    for second in range(1, 120):
        _, slow = slow.reserve(10, 100.0 + second)
        rates.append(slow.rate)
    lowered = [rate for rate in rates if rate]
    assert lowered == sorted(lowered)
    assert lowered[2] == lowered[0]
    assert len(lowered) < len(rates)
    assert rates[-1] == 0.0


def test_a_lower_quota_of_an_earlier_run_slows_no_later_one():
    _, state = departures(PaceState(), 5, 3)
    leaves, _ = departures(state, 50, 10, now=200.0)
    assert leaves[-1] - leaves[0] == pytest.approx(9 / 50 / 0.98)


def test_a_state_from_before_a_reboot_holds_nobody_up():
    slots, _ = PaceState(next_at=1e6).reserve(10, 5.0)
    assert slots.leave == 5.0
