"""The points of a batch cut into jobs, so that few batches keep many workers busy to the end."""

from linksim.runner.plan import CHUNK, Batch, Job, Point

JOBS_PER_WORKER = 2
"""Of what is left of a run, each worker has so many jobs still to come."""

SHORTEST_SECONDS = 0.5
"""What a job should take: handing it out and opening its batch cost more than waiting for it at the end."""


def cut(batch: Batch, points: list[Point], left: int, workers: int, least: int = 1) -> list[Job]:
    """Jobs for points of a batch; each point is in one of them.

    Every worker that gets a job of a batch loads and encodes it and makes its error-free pictures anew. So jobs are as
    large as the work that is left allows: a part of each worker's share of it. They get smaller towards the end of a run,
    where workers that would wait may as well do such work twice, and all end at nearly the same time. A batch is cut
    between SNRs, every job with low and high ones, which take longer and shorter; if that is not enough, between
    repetitions, and between schemes, which share blocks, last.

    Args:
        batch: the points'.
        points: in the order of `Plan.points`.
        left: points of the run that no job was made for, these among them.
        workers: that there are, or will be; one has nobody to share with and gets all points of the batch.
        least: points of a job, where the batch has them (see `fewest`).
    """
    if not points:
        return []
    size = -(-max(left, len(points)) // (JOBS_PER_WORKER * workers)) if workers > 1 else len(points)
    parts = -(-len(points) // max(size, least))
    snrs = list(dict.fromkeys(point.snr_db for point in points))
    if parts <= len(snrs):
        part = {snr_db: number % parts for number, snr_db in enumerate(snrs)}
        numbers = [part[point.snr_db] for point in points]
    else:
        sent = list(dict.fromkeys((point.snr_db, point.repetition) for point in points))
        if parts <= len(sent):
            part_of = {key: number * parts // len(sent) for number, key in enumerate(sent)}
            numbers = [part_of[point.snr_db, point.repetition] for point in points]
        else:
            numbers = [number * parts // len(points) for number in range(len(points))]
    members: list[list[Point]] = [[] for _ in range(parts)]
    for number, point in zip(numbers, points, strict=True):
        members[number].append(point)
    return [Job(batch, tuple(some)) for some in members]


def fewest(points: int, seconds: float) -> int:
    """Points of the smallest job, where so many took a worker so many seconds; one while nothing is known."""
    return max(1, min(int(SHORTEST_SECONDS * points / seconds), CHUNK)) if seconds > 0 else 1
