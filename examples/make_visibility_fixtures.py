"""Makes the fixtures of the visibility tests: places and events as astropy and PyEphem have them.

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install astropy==8.0.2 ephem==4.2.1
    /tmp/oracle/bin/python examples/make_visibility_fixtures.py

astropy's own Sun and Moon come from the series that the program uses too, so those columns test how the series is
used. PyEphem computes them from VSOP87 and its own lunar theory, with frames and sidereal time of its own.
All without refraction. astropy takes UT1-UTC and polar motion from its IERS table; the program takes both as zero.
"""

import pathlib
import warnings
from datetime import datetime, timedelta, timezone

import astropy
import astropy.units as u
import ephem
import numpy as np
from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body
from astropy.coordinates.erfa_astrom import ErfaAstromInterpolator, erfa_astrom
from astropy.time import Time
from astropy.utils import data, iers

iers.conf.auto_download = False
iers.conf.iers_degraded_accuracy = "warn"
data.conf.allow_internet = False
warnings.simplefilter("ignore")

HERE = pathlib.Path(__file__).parent.parent / "tests/fixtures/sky"
RANDOM = np.random.default_rng(190114)
MADE = f"# astropy {astropy.__version__}, PyEphem {ephem.__version__}, examples/make_visibility_fixtures.py"

# Latitude, longitude (deg, WGS84, east positive), elevation (m).
SITES = {
    "Greenwich": (51.4779, -0.0015, 46),
    "Haute-Provence": (43.9317, 5.7122, 650),
    "Tromso": (69.6496, 18.9560, 10),
    "Longyearbyen": (78.2232, 15.6267, 15),
    "McMurdo": (-77.8419, 166.6863, 10),
    "Suva": (-18.1416, 178.4419, 10),
    "Apia": (-13.8333, -171.7667, 5),
    "Quito": (-0.2150, -78.5021, 2850),
    "La Silla": (-29.2567, -70.7377, 2400),
    "Sydney": (-33.8688, 151.2093, 30),
}
POLAR = ("Tromso", "Longyearbyen", "McMurdo")
FIRST, LAST = datetime(2025, 1, 1), datetime(2027, 6, 1)
# The weeks in which the Sun or its twilights begin or cease to cross their altitudes far north and far south.
TURNS = ["2025-01-15", "2025-02-15", "2025-04-06", "2025-04-18", "2025-04-24", "2025-05-01", "2025-05-19", "2025-07-26",
         "2025-08-19", "2025-08-24", "2025-09-05", "2025-10-23", "2025-10-26", "2025-11-11", "2025-11-27"]


def location(site):
    lat, lon, height = SITES[site]
    return EarthLocation.from_geodetic(lon * u.deg, lat * u.deg, height * u.m)


def ephem_observer(site, when):
    lat, lon, height = SITES[site]
    observer = ephem.Observer()
    observer.lat, observer.lon, observer.elevation, observer.pressure = str(lat), str(lon), height, 0
    observer.date = when
    return observer


def unix(when):
    return when.replace(tzinfo=timezone.utc).timestamp()


def direction():
    return round(RANDOM.uniform(0, 360), 4), round(float(np.degrees(np.arcsin(RANDOM.uniform(-1, 1)))), 4)


def moments(n):
    span = (LAST - FIRST).total_seconds()
    return [FIRST + timedelta(seconds=int(s)) for s in RANDOM.uniform(0, span, n)]


def write(name, header, rows):
    lines = [MADE, header] + [",".join(str(word) for word in row) for row in rows]
    (HERE / name).write_text("\n".join(lines) + "\n")
    print(name, len(rows))


def sky(body, times, where):
    frame = AltAz(obstime=times, location=where)
    if isinstance(body, str):
        return get_body(body, times, where).transform_to(frame)
    return SkyCoord(body[0] * u.deg, body[1] * u.deg).transform_to(frame)


def places():
    rows = []
    for site in SITES:
        for when in moments(20):
            time, where, star = Time(when, scale="utc"), location(site), direction()
            found = [sky(body, time, where) for body in (star, "sun", "moon")]
            observer = ephem_observer(site, when)
            sun, moon = ephem.Sun(observer), ephem.Moon(observer)
            row = [site, int(unix(when)), *star]
            row += [f"{angle:.6f}" for place in found for angle in (place.alt.deg, place.az.deg)]
            row += [f"{np.degrees(float(angle)):.6f}" for body in (sun, moon) for angle in (body.alt, body.az)]
            rows.append(row + [f"{moon.phase / 100:.6f}"])
    write("places.csv", "site,unix,ra,dec,alt,az,sun_alt,sun_az,moon_alt,moon_az,ephem_sun_alt,ephem_sun_az,"
          "ephem_moon_alt,ephem_moon_az,ephem_illuminated", rows)


def noons(site, when):
    """The transits of the Sun before and after an instant, by PyEphem, unix seconds."""
    before = ephem_observer(site, when).previous_transit(ephem.Sun()).datetime()
    after = ephem_observer(site, when).next_transit(ephem.Sun()).datetime()
    return unix(before), unix(after)


def altitude(body, where, seconds):
    return sky(body, Time(seconds, format="unix"), where).alt.deg


