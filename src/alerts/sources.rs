//! Sources that flare again and again: what they do is no new burst, whether or not a mission's catalogue says so.

use crate::sky::Equatorial;

/// Magnetars and X-ray binaries that trigger the missions most, with a few steady ones: name, RA and Dec, deg, ICRS, as SIMBAD has them.
const SOURCES: [(&str, f64, f64); 28] = [
    ("4U 0115+634", 19.633, 63.740),
    ("LS V +44 17", 70.247, 44.530),
    ("SGR 0501+4516", 75.278, 45.276),
    ("Crab", 83.633, 22.014),
    ("1A 0535+262", 84.727, 26.316),
    ("Vela X-1", 135.529, -40.555),
    ("Mrk 421", 166.114, 38.209),
    ("Cen X-3", 170.313, -60.623),
    ("GX 301-2", 186.657, -62.770),
    ("Cir X-1", 230.170, -57.167),
    ("1E 1547.0-5408", 237.726, -54.307),
    ("4U 1608-52", 243.179, -52.423),
    ("Sco X-1", 244.979, -15.640),
    ("GRO J1655-40", 253.501, -39.846),
    ("Her X-1", 254.458, 35.342),
    ("GX 339-4", 255.706, -48.790),
    ("4U 1700-377", 255.987, -37.844),
    ("1E 1740.7-2942", 265.978, -29.745),
    ("SGR J1745-2900", 266.417, -29.008),
    ("SGR 1806-20", 272.164, -20.411),
    ("4U 1820-30", 275.919, -30.361),
    ("SGR 1900+14", 286.810, 9.322),
    ("Aql X-1", 287.817, 0.585),
    ("GRS 1915+105", 288.798, 10.946),
    ("SGR 1935+2154", 293.732, 21.897),
    ("Cyg X-1", 299.590, 35.202),
    ("V404 Cyg", 306.016, 33.867),
    ("Cyg X-3", 308.107, 40.958),
];

/// How far from the table's place a position may still be this source's beside its own error, deg.
const ROUNDING: f64 = 0.02;

/// The source that a position with this 3 σ error, deg, belongs to.
pub(super) fn known(position: Equatorial, three_sigma: f64) -> Option<&'static str> {
    let near = |(_, ra, dec): &&(&str, f64, f64)| {
        Equatorial::new(*ra, *dec)
            .is_some_and(|place| place.separation(position) <= three_sigma + ROUNDING)
    };
    SOURCES.iter().find(near).map(|(name, ..)| *name)
}
