"""The catalogue: data sets and network weights, where they come from, and how each is verified."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["images", "weights"]


@dataclass(frozen=True)
class Remote:
    """A file on an official host.

    Attributes:
        url: where it is.
        checksum: `algorithm:hex`, algorithm of `hashlib`; the hex digits may be the first ones only, as in the names of
            torchvision's files.
        size: bytes, about; only shown.
    """

    url: str
    checksum: str
    size: int

    @property
    def file_name(self) -> str:
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Item:
    """Something to fetch.

    Attributes:
        name: what `linksim data fetch` calls it.
        bundled: path below `LINKSIM_DATA`; original files, under their own names, are accepted there too.
        cached: path below the cache, where what was downloaded and converted is kept.
        remotes: its files on the official host; empty if it cannot be downloaded.
        arrays_sha256: `linksim.data.weights.arrays_digest` of the converted weights, where known.
        n_images: images in the whole set; 0 for weights.
        automatic: fetched without being asked for when it is needed.
    """

    name: str
    title: str
    kind: Kind
    bundled: tuple[str, ...]
    cached: str
    remotes: tuple[Remote, ...] = ()
    arrays_sha256: str = ""
    n_images: int = 0
    automatic: bool = True

    @property
    def size(self) -> int:
        return sum(remote.size for remote in self.remotes)


_TORCH = "https://download.pytorch.org/models/"
_LPIPS = "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1/"
_LPIPS_EXAMPLE = "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/imgs/"
_LPIPS_EXAMPLE_FILES = (
    ("ex_ref", "57aff3a0aeb6ebea151411f35b4487ea130aedcac6addd91c8c015969f9df097", 9_464),
    ("ex_p0", "f44901a99c82755cfe78cdbde66579ae06cd0ebbba4a2539aa35ef96bbe703db", 7_518),
    ("ex_p1", "6ada2a42a3378bfa408027ba2d54a827c6f2cec30a0506e4f140fddaca661022", 10_078),
)
_KODAK_SHA256 = (
    "a56e27cbf5f843c048b6af1d6e090760e9c92fadba88b7dee0205918a37523bd",
    "4f4b74a79237e311d72cad958237b5f7088d8bce1c82305ebefe1a70e3022dfd",
    "e25ca1ff2f0c0cb5fdfd5f9b0a0bb21ac4c3de3c84a67f35b09a85d3306249db",
    "e3b946107c5d3441c022f678d0c3caf1e224d81b1604ba840a4f88e562de61aa",
    "10349e963c5c813d327852f82c1795fa4148d69fedffc4c589bee458e3ac3d53",
    "363510303b715d4cbc384e1ce227e466b613a09e1b71ae985882bf8e7fbd9b18",
    "b77d3f006f42414bb242222e0482e750c0fb9e5ee8d4bed2f6f11c5605fe54a4",
    "ba23983c76b4832ee0e8af0592664756841a16779acd69f792e268fb6d13d6e7",
    "6a4361c2fc194feb4edaa9f9a4a0620fb9943e460ac7fdf037fb0f6dd6607a7d",
    "9dfb70f5867c29ff9ed6313683f19b3d867849e40fbc0c4c54a4a89df341cf23",
    "7936814b58b5387fce2e4e2488b4ec830dadd95fa9520f358ddb30990b50f2b6",
    "d78c37c2f04f23761ed2367dd77e2db584ddd4c3950833fecf89f199a8126980",
    "bc34a3ce58dea09dce1704c997171602de90cb34d0c8503a988b77f473d39b08",
    "55a94550ff18f3246c4074fd32b77b0c74447c26b6ad274d564d999c0450ba6e",
    "7538cbb80cb9103606c48b806eae57d56c885c7f90b9b3be70a41160f9cbb683",
    "a89c7268ccd4718ba424a99fc4643c572cf692ca6eae887185ceb4e9f11d2e54",
    "37afcc89fbdcb76d9518e04b2fc011027e2f4cd14b3b2f83cefd721641a47c5b",
    "1a9258c365988961d87a0598725b609139c303ad48a5aad6c503c3b1a87849aa",
    "b7450b264b1b0a411390d8931b112c27905a992520fc90569dc4b920aa32bbdc",
    "3b46c71e3b92a563820ba32936be8330c586c41f938efd94be938386aae4328a",
    "ac958597c82073f6bb65129c68f72b651db5b9efd82e11547d07350214bc268b",
    "1cee58eb1f2d9c7ebb254d208a03c783ce6cf2c4d8c2cf45e235dd23b4ce1b29",
    "e3111a2fd4da24af15d6459ef9eacfe54106b38e27b4a21821b75c3f5d2d5baf",
    "1071c68372cc5a01435c2c225a5cf7d4bb803846ec08bb6b3d6721b156d7cb96",
)

ITEMS = {
    item.name: item
    for item in (
        Item(
            "kodak",
            "Kodak Lossless True Color Image Suite, 24 images",
            "images",
            ("images/kodak",),
            "images/kodak",
            tuple(
                Remote(f"https://r0k.us/graphics/kodak/kodak/kodim{i:02d}.png", f"sha256:{digest}", 640_000)
                for i, digest in enumerate(_KODAK_SHA256, 1)
            ),
            n_images=len(_KODAK_SHA256),
        ),
        Item(
            "voc2012",
            "PASCAL VOC-2012, 17125 images",
            "images",
            ("images/voc2012_test", "images/voc2012_train160"),
            "images/VOC2012",
            (
                Remote(
                    "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
                    "md5:6cd6e144f989b92b3379bac3b3de84fd",
                    1_999_639_040,
                ),
            ),
            n_images=17_125,
            automatic=False,
        ),
        Item(
            "bsds500",
            "Berkeley Segmentation Data Set 500 (from LINKSIM_DATA only)",
            "images",
            ("images/bsds500_train160",),
            "images/BSDS500",
            n_images=500,
        ),
        Item(
            "cifar10",
            "CIFAR-10, 10,000 test and 50,000 training images of 32 x 32 pixels",
            "images",
            ("images/cifar10",),
            "images/CIFAR-10",
            (
                Remote(
                    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                    "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                    170_052_171,
                ),
            ),
            n_images=60_000,
        ),
        Item(
            "clic2020",
            "CLIC 2020, professional validation, 41 images",
            "images",
            ("images/clic2020",),
            "images/CLIC-2020-professional-valid",
            (
                Remote(
                    "https://data.vision.ee.ethz.ch/cvl/clic/professional_valid_2020.zip",
                    "sha256:00be38092ade2ab5163b65f7f6523d46c7bca147007f559adbb02c0afc236b7d",
                    134_834_429,
                ),
            ),
            n_images=41,
        ),
        Item(
            "div2k",
            "DIV2K, validation, 100 images of high resolution",
            "images",
            ("images/div2k",),
            "images/DIV2K-valid",
            (
                Remote(
                    "https://data.vision.ee.ethz.ch/cvl/DIV2K/DIV2K_valid_HR.zip",
                    "sha256:20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
                    448_993_893,
                ),
            ),
            n_images=100,
            automatic=False,
        ),
        Item(
            "alexnet",
            "AlexNet of torchvision, for LPIPS",
            "weights",
            ("lpips/alexnet_features.npz",),
            "weights/alexnet_features.npz",
            (Remote(_TORCH + "alexnet-owt-7be5be79.pth", "sha256:7be5be79", 244_408_911),),
            "195266a4c8e96483085621ac3389a6c24f1dd0963c9ac0e001705d24ece83273",
        ),
        Item(
            "squeezenet",
            "SqueezeNet 1.1 of torchvision, for LPIPS",
            "weights",
            ("lpips/squeezenet1_1_features.npz",),
            "weights/squeezenet1_1_features.npz",
            (Remote(_TORCH + "squeezenet1_1-b8a52dc0.pth", "sha256:b8a52dc0", 4_966_400),),
            "e93098750a62e61ef70cc50f01c17f7eccd8b4c075997affea326c113b362a6e",
        ),
        Item(
            "vgg16",
            "VGG16 of torchvision, for LPIPS and the Gram loss",
            "weights",
            ("lpips/vgg16_features.npz",),
            "weights/vgg16_features.npz",
            (Remote(_TORCH + "vgg16-397923af.pth", "sha256:397923af", 553_433_881),),
        ),
        Item(
            "vgg16-keras",
            "VGG16 of Keras, for the Gram loss",
            "weights",
            ("lpips/keras_vgg16.npz",),
            "weights/keras_vgg16.npz",
            (
                Remote(
                    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
                    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                    "md5:6d6bbae143d832006294945121d1f1fc",
                    58_889_256,
                ),
            ),
        ),
        Item(
            "lpips-heads",
            "Linear heads of LPIPS v0.1",
            "weights",
            ("lpips/lpips_lin_v0.1.npz",),
            "weights/lpips_lin_v0.1.npz",
            (
                Remote(
                    _LPIPS + "alex.pth",
                    "sha256:df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
                    6_009,
                ),
                Remote(
                    _LPIPS + "squeeze.pth",
                    "sha256:4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
                    10_811,
                ),
                Remote(
                    _LPIPS + "vgg.pth",
                    "sha256:a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
                    7_289,
                ),
            ),
            "51d70f9e168c2f77f96ac29f4d16680e09a3546a3925c5f4d25997716e057f11",
        ),
        Item(
            "lpips-example",
            "The pictures of LPIPS's example, for linksim verify",
            "images",
            ("lpips/example",),
            "images/lpips-example",
            tuple(
                Remote(f"{_LPIPS_EXAMPLE}{name}.png", f"sha256:{digest}", size)
                for name, digest, size in _LPIPS_EXAMPLE_FILES
            ),
            n_images=3,
        ),
    )
}
GROUPS = {
    "lpips-alex": ("alexnet", "lpips-heads"),
    "lpips-squeeze": ("squeezenet", "lpips-heads"),
    "lpips-vgg": ("vgg16", "lpips-heads"),
}
