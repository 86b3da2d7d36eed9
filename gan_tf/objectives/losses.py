"""Other objectives than the reference's, as pairs of functions of logits. 1 means real, 0 means fake.

D's loss takes real_logits and fake_logits, G's loss takes fake_logits, each float32 [n, 1]. Both return a scalar.
The output of a critic, which has no sigmoid, is called a logit here, too.
"""

import tensorflow as tf

from gan_tf.losses import non_saturating_d_loss, non_saturating_g_loss


def minimax_d_loss(real_logits, fake_logits):
    """D's loss: -mean log D(x) - mean log(1 - D(G(z))), with D = sigmoid(logit).

    This is the same as the reference's; log D = -softplus(-logit), log(1 - D) = -softplus(logit), finite for any logit.
    Source: Goodfellow et al. 2014, equation 1, negated.
    """
    return tf.reduce_mean(tf.nn.softplus(-real_logits)) + tf.reduce_mean(tf.nn.softplus(fake_logits))


def minimax_g_loss(fake_logits):
    """G's loss: mean log(1 - D(G(z))) = -mean softplus(logit). At most 0; -log 2 when D outputs 1/2 everywhere.

    Its gradient by a logit is -D(G(z)) / n: it is zero when D is certain that an image is fake.
    Source: Goodfellow et al. 2014, equation 1.
    """
    return -tf.reduce_mean(tf.nn.softplus(fake_logits))


def lsgan_d_loss(real_logits, fake_logits):
    """D's loss: ½ mean (D(x) - b)² + ½ mean (D(G(z)) - a)², with a = 0, b = 1, D being the logit itself.

    Source: Mao et al. 2017 (arXiv:1611.04076), equation 9.
    """
    return 0.5 * tf.reduce_mean((real_logits - 1) ** 2) + 0.5 * tf.reduce_mean(fake_logits**2)


def lsgan_g_loss(fake_logits):
    """G's loss: ½ mean (D(G(z)) - c)², with c = 1. Source: Mao et al. 2017 (arXiv:1611.04076), equation 9."""
    return 0.5 * tf.reduce_mean((fake_logits - 1) ** 2)


def wasserstein_d_loss(real_logits, fake_logits):
    """The critic's loss: mean f(G(z)) - mean f(x). At its least it is minus the Wasserstein distance, scaled.

    That holds for f of bounded slope. Nothing here bounds it: the updates in critics.py do.
    Source: Arjovsky et al. 2017 (arXiv:1701.07875), algorithm 1, negated.
    """
    return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)


def wasserstein_g_loss(fake_logits):
    """G's loss: -mean f(G(z)). Source: Arjovsky et al. 2017 (arXiv:1701.07875), algorithm 1."""
    return -tf.reduce_mean(fake_logits)


def variational(activation, conjugate):
    """Returns the two losses of an f-GAN: D's is -mean T(x) + mean f*(T(G(z))), G's is -mean f*(T(G(z))).

    T = activation(logit) maps logits to where f*, the convex conjugate of f, is defined. conjugate(logit) is f*(T).
    E T(x) - E f*(T(G(z))) is at most the divergence D_f(p_data ‖ p_g), with equality for the best T.
    Source: Nowozin et al. 2016 (arXiv:1606.00709), equation 6; the functions: its table 6.
    """

    def d_loss(real_logits, fake_logits):
        return tf.reduce_mean(conjugate(fake_logits)) - tf.reduce_mean(activation(real_logits))

    def g_loss(fake_logits):
        return -tf.reduce_mean(conjugate(fake_logits))

    return d_loss, g_loss


LOG_2 = 0.6931471805599453
KL = variational(
    activation=lambda v: v,
    conjugate=lambda v: tf.exp(v - 1),  # f*(t) = exp(t - 1)
)
REVERSE_KL = variational(
    activation=lambda v: -tf.exp(-v),
    conjugate=lambda v: v - 1,  # f*(t) = -1 - log(-t)
)
JS = variational(
    activation=lambda v: LOG_2 - tf.nn.softplus(-v),
    conjugate=lambda v: tf.nn.softplus(v) - LOG_2,  # f*(t) = -log(2 - exp t)
)
PEARSON = variational(
    activation=lambda v: v,
    conjugate=lambda v: v**2 / 4 + v,  # f*(t) = t² / 4 + t
)

# name: (loss of D from real_logits and fake_logits, loss of G from fake_logits)
LOSSES = {
    "non_saturating": (non_saturating_d_loss, non_saturating_g_loss),  # the reference's
    "minimax": (minimax_d_loss, minimax_g_loss),
    "lsgan": (lsgan_d_loss, lsgan_g_loss),
    "wgan": (wasserstein_d_loss, wasserstein_g_loss),
    "wgan_gp": (wasserstein_d_loss, wasserstein_g_loss),
    "fgan_kl": KL,
    "fgan_reverse_kl": REVERSE_KL,
    "fgan_js": JS,
    "fgan_pearson": PEARSON,
}

# D's best logit for an image x with p_data(x) = p_g(x). Above it, the best D has p_data(x) > p_g(x): it means "real".
#
# - For cross-entropy the best D is p_data / (p_data + p_g) = 1/2, and the sigmoid of 0 is 1/2.
# - For lsgan the best logit is (b p_data + a p_g) / (p_data + p_g) = 1/2, with a = 0, b = 1 (Mao et al., equation 5).
# - For an f-GAN the best T is f'(p_data / p_g) = f'(1) (Nowozin et al., equation 5), and T = activation(logit):
#   f(u) is u log u for KL, f'(1) = 1; -log u for reverse KL, f'(1) = -1; (u - 1)² for Pearson, f'(1) = 0;
#   u log u - (u + 1) log((u + 1) / 2) for JS, f'(1) = 0.
# - A critic has none: its loss stays the same if a constant is added to all its outputs.
BOUNDARIES = {
    "non_saturating": 0.0,
    "minimax": 0.0,
    "lsgan": 0.5,
    "wgan": None,
    "wgan_gp": None,
    "fgan_kl": 1.0,  # T is the logit
    "fgan_reverse_kl": 0.0,  # -exp(-0) = -1
    "fgan_js": 0.0,  # log 2 - softplus(-0) = 0
    "fgan_pearson": 0.0,  # T is the logit
}
