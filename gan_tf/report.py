"""Writes a page to look at a run in a browser: python -m gan_tf.report --run_dir=out.

The page is report.html in the run's folder. Training writes it at its end. Run this command for a run that has not
ended, or after gan_tf.evaluate, so that the page shows the scores. --lang=zh writes it in Chinese.
"""

from pathlib import Path

import numpy as np
from absl import flags, logging

from gan_tf import data, restore
from gan_tf.data.dataset import scaled
from gan_tf.runs import command_line, words
from gan_tf.runs.config import RunError
from gan_tf.runs.exported import exporting


def real_images(config):
    """Returns the first 16 images that the run was trained on, as float32; None, with a warning, without them."""
    try:
        dataset = data.load_as(config["flags"])
        if dataset.digest != config["data"].get("digest"):
            raise ValueError("the images there are not those that the run was trained on")
        return scaled(np.array(dataset.pixels[:16]))
    except (data.DataError, ValueError, OSError) as error:
        logging.warning("the page has no real images to show to D: %s", error)


def main():
    """Writes report.html for the newest state of the run in --run_dir."""
    run_dir = Path(flags.FLAGS.run_dir)
    config = restore.check_run(run_dir, flags.FLAGS.gan)  # before TensorFlow, which takes seconds to import
    command_line.import_tensorflow()
    gan, iteration = restore.load_run(run_dir, flags.FLAGS.gan)
    gan.real_pictures = real_images(config)
    from gan_tf.runs import report  # with TensorFlow

    with exporting(run_dir):
        report.write(run_dir, gan, iteration, flags.FLAGS.lang)
    logging.info("wrote %s: open it in a browser", run_dir / "report.html")


if __name__ == "__main__":
    flags.DEFINE_string("run_dir", "out", "Folder of a run; the page shows its newest checkpoint.")
    flags.DEFINE_string("gan", None, restore.GAN_HELP)
    flags.DEFINE_enum("lang", None, list(words.LANGUAGES), "Language of the page. Unset: that of your environment.")
    command_line.run(main, {"Flags": ["run_dir", "gan", "lang"]}, (restore.LoadError, RunError, OSError))
