"""Beds foretold at past huddles of a workspace, scored beside "same as now" and "as a week before".

    python benchmarks/beds_now.py WORKSPACE [--origins 40] [--days 97]

Origins are spread evenly over the last ``--days`` before the last three, at the hours of the huddles in turn.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import pandas as pd

# a script's own folder comes first on the path, and benchmarks/forecasting.py would hide the package
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent.resolve()]

from forecasting.targets.looking_back import look_back, scores  # noqa: E402
from forecasting.targets.material import material_of  # noqa: E402
from twin.workspace import Workspace  # noqa: E402


def main() -> None:
    """Score, and print one table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("workspace")
    asked.add_argument("--origins", type=int, default=40)
    asked.add_argument("--days", type=int, default=97)
    given = asked.parse_args()
    place = Workspace(given.workspace)
    hospital = place.hospital()
    material = material_of(place, hospital)
    last = pd.Timestamp(material.as_of).normalize() - pd.Timedelta(days=4)
    origins = [
        last
        - pd.Timedelta(days=given.days - round(k * given.days / given.origins))
        + pd.Timedelta(hours=hospital.huddles[k % len(hospital.huddles)])
        for k in range(given.origins)
    ]
    begin = time.process_time()
    table = look_back(material, hospital, [origin.to_pydatetime() for origin in origins])
    seconds = (time.process_time() - begin) / len(origins)
    print(scores(table).round(3).to_string(index=False))
    print(f"{len(origins)} origins, {seconds:.1f} CPU seconds each")


if __name__ == "__main__":
    main()
