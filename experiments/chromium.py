"""A headless Chromium: for the tests of pages, the times in a browser, and the README's animation."""

import shutil


class MissingError(Exception):
    """This machine lacks a part of it; the message says which, and how to install it."""


def binary():
    """Returns the path of Chromium. Raises MissingError without one."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        raise MissingError("this needs Chromium: apt-get install chromium")
    return found


def start(profile):
    """Starts one that logs its console and its requests, in English, and returns Selenium's driver of it.

    `profile` is a folder of its own. Raises MissingError without Chromium, its driver, or Selenium.
    """
    driver = shutil.which("chromedriver")
    if not driver:
        raise MissingError("this needs Chromium's driver: apt-get install chromium chromium-driver")
    try:
        from selenium import webdriver
    except ModuleNotFoundError as error:
        raise MissingError("this needs selenium: pip install -e '.[test]'") from error
    options = webdriver.ChromeOptions()
    options.binary_location = binary()
    for argument in (
        "headless=new no-sandbox disable-gpu disable-background-networking no-first-run disable-component-update "
        f"disable-sync disable-dev-shm-usage hide-scrollbars lang=en window-size=1280,1000 user-data-dir={profile}"
    ).split():
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    chrome.get("about:blank")  # away from the browser's own first page, which asks for much
    return chrome


def want_less_motion(chrome):
    """From now on pages are told that their visitor wants less motion: nothing moves before it is asked to."""
    still = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", still)
