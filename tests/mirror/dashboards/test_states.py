"""The lines above a page: old data warn; simulated records are a hospital to try."""

from dashboards.pages.states import notices
from dashboards.services.answer import Freshness
from dashboards.services.view import View


def _lines(**answer):
    about = {"run_id": "w-1", "as_of": "2025-12-31T23:00:00", "degraded": [], **answer}
    view = View(answer=about, fresh=Freshness(hours=72), running=None, failed=None, worker_seen=True)
    return " ".join(str(line.to_plotly_json()) for line in notices(view))


def test_data_of_three_days_ago_warn_that_nothing_may_be_approved():
    assert "The data are 3 days old" in _lines()


def test_simulated_records_are_told_as_a_hospital_to_try_and_not_as_old():
    told = _lines(simulated=True)

    assert "A hospital to try" in told
    assert "days old" not in told
