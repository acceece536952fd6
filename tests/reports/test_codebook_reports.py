"""The codebook report and the study of codebook sizes on synthetic features."""

import numpy as np
import pytest

from linksim.codebook.kmeans import kmeans
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.reports.codebook.figure import draw, principal_plane
from linksim.reports.codebook.meter import CodebookMeter
from linksim.reports.codebook.sizes import draw_sizes, study_sizes
from linksim.reports.codebook.stages import stage_rows, stage_table, usage_table


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(3).normal(size=(6000, 4)).astype(np.float32)


def one_stage(codebook):
    return Stages.single(codebook, np.full(len(codebook), 1 / len(codebook), np.float32))


def residual_stages(features, count, heads, size):
    """K-means of what is left over, stage by stage and head by head."""
    left = np.split(features, heads, axis=-1)
    codewords = []
    for s in range(count):
        codewords.append([kmeans(part, size, 10, s)[0] for part in left])
        nearest = [((x[:, None] - e) ** 2).sum(-1).argmin(-1) for x, e in zip(left, codewords[s], strict=True)]
        left = [x - e[i] for x, e, i in zip(left, codewords[s], nearest, strict=True)]
    return Stages(np.array(codewords), np.full((count, heads, size), 1 / size, np.float32))


@pytest.mark.parametrize(("count", "heads", "size"), [(3, 1, 16), (2, 2, 6)])
def test_stages_are_predicted_and_each_refines_the_last(features, count, heads, size):
    meter = CodebookMeter(features, residual_stages(features, count, heads, size))
    rows = [meter.over_bsc(eps, draws=30) for eps in (0.0, 0.05, 0.2)]
    for row in rows:
        assert row.measured == pytest.approx(row.predicted, rel=0.01)
        assert row.predicted == pytest.approx(row.quantization + row.channel_exact + row.cross)
    table = stage_rows(meter, [0.05, 0.2])
    assert [(row.stages, row.bit_error_rate) for row in table] == [
        (s, r) for s in range(1, count + 1) for r in (0.05, 0.2)
    ]
    assert [row.bits for row in table[::2]] == [s * meter.stages.bits_per_stage for s in range(1, count + 1)]
    assert (np.diff([row.quantization for row in table[::2]]) < 0).all()
    assert table[-1].total == pytest.approx(rows[-1].predicted)
    alone = sum(row.channel_last for row in table[1::2])
    assert table[-1].channel == pytest.approx(alone + table[-1].between)
    assert all(0 < row.entropy_bits <= heads * np.log2(size) for row in table)
    assert len(stage_table(table).splitlines()) == count + 1
    header, usage = usage_table(meter.usage)
    assert header == ["stage", "head", "index", "usage"]
    assert len(usage) == count * heads * size
    assert sum(row[-1] for row in usage) == pytest.approx(count * heads)
    labels = draw(meter, rows).axes[2].get_legend_handles_labels()[1]
    assert labels == ["$D_q$", "$D$ at 0", "$D$ at 0.05", "$D$ at 0.2"]


def test_prediction_is_unbiased_off_the_centroids(features):
    codebook = features[:60] * 1.3
    meter = CodebookMeter(features, one_stage(codebook))
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
    meter = CodebookMeter(features[:500], one_stage(codebook))
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
