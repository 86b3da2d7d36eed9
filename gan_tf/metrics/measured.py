"""What gan_tf.evaluate measures of pictures, next to held-out real ones: which scores depends on the data set."""

import dataclasses

import numpy as np
from absl import logging

from gan_tf.metrics import classifier, heads_reader, modes, sliced, table


def measure(images, gan, asked, facts, splits, name):
    """Measures `images`, which `gan` has made, or nobody (None), next to held-out real images. Adds to `facts`.

    Returns (the columns of the table, pictures for neighbours.png). `asked` is what `load_images` returns, `splits` are
    the data, `name` is that of the generator in messages. Raises ValueError if its discriminator gives values that
    are not finite.
    """
    train, _, test = splits
    facts["count"] = len(images)
    logging.info("measuring %d samples, a minute or two", len(images))
    held_out = test
    if len(images) < len(test.pixels):  # as many of both, for the scores depend on that
        chosen = np.linspace(0, len(test.pixels) - 1, len(images)).astype(int)
        held_out = dataclasses.replace(test, pixels=test.pixels[chosen], labels=test.labels[chosen])
    columns = {"samples": {}, "real": {}} if len(held_out.pixels) else {"samples": {}}
    pictures = {"samples": images, "real": held_out.images}
    if train.classifier:
        classify(columns, pictures, asked, held_out.labels, facts, splits)
    elif train.name == modes.DATASET:
        model, facts["classifier"] = classifier.load_classifier()
        for column, found in columns.items():
            found |= modes.measure(modes.read(model, pictures[column]))
    else:
        words = "no classifier knows these pictures: Inception score, FID, precision and recall are left out"
        logging.info("%s", words)
    if train.classifier != "mnist":
        compare_pixels(columns, images, held_out.pixels, train.pixels)
    for column, found in columns.items():
        if gan and gan.discriminate:
            logits = gan.discriminate(pictures[column])
            if not np.isfinite(logits).all():
                raise ValueError(f"the discriminator of {name} gives values that are not finite.")
            found |= table.discriminator_accuracy(logits, column == "real", gan.boundary)
    facts["held_out"] = len(held_out.pixels)
    if gan and gan.scores:
        columns["own"] = gan.scores(held_out)
    return columns, table.neighbours(images[:10], train.pixels)


def classify(columns, pictures, asked, real_labels, facts, splits):
    """Adds to each of the `columns` the scores that need a classifier, of its `pictures`."""
    train = splits[0]
    digits = train.classifier == "mnist"
    model, facts["classifier"] = classifier.load_classifier(train.classifier)
    yardstick = table.Yardstick(*(each.images if digits else each.pixels for each in splits), model)
    for column, found in columns.items():
        quick, histogram = yardstick.quick_scores(pictures[column])
        found |= quick
        if digits:
            found |= yardstick.other_scores(
                pictures[column], pictures["samples"] if column == "samples" else yardstick.reference
            )
        else:
            clear = heads_reader.certainty(model, pictures[column]) >= facts["classifier"]["threshold"]
            found["clear"] = table.share(clear.mean(), len(clear))
        if asked is not None:
            found["read_as_asked"] = yardstick.read_as(pictures[column], asked if column == "samples" else real_labels)
        facts[f"class_histogram_{column}"] = histogram.tolist()
    remark(columns, pictures, real_labels, train, model)


def remark(columns, pictures, real_labels, train, model):
    """Logs, in a line each, what to know before comparing these scores with others."""
    if train.classifier != train.name:  # printed digits; of captions, number 27 has a 7
        share = 100 * classifier.accuracy(model, pictures["real"], real_labels % 10)
        words = "MNIST's classifier reads %.1f%% of these real images right; do not compare with scores on MNIST"
        logging.info(words, share)
    count = len(pictures["samples"])
    if count < table.ENOUGH:
        words = "%d are few: even of real images the Inception score is too low, and FID too high; measure %d or more"
        logging.warning(words, count, table.ENOUGH)
    for column, found in columns.items():
        if edge := table.edge_of_search(found.get("parzen_sigma", (None,))[0]):
            words = "%s: sigma is the %s of those tried; the Parzen log-likelihood may be higher beyond it"
            logging.info(words, column, edge)


def compare_pixels(columns, images, held_out, training):
    """Adds to each of the `columns` the scores that need no classifier."""
    if min(images.shape[1:3]) < sliced.SMALLEST:
        logging.info("pictures below %dx%d pixels have no sliced Wasserstein distance", *2 * [sliced.SMALLEST])
        return
    found = sliced.table(images, held_out, training)
    if found["note"]:
        logging.warning("%s", found["note"])
    for column, scores in columns.items():
        scores |= found[column]
