"""Adaptive coding and the ideal code."""

import numpy as np
import pytest
from PIL import Image
from small_link import link_config, picture, send

from linksim import metrics
from linksim.codecs import jpeg
from linksim.common.errors import InputError
from linksim.data.images import ImagesConfig
from linksim.link.air.capacity import ergodic_capacity
from linksim.link.ledger import ledger_of
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.adaptive.scheme import AdaptiveScheme

RAYLEIGH = link_config(channel={"kind": "rayleigh"})
GRID = [{"rate": 0.5, "bits_per_symbol": 2}, {"rate": 0.5, "bits_per_symbol": 6}, {"rate": 0.75, "bits_per_symbol": 4}]
REFERENCE = {"name": "reference", "kind": "jpeg", "quality": 70}


@pytest.fixture
def folder(tmp_path):
    for i in range(2):
        Image.fromarray(picture(64, 64, seed=i, noise=8)).save(tmp_path / f"{i}.png")
    return {"dataset": "folder", "path": str(tmp_path)}


def scheme(link, mcs, **options):
    adaptive = parse_scheme({"name": "s", "kind": "jpeg", "rate_match": "reference", "mcs": mcs} | options)
    return build_scheme(adaptive, SchemeContext(link, (parse_scheme(REFERENCE), adaptive)))


def adaptive(link, folder, **options):
    return scheme(link, {"kind": "adaptive", "grid": GRID, "validation": folder} | options)


def test_the_envelope_is_never_below_a_single_scheme_on_the_validation_images(folder):
    s = adaptive(link_config(), folder)
    chosen = set()
    for snr in (4.0, 14.0, 22.0):
        choice = s.choose(snr)
        chosen.add(choice)
        assert all(s.score(choice, snr) >= s.score(other, snr) for other in s.choices)
    assert len(chosen) > 1
    assert s.choose(4.0).mcs.bits_per_symbol == 2
    assert s.choose(22.0).mcs.rate * s.choose(22.0).mcs.bits_per_symbol == 3.0


def test_the_envelope_delivers_no_less_than_any_single_scheme(folder):
    """As the test above, but with what arrives of the validation images under other fades; 0.2 dB for what the fades leave open."""
    images, names = [picture(64, 64, seed=i, noise=8) for i in range(2)], ["0.png", "1.png"]
    envelope = adaptive(RAYLEIGH, folder)
    for snr in (4.0, 12.0, 18.0, 26.0):
        budgets = envelope._budgets(snr)
        quality = []
        for s in (envelope, *(scheme(RAYLEIGH, {"kind": "fixed", **mcs}) for mcs in GRID)):
            sent = s.transmit(images, names, budgets, snr)
            deliveries = [d for key in range(4) for d in send(s, sent, snr, (key,))]
            quality.append(np.mean(metrics.psnr(np.stack(images * 4), np.stack([d.image for d in deliveries]))))
        assert quality[0] >= max(quality[1:]) - 0.2
        assert min(quality[1:]) < quality[0] - 1  # there was something to choose


def test_the_envelope_counts_what_does_not_fit_as_lost(folder, monkeypatch):
    """At 2 dB only BPSK 1/3 arrives, with a file too large for one of two images; a code that always fails is no better choice."""
    pictures = [picture(64, 64, seed=i, noise=noise) for i, noise in enumerate((0, 100))]
    for i, image in enumerate(pictures):
        Image.fromarray(image).save(f"{folder['path']}/{i}.png")
    grid = [{"rate": 0.75, "bits_per_symbol": 6}, {"rate": 1 / 3, "bits_per_symbol": 1}]
    s = adaptive(RAYLEIGH, folder, grid=grid)
    weak, strong = s.choices
    smallest = [8 * len(jpeg.encode(image, 1)) for image in pictures]
    costs = [ledger_of(s.fixed(*strong).link, bits).channel_uses for bits in smallest]
    budgets = [costs[1] - 1] * 2
    assert costs[0] < budgets[0]
    monkeypatch.setattr(s, "_budgets", lambda es_no_db: budgets)
    assert s.choose(2.0) == strong
    assert s.score(strong, 2.0) > s.score(weak, 2.0)
    # Under test, what does not fit falls back on the other code and is lost on the way, not left out.
    sent = s.transmit(pictures, list("ab"), budgets, 2.0)
    assert [t.settings["bits_per_symbol"] for t in sent] == [1, 1]
    assert [t.settings.get("sent_bits_per_symbol") for t in sent] == [None, 6]
    assert [d.outage for d in send(s, sent, 2.0)] == [False, True]
    values = metrics.psnr(np.stack(pictures), np.stack([d.image for d in send(s, sent, 2.0)]))
    assert np.mean(values) == pytest.approx(s.score(strong, 2.0), abs=1e-6)


def test_what_fits_with_no_code_is_infeasible(folder):
    (sent,) = adaptive(link_config(), folder).transmit([picture()], ["a"], [10], 14.0)
    assert sent.infeasible


def test_the_choice_is_named_and_the_budget_kept(folder):
    s = adaptive(link_config(), folder)
    assert isinstance(s, AdaptiveScheme)
    assert s.transmit_depends_on_snr
    (sent,) = s.transmit([picture()], ["a"], [3000], 22.0)
    assert sent.settings["bits_per_symbol"] * sent.settings["code_rate"] == 3.0
    assert sent.channel_uses <= 3000
    (delivery,) = send(s, [sent], 22.0)
    assert not delivery.outage


