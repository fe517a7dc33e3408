"""Writes tests/fixtures/birthdays/days.csv: when a birthday's nine o'clock and midnight are, by Python's datetime and zoneinfo.

    python3 -m venv /tmp/oracle && /tmp/oracle/bin/pip install tzdata==2025.2
    PYTHONTZPATH= /tmp/oracle/bin/python examples/make_greeting_fixtures.py

Zones from UTC-12 to UTC+14, those of half and quarter hours among them, and some whose clocks change at midnight. A birthday
of 29 February is kept on its own day where the year has it, else on 28 February and on 1 March: two rows. tzdata is of the
version that chrono-tz 0.10.4 carries (2025b): what is compared is arithmetic, not what parliaments have decided since.
"""

import datetime
import importlib.metadata
import pathlib
import random
from zoneinfo import ZoneInfo

random.seed(5)
FIXED = [f"Etc/GMT{-h:+d}" if h else "Etc/GMT" for h in range(-12, 15)]
NAMED = [
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Australia/Adelaide", "Australia/Eucla", "Australia/Lord_Howe",
    "Pacific/Chatham", "Pacific/Marquesas", "America/St_Johns", "America/Santiago", "Africa/Cairo", "Asia/Beirut",
    "America/Havana", "Europe/Paris",
]
OUT = pathlib.Path(__file__).parent.parent / "tests/fixtures/birthdays/days.csv"


def some_days():
    """Two days of the calendar away from the turn of the year and from the end of February, of which there are enough."""
    year = [datetime.date(2028, 1, 1) + datetime.timedelta(day) for day in range(366)]
    plain = [day for day in year if (1, 5) < (day.month, day.day) < (2, 25) or (3, 5) < (day.month, day.day) < (12, 27)]
    return [day.strftime("%m-%d") for day in random.sample(plain, 2)]


def kept(birthday, year):
    month, day = map(int, birthday.split("-"))
    try:
        return [("", datetime.date(year, month, day))]
    except ValueError:
        return [("02-28", datetime.date(year, 2, 28)), ("03-01", datetime.date(year, 3, 1))]


def instant(day, hour, zone):
    """The first instant of `day` at which clocks show `hour` or more."""
    local = datetime.datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
    at = local.astimezone(datetime.timezone.utc)
    # A time that is left out in spring reads as the offset before has it; the clock shows it, or the next, then.
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


with OUT.open("w") as out:
    version = importlib.metadata.version("tzdata")
    out.write(f"# zone, birthday, 29 February kept on, year, nine o'clock, midnight after it; tzdata {version}, examples/make_greeting_fixtures.py\n")
    for zone in FIXED + NAMED:
        for birthday in ["02-28", "02-29", "03-01", "12-31", "01-01", *some_days()]:
            for year in range(2026, 2030):
                for leap, day in kept(birthday, year):
                    nine, midnight = instant(day, 9, zone), instant(day + datetime.timedelta(1), 0, zone)
                    out.write(f"{zone},{birthday},{leap},{year},{nine},{midnight}\n")
