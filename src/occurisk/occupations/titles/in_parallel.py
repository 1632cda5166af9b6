"""Many titles on all processors: a function applied to pieces of a list, in order, a few pieces ahead."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
# Results wait for whoever reads them: with more pieces ahead, memory grows and nothing is faster.
AHEAD = 2


def pieces_mapped(
    work: Callable[[Sequence[str]], list[T]], items: Sequence[str], size: int, workers: int
) -> Iterator[T]:
    """Apply a function to pieces of a list; yield the results one by one, in the order of the list.

    Parameters
    ----------
    work : callable
        Of a piece; the same results whichever way a list is cut.
    items : sequence of str
    size : int
        Items of a piece.
    workers : int
        Processes; with 1, or where no process may be split off, everything happens here.
    """
    pieces = (items[start : start + size] for start in range(0, len(items), size))
    if workers < 2 or len(items) <= size * workers or not _may_fork():
        for piece in pieces:
            yield from work(piece)
        return
    waiting: deque[Future[list[Any]]] = deque()
    # What is worked with goes over with the fork, and is never pickled.
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, context, initializer=_keep, initargs=(work,)) as pool:
        for piece in pieces:
            waiting.append(pool.submit(_worked, piece))
            if len(waiting) > workers * AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


_kept: list[Callable[[Sequence[str]], list[Any]]] = []


def _keep(work: Callable[[Sequence[str]], list[Any]]) -> None:
    _kept[:] = [work]
    # Nothing that a piece makes refers to itself, so that all of it goes without the collector. The collector
    # would walk through the whole model again and again: a fifth of the time.
    gc.disable()


def _worked(piece: Sequence[str]) -> list[Any]:
    return _kept[0](piece)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _may_fork() -> bool:
    """Return whether a process can be split off: on Linux, while no other thread may hold a lock."""
    return sys.platform == "linux" and threading.active_count() == 1
