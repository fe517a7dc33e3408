"""Makes the fixtures of the birthday star's tests: the choice for every age worked out anew from the catalogue, and when
some stars can be seen over some sites as astropy has it.

    curl -sL https://static.crates.io/crates/star-catalog/star-catalog-0.2.0.crate | tar xz
    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install astropy==8.0.2
    /tmp/oracle/bin/python examples/make_birthday_star_fixtures.py star-catalog-0.2.0/hipparcos_mag7.json

Nothing here reads the program's own table.
"""

import json
import math
import pathlib
import sys
import warnings
from datetime import date, timedelta

import astropy
import astropy.units as u
import numpy as np
from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body
from astropy.time import Time
from astropy.utils import data, iers

iers.conf.auto_download = False
iers.conf.iers_degraded_accuracy = "warn"
data.conf.allow_internet = False
warnings.simplefilter("ignore")

HERE = pathlib.Path(__file__).parent.parent / "tests/fixtures/birthdays"
TODAY = date(2026, 11, 21)
K = 0.97 / 3261.56

stars = json.load(open(sys.argv[1]))["stars"]
stars = [s for s in stars if s[4] <= 6.5 and 0 < s[3] <= 200]


def arcsec(a, b):
    cos = math.sin(a[2]) * math.sin(b[2]) + math.cos(a[2]) * math.cos(b[2]) * math.cos(a[1] - b[1])
    return math.degrees(math.acos(min(1.0, cos))) * 3600


# Of two within a minute of arc whose distances agree within three standard errors, the brighter stands for both.
stars.sort(key=lambda s: s[4])
single = []
for s in stars:
    error = lambda a: a[3] ** 2 * K
    twin = lambda b: abs(s[2] - b[2]) < 0.001 and arcsec(s, b) < 60 and abs(s[3] - b[3]) < 3 * math.hypot(error(s), error(b))
    if not any(twin(b) for b in single):
        single.append(s)


def chosen(age):
    """The star of the smallest measure; of those that fit and are within a quarter of its error of that, the brightest."""
    error = lambda s: s[3] ** 2 * K
    measure = lambda s: math.hypot(s[3] - age, error(s))
    fits = lambda s: abs(s[3] - age) <= max(0.5, 2 * error(s))
    first = min(single, key=measure)
    equal = [s for s in single if fits(s) and measure(s) <= measure(first) + error(first) / 4]
    return min(equal, key=lambda s: s[4]) if fits(first) else first


with open(HERE / "choice.csv", "w") as out:
    print("# examples/make_birthday_star_fixtures.py; today is", TODAY, file=out)
    print("born,hip,next_hip,difference_ly,sigma_ly", file=out)
    for years in range(127):
        for months in (0, 3, 6, 9):
            born = TODAY - timedelta(days=round((years + months / 12) * 365.25))
            if born < date(1900, 1, 1):
                continue
            age = (TODAY - born).days / 365.25
            best = chosen(age)
            after = min((s for s in single if s[3] > age), key=lambda s: s[3])
            print(born, best[0], after[0], f"{best[3] - age:.4f}", f"{best[3] ** 2 * K:.4f}", sep=",", file=out)

lonely = [a for a in range(1, 101) if all(abs(s[3] - a) > 0.5 for s in single)]
print("ages 1-100 without a star within half a light-year:", lonely)

SITES = {
    "Haute-Provence": (43.9317, 5.7122, 650),
    "Quito": (-0.2150, -78.5000, 2800),
    "Sydney": (-33.8688, 151.2093, 30),
    "Tromso": (69.6496, 18.9560, 10),
}
NAMED = {32349: "Sirius", 91262: "Vega", 69673: "Arcturus", 71683: "Rigil Kentaurus", 104214: "61 Cygni", 113368: "Fomalhaut"}

with open(HERE / "tonight.csv", "w") as out:
    print(f"# astropy {astropy.__version__}, examples/make_birthday_star_fixtures.py; 10 deg up, the Sun 12 deg down, no refraction", file=out)
    print("site,latitude,longitude,elevation_m,hip,noon,from,to,highest,altitude,azimuth", file=out)
    for site, (lat, lon, height) in SITES.items():
        place = EarthLocation.from_geodetic(lon, lat, height)
        noon = Time("2026-11-21T12:00:00") - lon / 360 * u.day
        times = noon + np.arange(0, 24 * 360) * 10 * u.s
        frame = AltAz(obstime=times, location=place)
        sun = get_body("sun", times, place).transform_to(frame).alt.deg
        for hip, name in NAMED.items():
            row = next(s for s in single if s[0] == hip)
            seen = SkyCoord(row[1] * u.rad, row[2] * u.rad).transform_to(frame)
            margin = np.minimum(seen.alt.deg - 10, -12 - sun)
            up = margin > 0
            edges = np.flatnonzero(np.diff(up.astype(int)))
            moment = lambda i: times[i] + (0 - margin[i]) / (margin[i + 1] - margin[i]) * 10 * u.s
            spans = []
            begin = times[0] if up[0] else None
            for i in edges:
                if up[i + 1]:
                    begin = moment(i)
                else:
                    spans.append((begin, moment(i)))
            spans = [s for s in spans if s[0] is not None]
            shown = noon.isot[:19]
            if not spans:
                print(site, lat, lon, height, hip, shown, "", "", "", "", "", sep=",", file=out)
                continue
            start, end = max(spans, key=lambda s: (s[1] - s[0]).sec)
            inside = np.flatnonzero((times >= start) & (times <= end))
            top = inside[np.argmax(seen.alt.deg[inside])]
            print(site, lat, lon, height, hip, shown, start.isot[:19], end.isot[:19], times[top].isot[:19],
                  f"{seen.alt.deg[top]:.2f}", f"{seen.az.deg[top]:.2f}", sep=",", file=out)
