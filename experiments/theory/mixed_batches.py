"""Claim: real and fake images may share a batch, unless D has batch normalisation.

python -m experiments.theory.mixed_batches

Some introductions train D on one batch: n real and n fake images together, with the labels 1 and 0. Others, and this
project, take two batches and add the two losses. The mean over 2 n images is half of the sum of two means over n:

    mixed = 1/(2n) (sum of real losses + sum of fake losses) = (real mean + fake mean) / 2

So two times the mixed loss is the same loss with the same gradient, as long as each image's logit depends on this image
alone. Batch normalisation breaks this: it subtracts the mean of the batch. In a mixed batch each image is compared with
images of both kinds, and what D says of an image depends on its neighbours. When G is updated, D sees a batch of fake
images only. So with mixed batches, the same image would get another logit in G's update than in D's.

The networks are those of gan_tf/zoo/dcgan.py, after some iterations on glyphs, with separate batches.
"""

import numpy as np

from experiments.theory import claim

CLAIM = "One mixed batch and two separate ones give D the same gradient, but only without batch normalisation."
REAL, FAKE = 256, 256  # images of each kind in the mixed batch, and in each of the separate ones


def compare(batch_norm, width, steps):
    """Trains a DCGAN, then compares both ways.

    Returns (relative difference of the losses, of the gradients, logits of fake images alone, the same in a mixed
    batch).
    """
    import tensorflow as tf

    from gan_tf import data, losses
    from gan_tf.zoo import dcgan

    images = data.load("glyphs", split="validation").images
    gan = dcgan.make(images, width=width, batch_norm=batch_norm, batch_size=64)
    gan.train(steps)
    discriminator = gan.objects["discriminator"]
    real_images, weights = images[:REAL], discriminator.trainable_variables
    fake_images = gan.objects["generator"](gan.make_noise(0, 2, FAKE), training=True).numpy()
    with tf.GradientTape() as tape:
        logits = discriminator(real_images, training=True), discriminator(fake_images, training=True)
        separate = losses.non_saturating_d_loss(*logits)
    gradients = tape.gradient(separate, weights)
    with tf.GradientTape() as tape:
        mixed_logits = discriminator(np.concatenate([real_images, fake_images]), training=True)
        labels = np.repeat(np.float32([1, 0]), [REAL, FAKE])[:, None]
        mixed = 2 * tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, mixed_logits))
    mixed_gradients = tape.gradient(mixed, weights)
    flat, mixed_flat = (
        np.concatenate([np.ravel(g) for g in each]).astype(float) for each in (gradients, mixed_gradients)
    )
    of_gradients = np.linalg.norm(mixed_flat - flat) / np.linalg.norm(flat)
    return (
        abs(float(mixed / separate) - 1),
        of_gradients,
        logits[1].numpy().ravel(),
        mixed_logits.numpy()[REAL:].ravel(),
    )


def measure(report, width=8, steps=300):
    """Compares both ways with and without batch normalisation, and draws D's logits of the same fake images."""
    import matplotlib.figure

    figure = matplotlib.figure.Figure(figsize=(8.5, 3.6))
    figure.suptitle("What D says of the same fake images")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, batch_norm in zip(panels, (False, True), strict=True):
        of_loss, of_gradient, alone, among_real = compare(batch_norm, width, steps)
        words = "with" if batch_norm else "without"
        limits = (0.01, np.inf) if batch_norm else (0, 1e-4)
        report.check_between(f"{words} batch normalisation: relative difference of the loss", *limits, of_loss)
        limits = (0.1, np.inf) if batch_norm else (0, 1e-4)
        report.check_between(f"{words} batch normalisation: of the gradient", *limits, of_gradient)
        report.note(
            f"{words} batch normalisation: mean logit of fake images, alone and among real ones",
            f"{alone.mean():.3f}, {among_real.mean():.3f}",
        )
        bins = np.linspace(min(alone.min(), among_real.min()), max(alone.max(), among_real.max()), 40)
        axes.hist(alone, bins, alpha=0.6, label="in a batch of fake images")
        axes.hist(among_real, bins, alpha=0.6, label="in a mixed batch")
        axes.set(title=f"{words} batch normalisation", xlabel="logit")
    panels[0].set_ylabel("images")
    panels[1].legend()
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
