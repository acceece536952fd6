"""The codebook report and the study of codebook sizes on synthetic features."""

import numpy as np
import pytest

from linksim.codebook.kmeans import nearest
from linksim.common.errors import InputError
from linksim.reports.codebook.figure import draw, principal_plane
from linksim.reports.codebook.meter import CodebookMeter
from linksim.reports.codebook.sizes import draw_sizes, study_sizes


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(3).normal(size=(6000, 4)).astype(np.float32)


def test_prediction_is_unbiased_off_the_centroids(features):
    codebook = features[:60] * 1.3
    meter = CodebookMeter(features, nearest(features, codebook), codebook)
    # 6000 vectors scatter by 2 % in one draw of the channel; the mean of 40 draws shows a bias of 1 %.
    rows = [meter.over_bsc(eps, draws=40) for eps in (0.0, 0.05, 0.2)]
    for row in rows:
        assert row.measured == pytest.approx(row.predicted, rel=0.01)
        assert row.deviation == pytest.approx(row.measured / row.predicted - 1)
        assert row.predicted == pytest.approx(row.quantization + row.channel_exact + row.cross)
        assert row.half_width < 0.01 * row.measured
    assert rows[0].measured == pytest.approx(rows[0].quantization, rel=1e-5)
    received = meter.bits.copy()
    received[::10] ^= 1
    link = meter.over_link(8.0, [received, meter.bits])
    assert link.bit_error_rate == pytest.approx(0.05)
    assert link.es_no_db == 8.0
    labels = draw(meter, [*rows, link]).axes[1].get_legend_handles_labels()[1]
    assert {"$D$ measured, BSC", "$D$ measured, link"} <= set(labels)


def test_half_width_covers_the_mean_as_often_as_it_says(features):
    codebook = features[:60]
    meter = CodebookMeter(features[:500], nearest(features[:500], codebook), codebook)
    rows = [meter.over_bsc(0.1, draws=20, seed=seed) for seed in range(100)]
    covered = np.mean([abs(row.measured - row.predicted) < row.half_width for row in rows])
    assert 0.86 < covered <= 1


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
    np.testing.assert_allclose(study.objective, study.quantization + study.channel, rtol=1e-12)
    priced = study_sizes(features, [0.0], sizes=(4, 16, 64, 256), mu=1.0, labelling="random", iterations=8)
    np.testing.assert_allclose(priced.rate_term, 4096 * np.array([2, 4, 6, 8]))
    assert priced.best[0] == 4
    exact = study_sizes(features, [0.1], sizes=(4, 16, 64), iterations=8)
    assert (exact.channel[0] < study.channel[1, :3]).all()
    assert len(draw_sizes(study).axes) == 2
    with pytest.raises(InputError, match="give more images"):
        study_sizes(features[:10], [0.1], sizes=(16,))
