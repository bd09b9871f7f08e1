"""The job queue, the background worker and its jobs."""
