import threading
import time

import pytest

from agents.threads import side_by_side


@pytest.mark.parametrize("workers", [1, 3, 50])
def test_results_are_in_order_and_threads_bounded(workers):
    lock, running, peak = threading.Lock(), 0, 0

    def work(item):
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        time.sleep(0.002 * (item % 3))
        with lock:
            running -= 1
        return item * 10

    assert side_by_side(work, range(20), workers) == [item * 10 for item in range(20)]
    assert peak <= workers
    assert side_by_side(work, [], workers) == []


def test_the_first_item_that_raised_is_told():
    done = []

    def work(item):
        if item in (2, 4):
            time.sleep(0.02 if item == 2 else 0.0)
            raise ValueError(item)
        done.append(item)

    with pytest.raises(ValueError, match="2"):
        side_by_side(work, range(6), 3)
    assert sorted(done) == [0, 1, 3, 5]
