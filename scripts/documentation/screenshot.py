"""Makes the picture of scripts/dev's page that README shows: one user has opted in, bought something and got a reward.
scripts/docs --screenshot runs it, on what is built."""

import base64
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Acceptance"))

from browser import Browser  # noqa: E402
from development import Development  # noqa: E402

PICTURE = ROOT / "Sources/PartnerCore/Documentation.docc/Resources/page.png"
WIDTH, HEIGHT = 1280, 716  # between two boxes
LARGEST = 200_000


def tell(page: Browser) -> None:
    """The story, up to what is worth seeing."""
    page.until(lambda: page.all("#users button"), "nobody can sign in")
    next(button for button in page.all("#users button") if "Ada Lovelace" in button.text).click()
    page.press("#continue")
    page.wait_for_text("#token", "••••••")
    page.press("#buy")
    page.wait_for_text("#said", "Your reward is here")
    page.driver.execute_script("window.scrollTo(0, 0)")
    page.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})


def main() -> None:
    development = Development()
    browser = Browser()
    try:
        browser.show(development.url, width=WIDTH)
        tell(browser)
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": 1}
        shot = browser.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
    finally:
        browser.stop()
        development.stop()
    picture = base64.b64decode(shot["data"])
    if len(picture) > LARGEST:
        sys.exit(f"error: the picture has {len(picture)} bytes, which is too much for a README")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(picture)
    print(f"{PICTURE.relative_to(ROOT)}: {len(picture)} bytes")


if __name__ == "__main__":
    main()
