use serde::Deserialize;

use crate::sky::{Equatorial, Field, Region, covered};

#[derive(Deserialize)]
struct Case {
    name: String,
    region: String,
    fields: Vec<Drawn>,
    share: f64,
}

#[derive(Deserialize)]
struct Drawn {
    ra: f64,
    dec: f64,
    radius: Option<f64>,
    #[serde(default)]
    corners: Vec<(f64, f64)>,
}

impl Drawn {
    fn field(&self) -> Field {
        let center = Equatorial::new(self.ra, self.dec).unwrap();
        if let Some(radius) = self.radius {
            return Field::circle(center, radius).unwrap();
        }
        let corners: Vec<Equatorial> = self
            .corners
            .iter()
            .map(|(ra, dec)| Equatorial::new(*ra, *dec).unwrap())
            .collect();
        Field::polygon(center, &corners).unwrap()
    }
}

/// Against places drawn at random and held against half-spaces, see `examples/make_curve_fixtures.py`.
#[test]
fn shares_are_those_that_chance_finds() {
    let text = include_str!("../../../tests/fixtures/observations/shares.json");
    for case in serde_json::from_str::<Vec<Case>>(text).unwrap() {
        let region = Region::from_text(&case.region).unwrap();
        let fields: Vec<Field> = case.fields.iter().map(Drawn::field).collect();
        let share = covered(&region, &fields).share;
        assert!(
            (share - case.share).abs() < 0.006,
            "{}: {share} for {}",
            case.name,
            case.share
        );
    }
}

#[test]
fn a_circles_places_hold_its_probability() {
    let region = Region::circle(Equatorial::new(10.0, 89.0).unwrap(), 4.0);
    let places = region.probable();
    let total: f64 = places.iter().map(|(_, weight)| weight).sum();
    assert!((total - 0.9).abs() < 1e-9);
    assert!(places.iter().all(|(place, _)| region.contains(*place)));
}

#[test]
fn a_field_is_a_patch_of_the_sky_or_none() {
    let at = |ra, dec| Equatorial::new(ra, dec).unwrap();
    assert!(Field::circle(at(0.0, 0.0), 0.0).is_none());
    assert!(Field::circle(at(0.0, 0.0), f64::NAN).is_none());
    let square = [at(359.0, -1.0), at(1.0, -1.0), at(1.0, 1.0), at(359.0, 1.0)];
    let field = Field::polygon(at(0.0, 0.0), &square).unwrap();
    assert!(field.contains(at(0.5, 0.5)) && field.contains(at(359.5, -0.5)));
    assert!(!field.contains(at(1.5, 0.0)) && !field.contains(at(180.0, 0.0)));
    assert!(Field::polygon(at(0.0, 0.0), &square[..2]).is_none());
    assert!(
        Field::polygon(at(90.0, 0.0), &square).is_none(),
        "the middle is outside"
    );
}
