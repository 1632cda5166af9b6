"""The reviewers: queues of what they are asked, their answers, and verdicts kept under a run."""
