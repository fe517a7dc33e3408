"""Makes the fixtures of the light curve's and the coverage's tests: slopes as numpy fits them, shares as chance finds them.

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install numpy==2.4.6 astropy==8.0.2 astropy-healpix==2.0.1
    /tmp/oracle/bin/python examples/make_curve_fixtures.py

Slopes: numpy.polyfit with weights 1/sigma and unscaled covariance. Shares: 400,000 places drawn at random, each held
against the fields by unit vectors: an angle for a circle, half-spaces for a convex polygon. Nothing is drawn on a plane.
"""

import json
import pathlib

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy_healpix import HEALPix

rng = np.random.default_rng(20261121)
OUT = pathlib.Path(__file__).parent.parent / "tests/fixtures/observations"
N = 400_000


def slopes():
    cases = []
    for alpha, scatter, count in [(1.0, 0.0, 3), (1.2, 0.05, 5), (0.7, 0.3, 12), (-0.5, 0.02, 8), (2.3, 0.15, 40)]:
        times = np.sort(10 ** rng.uniform(1.5, 5.5, count)).round(3)
        errors = rng.uniform(0.03, 0.3, count).round(3)
        magnitudes = (15 + 2.5 * alpha * np.log10(times / 100) + scatter * rng.standard_normal(count)).round(4)
        line, covariance = np.polyfit(np.log10(times), magnitudes, 1, w=1 / errors, cov="unscaled")
        chi2 = np.sum(((magnitudes - np.polyval(line, np.log10(times))) / errors) ** 2) / (count - 2)
        cases.append({
            "seconds": times.tolist(), "magnitudes": magnitudes.tolist(), "errors": errors.tolist(),
            "alpha": line[0] / 2.5, "alpha_error": float(np.sqrt(covariance[0, 0] * max(1, chi2)) / 2.5), "chi2": float(chi2),
        })
    return cases


def unit(ra, dec):
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], -1)


def held(places, field):
    if "radius" in field:
        return places @ unit(field["ra"], field["dec"]) >= np.cos(np.radians(field["radius"]))
    corners = unit(*np.array(field["corners"]).T)
    sides = np.cross(corners, np.roll(corners, -1, axis=0))
    sides *= np.sign(sides @ unit(field["ra"], field["dec"]))[:, None]
    return (places @ sides.T > 0).all(axis=1)


def of_circle(ra, dec, radius):
    within = rng.uniform(0, 0.9, N)
    away = radius * np.sqrt(-np.log10(1 - within))
    there = SkyCoord(ra * u.deg, dec * u.deg).directional_offset_by(rng.uniform(0, 360, N) * u.deg, away * u.deg)
    return unit(there.ra.deg, there.dec.deg), f"circle {ra} {dec} {radius}"


def of_map(ra, dec, half, most):
    """Cells of order 6 around a place, evenly filled: 50 % in the inner ones, 40 % in the outer."""
    grid = HEALPix(nside=64, order="nested")
    cells = [np.sort(grid.cone_search_lonlat(ra * u.deg, dec * u.deg, r * u.deg)) for r in (half, most)]
    outer = np.setdiff1d(cells[1], cells[0])
    inside = rng.random(N) < 5 / 9
    drawn = np.where(inside, rng.choice(cells[0], N), rng.choice(outer, N))
    lon, lat = grid.healpix_to_lonlat(drawn, dx=rng.random(N), dy=rng.random(N))
    areas = [len(c) * grid.pixel_area.to_value(u.deg**2) for c in cells]
    text = " | ".join("6/" + " ".join(map(str, c)) for c in cells)
    return unit(lon.deg, lat.deg), f"map {ra} {dec} {areas[0]} {areas[1]} | {text}"


def circle(ra, dec, radius):
    return {"ra": ra, "dec": dec, "radius": radius}


def rectangle(ra, dec, width, height, turn):
    """Corners of a chip of that size in degrees, turned by so many degrees."""
    middle = SkyCoord(ra * u.deg, dec * u.deg)
    corners = []
    for x, y in [(-1, -1), (1, -1), (1, 1), (-1, 1)]:
        east, north = np.tan(np.radians(width / 2)) * x, np.tan(np.radians(height / 2)) * y
        corner = middle.directional_offset_by((np.degrees(np.arctan2(east, north)) + turn) * u.deg, np.degrees(np.arctan(np.hypot(east, north))) * u.deg)
        corners.append([round(corner.ra.deg, 8), round(corner.dec.deg, 8)])
    return {"ra": ra, "dec": dec, "corners": corners}


def shares():
    cases = [
        ("half beside the middle", of_circle(120, 30, 2), [circle(120, 31.2, 1)]),
        ("overlapping fields count once", of_circle(120, 30, 2), [circle(120, 30.2, 1), circle(120, 30.2, 1), circle(120.3, 29.8, 0.9)]),
        ("at the pole", of_circle(10, 89.5, 3), [circle(190, 89, 1.5), circle(100, 88, 1)]),
        ("across RA 0", of_circle(359.7, -10, 1.5), [circle(0.4, -10.2, 0.8), rectangle(359.2, -9.5, 1.5, 1, 20)]),
        ("everything", of_circle(200, -60, 5), [circle(30, 60, 180)]),
        ("all of it, by a wide field", of_circle(200, -60, 5), [circle(200, -60, 6)]),
        ("nothing", of_circle(200, -60, 5), [circle(20, 60, 5)]),
        ("tiny region, half a chip", of_circle(83.0592, 66.1251, 0.05), [rectangle(83.15, 66.1251, 0.08, 0.08, 45)]),
        ("a wide region", of_circle(45, 10, 60), [circle(45, 40, 25), circle(80, 0, 20)]),
        ("a chip over the pole", of_circle(0, 90, 4), [rectangle(77, 89, 5, 3, 33)]),
        ("a chip wider than it is far from RA 0", of_circle(0.2, 45, 6), [rectangle(358, 46, 12, 6, -15)]),
        ("a map", of_map(150, 20, 8, 15), [circle(150, 24, 6), circle(160, 12, 5)]),
        ("a map at the pole", of_map(70, 84, 7, 14), [circle(250, 88, 6), rectangle(70, 75, 20, 8, 10)]),
        ("a map across RA 0", of_map(0, -5, 6, 12), [circle(2, -5, 5), circle(352, -8, 4)]),
    ]
    return [
        {"name": name, "region": text, "fields": fields, "share": float(np.any([held(places, f) for f in fields], axis=0).mean())}
        for name, (places, text), fields in cases
    ]


OUT.mkdir(parents=True, exist_ok=True)
for name, cases in [("slopes", slopes()), ("shares", shares())]:
    (OUT / f"{name}.json").write_text("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")
    for case in cases:
        print(name, case.get("name", ""), case.get("share", case.get("alpha")))
