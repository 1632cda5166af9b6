"""What a reviewer does in MLflow's pages, step by step: the tests and the docs' pictures go this way."""

from __future__ import annotations

import time
from typing import Any

ITEM = "mlflow.experiment-review-queue.focused-review"
FILTER = "web-shared.traces-table.filter"


def wait(answer_of, seconds=30):
    """Return the first true answer, polling."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if answer := answer_of():
                return answer
        except Exception:
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


def visible(driver: Any, selector: str) -> list:
    """Return the elements that are shown."""
    return [node for node in driver.find_elements("css selector", selector) if node.is_displayed()]


def text_of(driver: Any) -> str:
    """Return all that a reader sees."""
    return str(driver.find_element("tag name", "body").text)


def go(driver: Any, address: str, expected: str) -> None:
    """Open a page and wait for a text on it; the assistant beside it, which is not ours, is closed."""
    driver.get("about:blank")
    driver.get(address)
    wait(lambda: expected in text_of(driver), 60)
    for button in visible(driver, "[data-component-id='mlflow.assistant.chat_panel.close']"):
        button.click()


def press(driver: Any, label: str) -> None:
    """Press the button of this label, once it can be pressed."""
    wait(lambda: [b for b in visible(driver, "button") if b.text.strip() == label and b.is_enabled()])[
        0
    ].click()


def choose(driver: Any, question: str, option: str) -> None:
    """Choose an answer to a question."""
    wait(lambda: visible(driver, f"[role=combobox][aria-label^='{question}']"))[0].click()
    wait(lambda: [o for o in visible(driver, "[role=option]") if o.text.strip() == option])[0].click()


def give_reason(driver: Any, reason: str) -> None:
    """Type into the box below the first question."""
    visible(driver, f"textarea[data-component-id='{ITEM}.rationale']")[0].send_keys(reason)


def filter_by_tag(driver: Any, key: str, value: str) -> None:
    """Show only the traces whose tag has this value."""
    for guidance in visible(driver, "[data-component-id='mlflow.detect_issues.guidance.got_it']"):
        driver.execute_script("arguments[0].click()", guidance)  # it lies over the buttons

    def part(name: str) -> Any:
        return wait(lambda: visible(driver, f"[data-component-id='{FILTER}.{name}']"))[0]

    part("trigger").click()
    part("field").click()
    wait(lambda: [o for o in visible(driver, "[role=option]") if o.text.strip() == "Tag"])[0].click()
    part("key").send_keys(key)
    part("value").send_keys(value)
    part("apply").click()
