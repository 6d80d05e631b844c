"""The calls of an output path: whose they are, and which count of a writer is the later one."""

from airflow_provider_tcocr.landing.calls import RecordedCalls
from airflow_provider_tcocr.landing.writers import new_writer

OURS, THEIRS = "a" * 40, "b" * 40


def test_own_calls_those_of_earlier_attempts_and_those_of_other_runs_are_told_apart():
    own, earlier, other = new_writer(OURS), new_writer(OURS), new_writer(THEIRS)
    calls = RecordedCalls(own, OURS)
    calls.count_own(3)
    calls.take_in({earlier: 5, other: 7})
    assert (calls.own, calls.of_others, calls.of_run) == (3, 12, 5)


def test_an_old_part_takes_no_call_back_and_this_writer_may():
    calls = RecordedCalls(own := new_writer(OURS), OURS)
    other = new_writer(THEIRS)
    for recorded in (4, 2):
        calls.take_in({other: recorded})
        calls.count_own(recorded)  # a call that found no connection is none
    assert calls.to_json() == {other: 4, own: 2}
