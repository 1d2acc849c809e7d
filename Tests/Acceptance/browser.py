"""Debian's Chromium, without a window."""

import os
from typing import Any, Callable, Optional

from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE_SECONDS = 30
# What axe knows of WCAG 2.1 A and AA, and its own good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


class Browser:
    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        arguments = ["--headless=new", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium's own does not work for root
        for argument in arguments:
            options.add_argument(argument)
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))

    def stop(self) -> None:
        self.driver.quit()

    def show(self, url: str, *, width: int = 1280, dark: bool = False) -> None:
        """Opens a page as if nobody had been there before."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        features.append({"name": "prefers-reduced-motion", "value": "reduce"})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get(url)
        self.driver.execute_script("sessionStorage.clear()")
        self.driver.delete_all_cookies()
        self.driver.get(url)
        self.driver.get_log("browser")

    def until(self, is_so: Callable[[], Any], what: str = "") -> Any:
        wait = WebDriverWait(self.driver, PATIENCE_SECONDS, 0.1, [StaleElementReferenceException, WebDriverException])
        try:
            return wait.until(lambda _: is_so())
        except TimeoutException:
            raise AssertionError(f"{what or 'it did not come about'}; the page says: {self.text('body')}") from None

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, selector: str) -> None:
        self.until(lambda: self.find(selector).is_displayed(), f"{selector} is not there")
        self.find(selector).click()

    def text(self, selector: str) -> str:
        return self.find(selector).text

    def wait_for_text(self, selector: str, text: str) -> None:
        self.until(lambda: text in self.text(selector), f"{selector} does not say {text!r}")

    def key(self, *keys: str) -> None:
        """To whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def tab_to(self, selector: str, *, most: int = 60) -> None:
        """Goes there as somebody without a mouse does."""
        for _ in range(most):
            if self.driver.switch_to.active_element == self.find(selector):
                return
            self.key(Keys.TAB)
        raise AssertionError(f"{selector} is not reached by the Tab key")

    def complaints(self, *, expected: Optional[list[str]] = None) -> list[str]:
        """What the console says beyond the refusals that the test provoked."""
        lines = [entry["message"] for entry in self.driver.get_log("browser")]
        return [line for line in lines if not any(word in line for word in expected or [])]

    def violations(self) -> list[str]:
        """What axe finds wrong."""
        found = Axe().run(self.driver, options={"runOnly": RULES})["violations"]
        return [f"{it['id']}: {node['target']} {node['failureSummary']}" for it in found for node in it["nodes"]]

    @property
    def overflow(self) -> int:
        """Pixels that the page is wider than the window."""
        return self.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
