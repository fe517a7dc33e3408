"""Makes the fixture of the hello API's table test: what it says on every day of four years in 42 time zones.

    python3 examples/make_hello_fixtures.py        (Python 3.11 or newer, nothing else; tzdata 2025b or newer)

"Today" is a UTC moment in a zone of the system's tzdata, and the birthday is looked for by walking on from there, day by
day. One SHA-256 over all sentences of a zone and year, each with its line feed.
"""

import hashlib
import json
import pathlib
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

OUT = pathlib.Path(__file__).parent.parent / "tests/fixtures/hello/messages.json"
# -12 to +14; Etc's signs run the other way. 2028 is a leap year, and every change of year is among the days.
ZONES = [f"Etc/GMT{-hours:+d}" if hours else "UTC" for hours in range(-12, 15)] + [
    "Pacific/Pago_Pago", "Pacific/Marquesas", "America/Anchorage", "America/St_Johns", "America/New_York",
    "Atlantic/Azores", "Europe/Madrid", "Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Eucla",
    "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Chatham", "Pacific/Kiritimati",
]
BORN = ["1999-12-31", "2000-01-01", "1984-02-28", "2000-02-29", "1973-03-01", "1900-07-15"]
FIRST, LAST = date(2026, 12, 31), date(2031, 1, 1)
LEAP_DAYS = {"02-28": (2, 28), "03-01": (3, 1)}


def is_kept_on(day, born, leap_day):
    if (day.month, day.day) == (born.month, born.day):
        return True
    has_no_29th = date(day.year, 3, 1) - date(day.year, 2, 28) == timedelta(days=1)
    return has_no_29th and (born.month, born.day) == (2, 29) and (day.month, day.day) == leap_day


WALKED = {}


def days_until(today, born, leap_day):
    key = today, born, leap_day
    if key not in WALKED:
        day, steps = today, 0
        while not is_kept_on(day, born, leap_day):
            day, steps = day + timedelta(days=1), steps + 1
        WALKED[key] = steps
    return WALKED[key]


def sentence(days):
    return "Hello, Pepe! Happy birthday!" if days == 0 else f"Hello, Pepe! Your birthday is in {days} day(s)"


def moments():
    """Every day at another minute, so that zones are met on both sides of their midnight."""
    day, count = FIRST, 0
    while day <= LAST:
        minute = count * 487 % 1440
        yield datetime(day.year, day.month, day.day, minute // 60, minute % 60, 30, tzinfo=timezone.utc)
        day, count = day + timedelta(days=1), count + 1


def main():
    digests = {}
    for zone in ZONES:
        hashes = {}
        for moment in moments():
            today = moment.astimezone(ZoneInfo(zone)).date()
            said = hashes.setdefault(str(moment.year), hashlib.sha256())
            for leap_day in LEAP_DAYS.values():
                for born in BORN:
                    words = sentence(days_until(today, date.fromisoformat(born), leap_day))
                    said.update(f"{words}\n".encode())
        digests[zone] = {year: said.hexdigest()[:16] for year, said in hashes.items()}
    fixture = {"first": str(FIRST), "last": str(LAST), "born": BORN, "leap_days": list(LEAP_DAYS), "digests": digests}
    OUT.write_text(json.dumps(fixture, indent=1) + "\n")


main()
