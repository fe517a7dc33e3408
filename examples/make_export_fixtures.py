"""Writes tests/fixtures/julian_dates.csv: Julian dates (UTC) by astropy.time, for the exports' tests.

python3 -m venv v && v/bin/pip install astropy && v/bin/python examples/make_export_fixtures.py
"""

import random

import astropy
from astropy.time import Time

random.seed(4)
times = ["1970-01-01T00:00:00Z", "2000-01-01T12:00:00Z", "2026-08-25T21:20:30.250Z", "2028-02-29T23:59:59.999999Z"]
times += [
    f"{random.randint(1996, 2099)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    f"T{random.randint(0, 23):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}.{random.randint(0, 999999):06}Z"
    for _ in range(40)
]
with open("tests/fixtures/julian_dates.csv", "w") as out:
    out.write(f"# time, Julian date (UTC); astropy {astropy.__version__}, examples/make_export_fixtures.py\n")
    for time in times:
        jd = Time(time.rstrip("Z"), format="isot", scale="utc", precision=9)
        # To a hundredth of a microsecond; a float has 40 µs.
        out.write(f"{time},{jd.to_value('jd', subfmt='decimal'):.10f}\n")
