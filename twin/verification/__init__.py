"""Verification: cases whose answers others have proved, played and judged by the twin itself.

A case is a page of TOML in ``library`` and a row of ``cases.toml``; estimators that all cases share turn
what happened into quantities, and each gets a verdict. ``twin verify`` shows them, and so does
docs/verification.md.
"""

from __future__ import annotations

from twin.verification.cases import VerificationCase, all_cases, cases_named
from twin.verification.judge import verify
from twin.verification.page import verification_page
from twin.verification.verdict import Verdict

__all__ = ["Verdict", "VerificationCase", "all_cases", "cases_named", "verification_page", "verify"]
