//! The members that there are not, and where they observe from: eight places round the Earth, so that some night is always theirs.

use crate::accounts::Notify;

/// A made-up member.
pub(in crate::demo) struct Person {
    pub name: &'static str,
    /// The part of the address before the @.
    pub address: &'static str,
    pub officer: bool,
    pub notify: Notify,
    pub site: Option<Place>,
}

/// A site: its name, latitude, longitude (deg, WGS84, east positive), elevation (m) and time zone.
pub(in crate::demo) struct Place {
    pub name: &'static str,
    pub at: (f64, f64, f64),
    pub zone: &'static str,
    /// Azimuth and altitude of the visible horizon, deg.
    pub horizon: &'static [(f64, f64)],
    /// Name, diameter of the field (deg), limiting magnitude.
    pub telescope: (&'static str, f64, f64),
}

const OPEN: &[(f64, f64)] = &[(0.0, 10.0)];

/// A hill in the north-east, and the town's trees in the south-west.
const HILL: &[(f64, f64)] = &[
    (0.0, 12.0),
    (40.0, 24.0),
    (80.0, 15.0),
    (140.0, 8.0),
    (200.0, 14.0),
    (240.0, 19.0),
    (290.0, 9.0),
];

const fn person(name: &'static str, address: &'static str, notify: Notify, site: Place) -> Person {
    Person {
        name,
        address,
        officer: false,
        notify,
        site: Some(site),
    }
}

const fn place(
    name: &'static str,
    at: (f64, f64, f64),
    zone: &'static str,
    telescope: (&'static str, f64, f64),
) -> Place {
    Place {
        name,
        at,
        zone,
        horizon: OPEN,
        telescope,
    }
}

/// Who belongs to the club.
pub(in crate::demo) const MEMBERS: &[Person] = &[
    Person {
        name: "Vera Lindqvist",
        address: "vera",
        officer: true,
        notify: Notify::Every,
        site: Some(Place {
            horizon: HILL,
            ..place(
                "Orion Hill",
                (44.0, 5.0, 640.0),
                "Europe/Paris",
                ("0.4 m reflector", 0.6, 19.5),
            )
        }),
    },
    person(
        "Tomás Ferreira",
        "tomas",
        Notify::Observable,
        place(
            "La Palma",
            (28.76, -17.88, 2300.0),
            "Atlantic/Canary",
            ("25 cm Newtonian", 1.2, 18.5),
        ),
    ),
    person(
        "Amara Diallo",
        "amara",
        Notify::Observable,
        place(
            "Hakos",
            (-23.24, 16.36, 1830.0),
            "Africa/Windhoek",
            ("28 cm astrograph", 2.6, 19.0),
        ),
    ),
    person(
        "Joel Whitehorse",
        "joel",
        Notify::Every,
        place(
            "Kitt Peak",
            (31.96, -111.6, 2096.0),
            "America/Phoenix",
            ("14-inch Schmidt–Cassegrain", 0.5, 18.8),
        ),
    ),
    person(
        "Ngaire Cooper",
        "ngaire",
        Notify::Every,
        place(
            "Siding Spring",
            (-31.27, 149.07, 1165.0),
            "Australia/Sydney",
            ("20 cm astrograph", 3.3, 18.0),
        ),
    ),
    person(
        "Kenji Mori",
        "kenji",
        Notify::Digest,
        place(
            "Nobeyama",
            (35.94, 138.47, 1350.0),
            "Asia/Tokyo",
            ("10 cm refractor", 4.1, 16.5),
        ),
    ),
    person(
        "Elin Sørensen",
        "elin",
        Notify::Observable,
        place(
            "Tromsø",
            (69.65, 18.96, 100.0),
            "Europe/Oslo",
            ("135 mm lens", 10.0, 14.0),
        ),
    ),
    Person {
        name: "Paul Okafor",
        address: "paul",
        officer: false,
        notify: Notify::Digest,
        site: None,
    },
];