def crossings(body, where, scan, altitudes, threshold):
    """Instants at which a body passes an altitude: a scan, a fine one where it turns near the altitude, and bisection."""
    times, alts = scan, altitudes - threshold
    turns = [i for i in range(1, len(alts) - 1)
             if (alts[i] - alts[i - 1]) * (alts[i + 1] - alts[i]) <= 0 and abs(alts[i]) < 0.02]
    for i in reversed(turns):
        fine = np.arange(scan[i - 1] + 1, scan[i + 1], 1.0)
        times = np.concatenate([times[times < fine[0]], fine, times[times > fine[-1]]])
    if turns:
        alts = altitude(body, where, times) - threshold
    edges = np.nonzero(np.sign(alts[:-1]) != np.sign(alts[1:]))[0]
    if len(edges) == 0:
        return []
    low, high, rising = times[edges], times[edges + 1], alts[edges] < 0
    for _ in range(20):
        middle = (low + high) / 2
        below = (altitude(body, where, middle) < threshold) == rising
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    rate = np.abs(altitude(body, where, high + 5) - altitude(body, where, high - 5)) * 360
    return list(zip(high, rising, rate))


def nights(site):
    days = moments(14)
    if site in POLAR:
        days = moments(14) + [datetime.fromisoformat(day) + timedelta(hours=RANDOM.uniform(0, 24)) for day in TURNS]
    return days


def events():
    thresholds = [("sun", t) for t in (-0.8333, -6.0, -12.0, -18.0)] + [("moon", -0.826), ("star", 20.0)]
    rows, table = [], []
    for site in SITES:
        where = location(site)
        for when in nights(site):
            star, night = direction(), len(table)
            begin, end = noons(site, when)
            table.append([night, site, int(unix(when)), *star, f"{begin:.1f}", f"{end:.1f}"])
            scan = np.append(np.arange(begin, end, 60.0), end)
            with erfa_astrom.set(ErfaAstromInterpolator(300 * u.s)):
                scans = {name: altitude(star if name == "star" else name, where, scan) for name in ("sun", "moon", "star")}
            for name, threshold in thresholds:
                body = star if name == "star" else name
                for at, rising, rate in crossings(body, where, scan, scans[name], threshold):
                    rows.append([night, name, threshold, f"{at:.2f}", int(rising), f"{rate:.2f}"])
    write("nights.csv", "night,site,unix,ra,dec,noon,next_noon", table)
    write("events.csv", "night,body,altitude,unix,rising,rate", rows)


def garden():
    lines = (HERE / "horizon.hrz").read_text().splitlines()
    return np.array([[float(w.replace(",", ".")) for w in line.split()] for line in lines if not line.startswith("#")])


def windows():
    """When the Sun is below -12 deg and a star above 20 deg, over a flat horizon and over the garden's."""
    rows, profile = [], garden()
    for site in SITES:
        where = location(site)
        for when in moments(6):
            star = direction()
            begin, end = noons(site, when)
            now = round(begin + RANDOM.uniform(0, 0.55) * 86400)

            def seen(seconds, horizon):
                place = sky(star, Time(seconds, format="unix"), where)
                limit = np.full(np.shape(seconds), 20.0)
                if horizon == "garden":
                    limit = np.maximum(limit, np.interp(place.az.deg, profile[:, 0], profile[:, 1], period=360))
                return (altitude("sun", where, seconds) < -12) & (place.alt.deg > limit)

            for horizon in ("flat", "garden"):
                scan = np.append(np.arange(now, end, 20.0), end)
                with erfa_astrom.set(ErfaAstromInterpolator(300 * u.s)):
                    flags = seen(scan, horizon)
                changes = np.nonzero(flags[:-1] != flags[1:])[0]
                low, high = scan[changes], scan[changes + 1]
                for _ in range(16 if len(changes) else 0):
                    middle = (low + high) / 2
                    same = seen(middle, horizon) == flags[changes]
                    low, high = np.where(same, middle, low), np.where(same, high, middle)
                edges = ([now] if flags[0] else []) + list(high) + ([end] if flags[-1] else [])
                spans = list(zip(edges[::2], edges[1::2]))
                row = [site, now, *star, horizon, len(spans)]
                if spans:
                    first, last = max(spans, key=lambda span: span[1] - span[0])
                    inside = np.append(np.arange(first, last, 30.0), last)
                    alts = altitude(star, where, inside)
                    row += [f"{first:.1f}", f"{last:.1f}", f"{inside[alts.argmax()]:.0f}", f"{alts.max():.3f}"]
                else:
                    row += ["", "", "", ""]
                rows.append(row)
    write("windows.csv", "site,unix,ra,dec,horizon,windows,from,to,best,altitude", rows)


def phases():
    rows = []
    for name, following in (("new Moon", ephem.next_new_moon), ("first quarter", ephem.next_first_quarter_moon),
                            ("full Moon", ephem.next_full_moon), ("last quarter", ephem.next_last_quarter_moon)):
        date = ephem.Date("2025/1/1")
        for _ in range(28):
            date = following(date)
            rows.append([name, f"{unix(date.datetime()):.0f}"])
    write("phases.csv", "phase,unix", rows)


if __name__ == "__main__":
    write("sites.csv", "site,latitude,longitude,elevation", [[name, *place] for name, place in SITES.items()])
    phases()
    places()
    windows()
    events()
