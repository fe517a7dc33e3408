//! Where a FITS picture lies on the sky, from its world coordinates (Calabretta & Greisen 2002, A&A 395, 1077).

use crate::observations::Footprint;
use crate::sky::Equatorial;
use crate::sky::fits::Header;

/// Degrees from the centre beyond which a corner is not believed.
const FARTHEST: f64 = 80.0;

/// A gnomonic projection: pixels to degrees on the tangent plane, and where that touches the sky.
struct Projection {
    /// The pixel that the tangent point falls on, counted from 1.
    pixel: [f64; 2],
    /// Degrees a pixel, rows in the order of the axes.
    matrix: [[f64; 2]; 2],
    /// The axis of right ascension.
    east: usize,
    centre: Equatorial,
    /// Native longitude of the celestial pole, deg.
    pole: f64,
}

/// Centre and corners, ICRS; FK5 J2000 counts as that (they differ by less than 0.1″). `None` without a gnomonic
/// projection of right ascension and declination. Distortion (SIP, TPV) is left away, arcseconds at the corners.
pub(super) fn footprint(header: &Header, width: usize, height: usize) -> Option<Footprint> {
    let projection = Projection::new(header)?;
    #[expect(clippy::cast_precision_loss, reason = "a picture has fewer pixels")]
    let (right, top) = (width as f64 + 0.5, height as f64 + 0.5);
    let centre = projection.sky((right + 0.5) / 2.0, (top + 0.5) / 2.0)?;
    let corners = [(0.5, 0.5), (right, 0.5), (right, top), (0.5, top)];
    let corners: Option<Vec<Equatorial>> = corners
        .into_iter()
        .map(|(x, y)| projection.sky(x, y))
        .collect();
    let corners = corners?;
    let near = |corner: &Equatorial| centre.separation(*corner) < FARTHEST;
    corners
        .iter()
        .all(near)
        .then_some(Footprint { centre, corners })
}

impl Projection {
    fn new(header: &Header) -> Option<Self> {
        let kinds = [header.text("CTYPE1")?, header.text("CTYPE2")?];
        let gnomonic = |kind: &&str| matches!(kind.get(5..8), Some("TAN" | "TPV"));
        let east = kinds.iter().position(|kind| kind.starts_with("RA---"))?;
        let usual = kinds.iter().all(gnomonic) && kinds[1 - east].starts_with("DEC--");
        let degrees = ["CUNIT1", "CUNIT2"].into_iter().all(|unit| {
            matches!(
                header.text(unit).unwrap_or("deg"),
                "deg" | "degree" | "degrees" | ""
            )
        });
        if !usual || !degrees || !is_of_2000(header) {
            return None;
        }
        let at = |keyword: &str, axis: usize| header.float(&format!("{keyword}{}", axis + 1));
        let matrix = matrix(header);
        let flat = matrix[0][0] * matrix[1][1] == matrix[0][1] * matrix[1][0];
        let centre = Equatorial::new(at("CRVAL", east)?, at("CRVAL", 1 - east)?)?;
        (!flat).then_some(Self {
            pixel: [at("CRPIX", 0)?, at("CRPIX", 1)?],
            matrix,
            east,
            centre,
            pole: header
                .float("LONPOLE")
                .unwrap_or(if centre.dec < 90.0 { 180.0 } else { 0.0 }),
        })
    }

    /// The place on the sky of a point of the picture, in pixels from 1 in the middle of the first.
    fn sky(&self, x: f64, y: f64) -> Option<Equatorial> {
        let (dx, dy) = (x - self.pixel[0], y - self.pixel[1]);
        let plane = self.matrix.map(|row| row[0] * dx + row[1] * dy);
        let (x, y) = (plane[self.east], plane[1 - self.east]);
        let turned = x.atan2(-y) - self.pole.to_radians();
        // Native latitude: 90° at the tangent point.
        let latitude = 1_f64.atan2(x.hypot(y).to_radians());
        let (sin, cos) = latitude.sin_cos();
        let (sin_pole, cos_pole) = self.centre.dec.to_radians().sin_cos();
        let dec = (sin * sin_pole + cos * cos_pole * turned.cos())
            .clamp(-1.0, 1.0)
            .asin();
        let from_centre =
            (-cos * turned.sin()).atan2(sin * cos_pole - cos * sin_pole * turned.cos());
        Equatorial::new(self.centre.ra + from_centre.to_degrees(), dec.to_degrees())
    }
}

/// Whether positions are ICRS or FK5 of 2000, said or not.
fn is_of_2000(header: &Header) -> bool {
    let equinox = header.float("EQUINOX").or_else(|| header.float("EPOCH"));
    let of_2000 = equinox.is_none_or(|year| (year - 2000.0).abs() < 0.01);
    match header.text("RADESYS").or_else(|| header.text("RADECSYS")) {
        Some("ICRS") => true,
        Some("FK5") | None => of_2000,
        Some(_) => false,
    }
}

/// CDi_j; or PCi_j, or else CROTA2, with CDELTi.
fn matrix(header: &Header) -> [[f64; 2]; 2] {
    let of = |kind: &str| [1, 2].map(|i| [1, 2].map(|j| header.float(&format!("{kind}{i}_{j}"))));
    let given = |values: &[[Option<f64>; 2]; 2]| values.iter().flatten().any(Option::is_some);
    let (cd, pc) = (of("CD"), of("PC"));
    if given(&cd) {
        return [0, 1].map(|i| [0, 1].map(|j| cd[i][j].unwrap_or(0.0)));
    }
    let step = ["CDELT1", "CDELT2"].map(|name| header.float(name).unwrap_or(1.0));
    if given(&pc) {
        let whole = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
        return [0, 1].map(|i| [0, 1].map(|j| step[i] * pc[i][j].unwrap_or(whole(i, j))));
    }
    let (sin, cos) = header.float("CROTA2").unwrap_or(0.0).to_radians().sin_cos();
    [
        [step[0] * cos, -step[1] * sin],
        [step[0] * sin, step[1] * cos],
    ]
}
