"""Fork as many processes as asked that all track a run with a queue at once: `runs_at_once.py COUNT`."""

import os
import sys

import mlflow  # noqa: F401  (before the fork: once is enough)

from occurisk.tracking import store
from occurisk.tracking.reviewing import queue

children = []
for number in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        with store.run(store.SCORING, "jobs.csv") as tracked:
            tracked.log_metric("n", number)
            tracked.log_text("x", "x.txt")
            experiment = tracked.active_run().info.experiment_id
        queue.create(tracked, "jobs.csv", set(), queue_type="custom", experiment_id=experiment)
        os._exit(0)
    children.append(child)
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
