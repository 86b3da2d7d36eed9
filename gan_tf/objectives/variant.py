"""What `--loss` and `--d_steps` ask for, as one `Gan`: the reference, or its networks under another objective."""

from gan_tf import reference, training
from gan_tf.objectives.critics import UPDATES, make_critic_step
from gan_tf.objectives.losses import BOUNDARIES, LOSSES
from gan_tf.objectives.recipes import RECIPES

# The flags of gan_tf.train that are arguments of `make`, besides those of every GAN.
OPTIONS = "loss d_steps r1 d_optimizer g_optimizer d_lr g_lr".split()


def make(
    images=None,
    *,
    loss="non_saturating",
    d_steps=None,
    r1=None,
    d_optimizer=None,
    g_optimizer=None,
    d_lr=None,
    g_lr=None,
    batch_size=128,
    seed=0,
    jit=True,
    block=training.BLOCK,
):
    """Makes the reference's networks under the objective `loss`, as a `Gan`; with the defaults, the reference itself.

    `loss` is a key of `LOSSES`. `d_steps` is the number of updates of D for one of G, `r1` the weight of the gradient
    penalty R1 (None: 0). Where `d_steps` or an optimizer is None, it is taken from `RECIPES`. The other arguments are
    those of `reference.make`. Raises KeyError for an unknown loss, ValueError as `reference.make` does.
    """
    recipe = RECIPES[loss]
    d_steps = d_steps or recipe.d_steps
    optimizers = {
        "d_optimizer": d_optimizer or recipe.d_optimizer,
        "g_optimizer": g_optimizer or recipe.g_optimizer,
        "d_lr": d_lr,
        "g_lr": g_lr,
    }
    if loss == "non_saturating" and d_steps == 1 and not r1:
        return reference.make(images, batch_size=batch_size, seed=seed, jit=jit, block=block, **optimizers)

    objects = reference.make_objects(seed, **optimizers)
    if d_steps == 1 and loss not in UPDATES and not r1:
        d_loss_fn, g_loss_fn = LOSSES[loss]
        step = training.make_train_step(**objects, d_loss_fn=d_loss_fn, g_loss_fn=g_loss_fn, jit=jit)
    else:
        step = make_critic_step(**objects, loss=loss, d_steps=d_steps, seed=seed, r1=r1 or 0.0, jit=jit)
    images, train_block = reference.flat(images), None
    if images is not None:
        train_block = training.make_train_block(step, images, batch_size, seed, block, jit, d_steps)
    gan = reference.assemble(objects, train_block, block, seed, images)
    gan.boundary = BOUNDARIES[loss]
    if loss not in ("non_saturating", "minimax"):
        gan.blind_d_loss = None  # 2 log 2 belongs to these cross-entropies only
    return gan
