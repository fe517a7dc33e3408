"""Makes the fixture of the birthday feed's tests: when calendar programs show each birthday, as other people's code expands it.

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install icalendar==7.3.0 recurring-ical-events==3.8.2 python-dateutil==2.9.0.post0
    /tmp/oracle/bin/python examples/make_birthday_fixtures.py

Reads the two feeds beside the fixture, which are the program's own, byte for byte (a test sees to that): one for each way
to keep 29 February. icalendar reads names and dates; recurring-ical-events says on which days of 2024 to 2029, and of 2100,
which is no leap year, each event is shown, and for how long; dateutil expands the rule by itself and must agree.
"""

import datetime
import json
import pathlib

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr

FOLDER = pathlib.Path(__file__).parent.parent / "tests/fixtures/birthdays"
SPANS = [(datetime.date(2024, 1, 1), datetime.date(2030, 1, 1)), (datetime.date(2100, 1, 1), datetime.date(2101, 1, 1))]


def shown(calendar, event):
    """The days on which programs show the event."""
    alone = icalendar.Calendar()
    alone.add_component(event)
    found = [one for span in SPANS for one in recurring_ical_events.of(alone).between(*span)]
    assert all(one.end - one.start == datetime.timedelta(days=1) for one in found)
    days = sorted(one.start for one in found)
    first = datetime.datetime.combine(event["DTSTART"].dt, datetime.time())
    rule = rrulestr(event["RRULE"].to_ical().decode(), dtstart=first)
    at = lambda day: datetime.datetime.combine(day, datetime.time())
    again = [one.date() for start, end in SPANS for one in rule.between(at(start), at(end), inc=True) if one.date() < end]
    assert days == again, (days, again)
    return [str(day) for day in days]


def read(path):
    text = path.read_bytes()
    lines = text.split(b"\r\n")
    assert lines[-1] == b"" and all(len(line) <= 75 for line in lines) and b"\n" not in b"".join(lines)
    calendar = icalendar.Calendar.from_ical(text)
    assert calendar["VERSION"] == "2.0" and not calendar.errors
    events = []
    for event in calendar.walk("VEVENT"):
        assert not event.errors and event["TRANSP"] == "TRANSPARENT"
        events.append({"uid": str(event["UID"]), "summary": str(event["SUMMARY"]), "on": shown(calendar, event)})
    return {"name": str(calendar["X-WR-CALNAME"]), "refresh": calendar["REFRESH-INTERVAL"].dt.total_seconds(), "events": events}


feeds = {path.stem: read(path) for path in sorted(FOLDER.glob("*.ics"))}
(FOLDER / "feeds.json").write_text(json.dumps(feeds, indent=1, ensure_ascii=False) + "\n")