def test_the_choice_does_not_look_at_the_images_under_test(folder):
    first, second = adaptive(link_config(), folder), adaptive(link_config(), folder)
    first.transmit([picture(noise=0)], ["a"], [3000], 14.0)
    second.transmit([picture(noise=120, seed=9)], ["b"], [500], 14.0)
    assert first.choose(14.0) == second.choose(14.0)


def test_an_uncoded_link_cannot_adapt_its_code(folder):
    with pytest.raises(InputError, match="mcs adaptive needs a channel code"):
        adaptive(link_config(code={"kind": "none"}), folder)


def test_rate_1_sends_blocks_without_a_code(folder):
    """Over a link with a code, and as a link without one sends them; adaptive coding takes it where it is best."""
    bare = {"rate": 1, "bits_per_symbol": 2}
    image = picture()
    (ours,) = scheme(link_config(), {"kind": "fixed", **bare}).transmit([image], ["a"], [4000], None)
    uncoded = link_config(code={"kind": "none", "block_bits": 256})
    reference = parse_scheme(REFERENCE | {"name": "s", "quality": None, "channel_uses": 4000})
    (theirs,) = build_scheme(reference, SchemeContext(uncoded, (reference,))).transmit([image], ["a"], [4000], None)
    assert ours.streams[0].link == theirs.streams[0].link == uncoded
    np.testing.assert_array_equal(ours.streams[0].bits, theirs.streams[0].bits)
    s = adaptive(link_config(), folder, grid=[GRID[0], bare])
    assert s.choose(6.0).mcs.coded
    assert not s.choose(25.0).mcs.coded, "without errors the finer picture wins"


def test_rate_1_is_refused_where_blocks_are_sent_again(folder):
    with pytest.raises(InputError, match="harq chase needs one"):
        scheme(link_config(harq={"kind": "chase"}), {"kind": "fixed", "rate": 1, "bits_per_symbol": 2})


@pytest.mark.parametrize("rate", [0.99, 1.01, 0.01])
def test_a_rate_of_no_code_is_refused(rate):
    with pytest.raises(InputError, match=r"mcs\.fixed\.rate|no rate of a code"):
        parse_scheme(REFERENCE | {"mcs": {"kind": "fixed", "rate": rate, "bits_per_symbol": 2}})


def test_the_ideal_code_carries_the_capacity_and_no_more():
    s = scheme(RAYLEIGH, {"kind": "capacity"})
    image = picture()
    (sent,) = s.transmit([image], ["a"], [4000], 10.0)
    best = max(ergodic_capacity(10.0, m, RAYLEIGH.channel) for m in (1, 2, 4, 6, 8))
    assert sent.settings["bits_per_channel_use"] == pytest.approx(best, abs=1e-4)
    assert sent.settings["ideal_source_bits"] <= best * 4000
    assert sent.channel_uses == sent.settings["ideal_channel_uses"] == 4000
    assert sent.context is None, "what is delivered travels in the stream, not in what the receiver knows"
    lost = s.transmit([image], ["a"], [200], 10.0)
    (delivery,) = send(s, lost, 10.0)
    assert delivery.outage
    assert lost[0].settings["ideal_source_bits"] == 0
    assert not lost[0].infeasible


def test_the_ideal_code_is_never_below_a_real_one(folder):
    images, budgets = [picture(seed=i) for i in range(3)], [3500] * 3
    for snr in (6.0, 14.0, 22.0):
        quality = {}
        for name, s in (
            ("real", adaptive(RAYLEIGH, folder)),
            ("ideal", scheme(RAYLEIGH, {"kind": "capacity"})),
        ):
            sent = s.transmit(images, list("abc"), budgets, snr)
            assert not any(t.infeasible for t in sent)
            pictures = [d.image for d in send(s, sent, snr)]
            quality[name] = np.mean(metrics.psnr(np.stack(images), np.stack(pictures)))
        assert quality["ideal"] >= quality["real"]


def test_the_outage_capacity_loses_its_share_of_pictures():
    s = scheme(RAYLEIGH, {"kind": "capacity", "which": "outage", "outage_probability": 0.3})
    image = picture(16, 16)
    sent = s.transmit([image] * 200, [str(i) for i in range(200)], [6000] * 200, 12.0)
    lost = np.mean([d.outage for d in send(s, sent, 12.0)])
    assert 0.2 < lost < 0.4


def test_validation_is_an_image_set():
    config = parse_scheme(
        {"name": "s", "kind": "bpg", "rate_match": "r", "mcs": {"kind": "adaptive", "validation": {"dataset": "kodak"}}}
    )
    assert config.mcs.validation == ImagesConfig(dataset="kodak")


def test_a_fixed_scheme_is_the_adaptive_one_s_curve(folder):
    image = picture()
    envelope = adaptive(link_config(), folder)
    for mcs in envelope.mcs.grid:
        fixed = scheme(link_config(), {"kind": "fixed", **mcs.model_dump()})
        (one,), (other,) = (s.transmit([image], ["a"], [4000], None) for s in (fixed, envelope.fixed(mcs)))
        assert one.settings == other.settings
        assert one.streams[0].link == other.streams[0].link
        assert one.streams[0].link.modulation.bits_per_symbol == mcs.bits_per_symbol
