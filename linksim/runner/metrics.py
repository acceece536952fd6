"""Which of the metrics asked for can be computed on this machine."""

from linksim.common.tensorflow import import_tensorflow

# These need nothing but their code; the others need weights that may be absent.
_SELF_CONTAINED = ("psnr", "ssim", "ms_ssim")


def available_metrics(metrics: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The metrics that can be computed, and the reason by name for those that cannot."""
    if set(metrics) <= set(_SELF_CONTAINED):
        return metrics, {}
    import_tensorflow()
    from linksim.runner.simulation.measure import unavailable_reason

    reasons = {name: unavailable_reason(name) for name in metrics if name not in _SELF_CONTAINED}
    return (
        tuple(name for name in metrics if not reasons.get(name)),
        {name: reason for name, reason in reasons.items() if reason},
    )
