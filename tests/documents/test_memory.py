"""The bytes that threads share while they decode."""

import threading

from airflow_provider_tcocr.documents.memory import Memory


def test_who_does_not_fit_waits_until_another_is_done_and_one_larger_than_all_is_alone():
    memory, order, waiting = Memory(10), [], threading.Event()

    def large():
        waiting.set()
        with memory.hold(1000):
            order.append("large")

    with memory.hold(6), memory.hold(4):
        thread = threading.Thread(target=large)
        thread.start()
        waiting.wait()
        thread.join(0.05)
        order.append("small")
    thread.join()
    assert order == ["small", "large"]
    with memory.hold(10):
        pass
