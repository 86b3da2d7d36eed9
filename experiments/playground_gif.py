"""Records the playground's room "train a GAN" for the README: python -m experiments.playground_gif [--out_dir=…]

Opens the playground in headless Chromium, chooses the story of one changed number, and takes a picture of the room
every 200 iterations. Writes playground.gif. It needs Chromium and its driver, and `pip install -e '.[test]'`.
"""

import io
import tempfile
from pathlib import Path

from absl import flags
from PIL import Image

from experiments import chromium, record
from experiments.playground import PLAYGROUND
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

FRAMES, EVERY = 15, 200  # the last frame is after 2,800 iterations
SIZE = 1180, 760  # of the window
STORY = "faster"


def pictures(chrome):
    """Yields the frames. The room stands still, so each step is asked for."""
    chromium.want_less_motion(chrome)
    chrome.set_window_size(*SIZE)
    chrome.get(f"{(PLAYGROUND / 'index.html').as_uri()}#train")
    # A story begins to train by itself: pause it at once, and start again.
    clicks = [f"document.querySelector('{each}').click();" for each in (f"[data-story={STORY}]", "#play", "#again")]
    chrome.execute_script("".join(clicks) + "document.getElementById('stage').parentElement.scrollIntoView()")
    for frame in range(FRAMES):
        if frame:
            chrome.execute_script(f"for (let i = 0; i < {EVERY}; i++) document.getElementById('step').click()")
        picture = Image.open(io.BytesIO(chrome.get_screenshot_as_png())).convert("RGB")
        picture = picture.resize((640, picture.height * 640 // picture.width))
        yield picture.quantize(128, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def main():
    """Makes the animation."""
    record.check(FLAGS.out_dir)
    with tempfile.TemporaryDirectory() as profile:
        chrome = chromium.start(profile)
        try:
            frames = list(pictures(chrome))
        finally:
            chrome.quit()
    Path(FLAGS.out_dir).mkdir(parents=True, exist_ok=True)
    durations = [300] * (len(frames) - 1) + [3000]
    path = Path(FLAGS.out_dir) / "playground.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    flags.DEFINE_string("out_dir", "out/experiments/playground_gif", "Folder of the result.")
    command_line.run(main, {"Flags": ["out_dir"]}, (chromium.MissingError, OSError))
