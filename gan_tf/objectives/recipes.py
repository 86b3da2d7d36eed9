"""What --loss chooses: for each objective the optimizers, and how often D is updated, where no flag says otherwise."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Names of optimizers, keys of `optimizers.OPTIMIZERS`, and the updates of D for one of G."""

    d_optimizer: str = "adam"
    g_optimizer: str = "adam"
    d_steps: int = 1


# The reference's first, then the others of losses.LOSSES: with Adam for both, but for the Wasserstein GANs, whose
# papers ask for others, since with the reference's Adadelta D would not learn, whatever its loss.
RECIPES = {
    "non_saturating": Recipe(d_optimizer="adadelta"),
    "minimax": Recipe(),
    "lsgan": Recipe(),
    "wgan": Recipe("rmsprop", "rmsprop", d_steps=5),
    "wgan_gp": Recipe("adam_gp", "adam_gp", d_steps=5),
    "fgan_kl": Recipe(),
    "fgan_reverse_kl": Recipe(),
    "fgan_js": Recipe(),
    "fgan_pearson": Recipe(),
}
