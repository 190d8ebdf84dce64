"""What importing HL7 v2 messages takes: messages a minute and peak memory of reading a feed into a segment.

    python benchmarks/importing_hl7.py --messages 300000
    python benchmarks/importing_hl7.py --messages 300000 --growth      # again with 4 times as many

The feed is made first and is no part of the figures: visits on forty wards with their admission, moves,
changes and discharge in order of time, and one appointment in ten messages; 12 segments and about 700 bytes a
message. It is read as ``importing.py`` reads extracts.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from importing import taken

_BEGIN = datetime(2024, 1, 8)
_STEP = timedelta(seconds=20)
_UNREAD = (
    "NK1|1|Archer^Bob^^^Mr|SPO|1 Elm Lane^^Leeds^^LS1 1AA||0113 496 0000\r"
    "OBX|1|NM|8302-2^Height^LN||170|cm|||||F\rOBX|2|NM|29463-7^Weight^LN||70|kg|||||F\r"
    "AL1|1|DA|70618^Penicillin^RxNorm|SV|rash\rDG1|1||I21.9^Myocardial infarction^I10||20240301|A\r"
    "IN1|1|PLAN1|INS1|National Health||||||||20200101|||4|Archer^Ann\rZBE|1|20240301|||U\r"
)


def messages(count: int) -> Iterator[str]:
    """So many messages of a hospital's day and night."""
    chance = random.Random(1)
    for number in range(count):
        at = f"{_BEGIN + number * _STEP:%Y%m%d%H%M%S}"
        visit = chance.randrange(max(1, number - 20_000), number + 2)
        person = (
            f"PID|1||{visit // 2:08d}^^^OAK^MR~{visit // 2:010d}^^^NHS^NH||Archer^Ann^B"
            f"||1950{visit % 12 + 1:02d}15|F||A|1 Elm Lane^^Leeds^^LS1 1AA||0113 496 0000|||M||A{visit}\r"
        )
        if number % 10 == 9:
            yield (
                f"MSH|^~\\&|BOOK|OAK|TWIN|OAK|{at}||SIU^S12^SIU_S12|{number}|P|2.5\r"
                f"SCH|P{number}|F{number}|||LIST{number % 50}|||ROUTINE|30|min|^^30^{at}^"
                f"|||||||||||||Booked\r"
                f"{person}RGS|1\rAIS|1|A|99^Clinic|{at}|||30|min\rAIL|1|A|CLINIC{number % 30}^1\r"
            )
            continue
        trigger = chance.choice(("A01", "A02", "A03", "A04", "A08", "A08"))
        place = f"W{chance.randrange(40):02d}^{chance.randrange(9)}^{chance.randrange(4)}^OAK"
        yield (
            f"MSH|^~\\&|PAS|OAK|TWIN|OAK|{at}||ADT^{trigger}^ADT_{trigger}|{number}|P|2.5\r"
            f"EVN|{trigger}|{at}||||{at}\r{person}"
            f"PV1|1|I|{place}|E||{place}|C1^Smith^J|||300||||19|||C1^Smith^J|I|V{visit}^^^PAS^VN"
            f"|||||||||||||||||01||||||||{at}\rPV2||||||||{at}\r{_UNREAD}"
        )


def written(folder: Path, count: int) -> Path:
    """A feed of so many messages."""
    path = folder / "feed.hl7"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(messages(count))
    return path


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=300_000)
    parser.add_argument("--growth", action="store_true", help="again with 4 times as many messages")
    parser.add_argument("--folder", type=Path, help="where the feed is made")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        for times in (1, 4) if asked.growth else (1,):
            count = asked.messages * times
            print(taken(written(Path(name), count), count, None), flush=True)


if __name__ == "__main__":
    sys.exit(main())
