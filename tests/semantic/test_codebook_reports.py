"""The codebook report and the study of codebook sizes on synthetic features."""

import numpy as np
import pytest

from linksim.errors import InputError
from linksim.semantic.codebook_report import CodebookMeter, draw, principal_plane
from linksim.semantic.codebook_size import draw_sizes, study_sizes
from linksim.semantic.kmeans import nearest


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(3).normal(size=(6000, 4)).astype(np.float32)


def test_prediction_is_unbiased_off_the_centroids(features):
    codebook = features[:60] * 1.3
    meter = CodebookMeter(features, nearest(features, codebook), codebook)
    rows = [meter.over_bsc(eps) for eps in (0.0, 0.05, 0.2)]
    for row in rows:
        # 6000 vectors scatter by 2 % in one draw of the channel; the mean of 40 draws shows a bias of 1 %.
        draws = [meter.over_bsc(row.bit_error_rate, seed).measured for seed in range(40)]
        assert np.mean(draws) == pytest.approx(row.predicted, rel=0.01)
    assert rows[0].measured == pytest.approx(rows[0].quantization, rel=1e-5)
    received = meter.bits.copy()
    received[::10] ^= 1
    link = meter.over_link("link", received)
    assert link.bit_error_rate == pytest.approx(0.1)
    report = meter.report([*rows, link])
    assert report.usage.sum() == pytest.approx(1)
    assert 2**report.entropy_bits == pytest.approx(report.perplexity)
    labels = draw(report).axes[1].get_legend_handles_labels()[1]
    assert {"measured, bsc", "measured, link"} <= set(labels)


def test_principal_plane_holds_planar_codewords():
    plane = np.random.default_rng(0).normal(size=(30, 2)) @ np.array([[1.0, 0, 1, 0], [0, 2, 0, 1]])
    xy, share = principal_plane(plane)
    assert share == pytest.approx(1)
    assert np.linalg.norm(xy[0] - xy[1]) == pytest.approx(np.linalg.norm(plane[0] - plane[1]))


def test_more_errors_want_smaller_codebooks(features):
    study = study_sizes(features, [0.0, 0.1, 0.3], sizes=(4, 16, 64, 256), labelling="random", iterations=8)
    assert (np.diff(study.quantization) < 0).all()
    assert study.best[0] == 256
    assert (np.diff(study.best) <= 0).all()
    assert study.best[-1] < 256
    exact = study_sizes(features, [0.1], sizes=(4, 16, 64), iterations=8)
    assert (exact.channel[0] < study.channel[1, :3]).all()
    assert len(draw_sizes(study).axes) == 2
    with pytest.raises(InputError, match="give more images"):
        study_sizes(features[:10], [0.1], sizes=(16,))
