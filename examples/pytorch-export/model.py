"""A small DeepJSCC in PyTorch: pictures to complex symbols and back, for all SNRs (Bourtsoulatze et al. 2019, Xu et al. 2022).

Three complex symbols for 4 x 4 pixels: rho = 3 / 48 = 1/16. Nothing here knows of linksim; put your own networks in its place.
"""

import torch
from torch import Tensor, nn


def plane(values: Tensor, like: Tensor) -> Tensor:
    """One number for each picture, `[batch, 1]`, as a channel of the size of `like`."""
    return values[:, :, None, None].expand(-1, 1, like.shape[2], like.shape[3])


class Encoder(nn.Module):
    """`picture` `[batch, 3, H, W]` in 0..1 and `snr_db` `[batch, 1]` to real numbers `[batch, 6, H/4, W/4]`.

    Two numbers that follow each other are a complex symbol. The symbols of each picture have mean power 1, so the
    numbers have mean square 1/2.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, 24, 3, padding=1), nn.PReLU(24))
        self.second = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(96, 32, 1), nn.PReLU(32))
        self.last = nn.Sequential(nn.Conv2d(33, 24, 3, padding=1), nn.PReLU(24), nn.Conv2d(24, 6, 3, padding=1))

    def forward(self, picture: Tensor, snr_db: Tensor) -> Tensor:
        x = self.second(self.first(picture - 0.5))
        x = self.last(torch.cat([x, plane(snr_db / 20, x)], 1))
        return x / torch.sqrt(2 * (x * x).mean((1, 2, 3), keepdim=True) + 1e-9)


class Decoder(nn.Module):
    """Equalized `symbols` with the `noise` variance of each, both `[batch, 6, h, w]`, and `snr_db` to a picture in 0..1."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(13, 32, 3, padding=1),
            nn.PReLU(32),
            nn.Conv2d(32, 32, 3, padding=1),
            nn.PReLU(32),
            nn.Conv2d(32, 48, 3, padding=1),
            nn.PixelShuffle(4),
        )

    def forward(self, symbols: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
        # The linear estimate of a symbol of power 1: what a deep fade has buried becomes small, not large.
        trust = 1 / (1 + noise)
        return torch.sigmoid(self.body(torch.cat([symbols * trust, trust, plane(snr_db / 20, symbols)], 1)))


def rayleigh(symbols: Tensor, snr_db: Tensor) -> tuple[Tensor, Tensor]:
    """A Rayleigh channel with a fade a symbol and perfect equalization, for training: received numbers, noise variances.

    It stays out of what is exported: in linksim the link is the channel.
    """
    fade = torch.distributions.Exponential(1.0).sample((symbols.numel() // 2,)).to(symbols).clamp(min=1e-4)
    power = fade.repeat_interleave(2).reshape(symbols.shape)
    noise = 10 ** (-snr_db[:, :, None, None] / 10) / power
    return symbols + torch.randn_like(symbols) * torch.sqrt(noise / 2), noise
