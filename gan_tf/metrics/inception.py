"""Scores by the Inception network, as papers publish them. The package torch-fidelity computes them (extra `fid`)."""

import numpy as np

EXTRACTOR = "inception-v3-compat"  # torch-fidelity's name for the network that the papers use
MOST = 10_000  # training pictures that samples are compared with
SUBSET = 1000  # pictures in each of the 100 subsets of KID, as in its paper's program


class InceptionError(Exception):
    """The scores cannot be computed; the message says why in one line, and what to do."""


def require():
    """Raises InceptionError if torch-fidelity is not installed."""
    try:
        import torch_fidelity  # noqa: F401
    except ImportError as error:
        raise InceptionError("--inception needs the package torch-fidelity: pip install -e '.[fid]'.") from error


def measure(images, training, extractor=EXTRACTOR):
    """Returns {name: (value, standard deviation or None)} of `images`, next to the first 10,000 `training` pictures.

    Both are [n, height, width, channels], uint8 or float32 in [0, 1]. They are rounded to 8 bits, and grey pictures get
    three equal channels. The network enlarges them to 299x299 pixels. It was trained on photos: of digits its scores
    mean little. The deviations are torch-fidelity's: of the Inception score over ten parts of the samples, of KID over
    100 random subsets of at most 1,000 pictures. FID and KID are those of the papers only with as many pictures.
    `extractor` is a name that torch-fidelity knows.
    Raises InceptionError if the network's weights cannot be downloaded (91 MB, once).
    """
    import torch_fidelity
    from torch.utils import data as torch_data

    class Pictures(torch_data.Dataset):
        def __init__(self, pictures):
            self.pictures = pictures

        def __len__(self):
            return len(self.pictures)

        def __getitem__(self, place):
            return as_tensor(self.pictures[place])

    training = training[:MOST]
    try:
        found = torch_fidelity.calculate_metrics(
            input1=Pictures(images),
            input2=Pictures(training),
            feature_extractor=extractor,
            isc=True,
            fid=True,
            kid=True,
            prc=True,
            kid_subset_size=min(SUBSET, len(images), len(training)),
            cache=False,
            cuda=False,
            verbose=False,
        )
    except OSError as error:  # of urllib, too
        raise InceptionError(
            f"--inception cannot download the weights of the Inception network ({error}); try again with a network."
        ) from error
    return {
        "inception_score": (found["inception_score_mean"], found["inception_score_std"]),
        "inception_frechet_distance": (found["frechet_inception_distance"], None),
        "inception_kernel_distance": (
            found["kernel_inception_distance_mean"],
            found["kernel_inception_distance_std"],
        ),
        "inception_precision": (found["precision"], None),
        "inception_recall": (found["recall"], None),
    }


def as_tensor(picture):
    """Returns a picture, [height, width, channels], as a tensor of torch, uint8 [3, height, width]."""
    import torch

    picture = np.asarray(picture)
    if picture.dtype != np.uint8:
        picture = np.round(255 * picture.clip(0, 1).astype(np.float64)).astype(np.uint8)
    colours = np.broadcast_to(picture, (*picture.shape[:2], 3))
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(colours, -1, 0)))
