"""The server's threads: who worked last works next, nobody is forgotten."""

import threading

from pyramid_uws.server.threads import LatestFirst, Threads
from tests.support.http import wait_for


class Task:
    """Notes in which thread it was served."""

    def __init__(self, served):
        self.served = served

    def service(self):
        self.served.append(threading.current_thread().name)

    def cancel(self):
        raise AssertionError


def start(count):
    threads = Threads()
    threads.set_thread_count(count)
    return threads


def test_one_client_keeps_one_thread_busy():
    threads, served = start(8), []
    wait_for(lambda: threads.active_count == 0)

    for number in range(50):
        threads.add_task(Task(served))
        wait_for(lambda done=number: len(served) > done and threads.active_count == 0, interval=0.001)

    assert len(set(served)) == 1
    threads.shutdown()


def test_many_tasks_are_all_done_by_all_threads():
    threads, served, gate = start(4), [], threading.Barrier(5)

    class Meeting(Task):
        def service(self):
            gate.wait(10)
            super().service()

    for _ in range(4):
        threads.add_task(Meeting(served))
    gate.wait(10)
    for _ in range(100):
        threads.add_task(Task(served))

    wait_for(lambda: len(served) == 104)
    assert len(set(served)) == 4
    threads.shutdown()


def test_all_end_when_they_are_told_to():
    threads = start(5)
    wait_for(lambda: threads.active_count == 0)

    threads.shutdown()

    assert not threads.threads


def test_who_waits_is_woken_last_come_first_served():
    lock, order = threading.Lock(), []
    condition = LatestFirst(lock)

    def wait(number):
        with lock:
            condition.wait()
            order.append(number)

    waiting = []
    for number in range(3):
        waiting.append(threading.Thread(target=wait, args=(number,)))
        waiting[-1].start()
        wait_for(lambda come=number: len(condition._bells) == come + 1)
    for number in range(3):
        with lock:
            condition.notify()
        wait_for(lambda gone=number: len(order) == gone + 1)
    for thread in waiting:
        thread.join()

    assert order == [2, 1, 0]
