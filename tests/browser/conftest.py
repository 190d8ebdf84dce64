"""An app of its own for each browser test, on a free port of this machine, with its real store."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.answers import drawn_answer, drawn_comparison
from twin.store import Claim, Store, open_store


@dataclass
class House:
    """A served workspace; the test plays the worker through the store, as a worker would."""

    url: str
    store: Store

    def finish_main_job(self, **drawn: Any) -> str:
        """A finished main job whose data end this hour, unless told otherwise."""
        claim = self.store.runs.start("run", {}, owner="test")
        drawn.setdefault("as_of", datetime.now().replace(minute=0, second=0, microsecond=0).isoformat())
        answer = drawn_answer(run_id=claim.run_id, **drawn)
        self.store.artefacts.put(claim, "answer.json", json.dumps(answer).encode())
        self.store.runs.finish(claim, {})
        return claim.run_id

    def claim(self) -> Claim:
        """Take the run that waits, as a worker does."""
        for _ in range(80):
            claim = self.store.runs.claim(owner="test")
            if claim is not None:
                return claim
            time.sleep(0.1)
        raise AssertionError("nothing was asked within eight seconds")

    def finish_whatif(self, claim: Claim) -> None:
        """Give a what-if its result."""
        self.store.artefacts.put(
            claim, "comparison.json", json.dumps(drawn_comparison(claim.run_id)).encode()
        )
        self.store.runs.finish(claim, {})


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    from waitress.server import create_server

    from dashboards.app import build_app

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    with open_store(tmp_path) as store:
        server = create_server(build_app(tmp_path, store).server, host="127.0.0.1", port=0, threads=6)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield House(f"http://127.0.0.1:{server.effective_port}", store)
        server.close()
        server.task_dispatcher.shutdown()


@pytest.fixture
def watched(page: Any) -> Any:
    """A page that keeps what the console says and where requests go."""
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    return page
