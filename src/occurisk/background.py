"""Work beside the work: reading ahead and writing behind in threads, independent calls in processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")
Progress = Callable[[int, int], None]  # told how much is done, and how much there is


class Unfinished(Protocol):
    """A file that is being written."""

    def close(self) -> None:
        """Finish the file."""

    def abandon(self) -> None:
        """Let go of a file that will not be finished."""


@contextmanager
def finished(*files: Unfinished) -> Iterator[Background]:
    """Yield a background; close the files when it is done, let go of them if something goes wrong."""
    try:
        with Background() as background:
            yield background
            background.wait()
            for file in files:
                background.then(file.close)
    except BaseException:
        for file in files:
            file.abandon()
        raise


class Background:
    """One thread that reads ahead and one that writes behind, each with a short queue; one that looks on."""

    def __init__(self, depth: int = 2) -> None:
        self.depth = depth
        self.reader, self.writer, self.onlooker = (ThreadPoolExecutor(1) for _ in range(3))
        self.pending: list[Future[None]] = []
        self.looking: Future[None] | None = None

    def __enter__(self) -> Background:
        return self

    def ahead(self, batches: Iterator[_T]) -> Iterator[_T]:
        """Yield batches while the next are being read."""
        end = object()

        def step() -> Any:
            return next(batches, end)

        waiting = [self.reader.submit(step) for _ in range(self.depth)]
        while (batch := waiting.pop(0).result()) is not end:
            waiting.append(self.reader.submit(step))
            yield batch

    def then(self, *work: Callable[[], None]) -> None:
        """Do this after what was asked before; wait if too much is pending."""
        self.pending += [self.writer.submit(w) for w in work]
        while len(self.pending) > 2 * self.depth:
            self.pending.pop(0).result()

    def look_on(self, work: Callable[[], None]) -> None:
        """Do this beside reading and writing, unless it is still being done."""
        if self.looking is None or self.looking.done():
            if self.looking is not None:
                self.looking.result()
            self.looking = self.onlooker.submit(work)

    def wait(self) -> None:
        """Wait until everything is written."""
        while self.pending:
            self.pending.pop(0).result()

    def __exit__(self, kind: Any, *_: Any) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            for pool in (self.reader, self.writer, self.onlooker):
                pool.shutdown(wait=True, cancel_futures=True)


def in_processes(
    calls: Sequence[Any], jobs: int, progress: Progress | None = None, batch_size: int | str = "auto"
) -> list[Any]:
    """Run calls in processes, and return what each returned, in order.

    Parameters
    ----------
    calls : sequence
        As `joblib.delayed` makes them.
    jobs : int
        Processes; the results do not depend on it.
    progress : callable, optional
        Called with (done, total).
    batch_size : int or "auto"
        Calls that a process takes at a time.
    """
    from joblib import Parallel  # a list that is scored needs no processes
    from threadpoolctl import threadpool_limits

    results = []
    # On tables this small, threads of linear algebra only wait for each other: seven times the work.
    with threadpool_limits(1, "blas"):
        for result in Parallel(n_jobs=jobs, return_as="generator", batch_size=batch_size)(calls):
            results.append(result)
            if progress:
                progress(len(results), len(calls))
    return results
