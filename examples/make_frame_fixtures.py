"""Positions in five systems and their ICRS places by astropy and ERFA: tests/fixtures/frames/places.csv.

Needs astropy (its pyerfa is a wrapping of the C library). Run: python examples/make_frame_fixtures.py > tests/fixtures/frames/places.csv

FK5 and FK4 are astropy's own frames. Galactic is ERFA's, the ICRS definition of Hipparcos; astropy's goes by FK5 and lies 0.025″
off. Of the true equator and equinox of date without aberration astropy has no
frame (TETE has aberration in it), so that one is the transpose of ERFA's bias-precession-nutation matrix, IAU 2006/2000A.
"""

import random

import erfa
import numpy as np
from astropy import units as u
from astropy.coordinates import FK4, FK5, ICRS, SkyCoord
from astropy.time import Time

rng = random.Random(4)
print("system,time,longitude,latitude,ra,dec")


def row(system, time, lon, lat, ra, dec):
    print(f"{system},{time},{lon:.6f},{lat:.6f},{ra % 360:.9f},{dec:.9f}")


def places(n):
    fixed = [(0.0, 0.0), (180.0, 89.9), (359.9999, -89.5), (266.4, -28.9), (83.6, 22.0)]
    for lon, lat in fixed:
        yield lon, lat
    for _ in range(n - len(fixed)):
        yield round(rng.uniform(0, 360), 6), round(float(np.degrees(np.arcsin(rng.uniform(-1, 1)))), 6)


frames = [("fk5_j2000", FK5(equinox="J2000")), ("b1950", FK4(equinox="B1950", obstime="B1950"))]
for name, frame in frames:
    for lon, lat in places(20):
        icrs = SkyCoord(lon * u.deg, lat * u.deg, frame=frame).transform_to(ICRS())
        row(name, "2026-11-20T22:00:00Z", lon, lat, icrs.ra.deg, icrs.dec.deg)
for lon, lat in places(20):
    ra, dec = erfa.g2icrs(np.radians(lon), np.radians(lat))
    row("galactic", "2026-11-20T22:00:00Z", lon, lat, np.degrees(ra), np.degrees(dec))
for time in ["1998-03-01T12:34:56Z", "2017-08-17T12:41:04Z", "2026-11-20T22:00:00Z", "2040-06-30T06:00:00Z"]:
    tt = Time(time[:-1], scale="utc").tt
    matrix = erfa.pnm06a(tt.jd1, tt.jd2)
    for lon, lat in places(10):
        vector = erfa.trxp(matrix, erfa.s2c(np.radians(lon), np.radians(lat)))
        ra, dec = erfa.c2s(vector)
        row("current_equinox", time, lon, lat, np.degrees(ra), np.degrees(dec))
