//! The part of the sky in which a burst lies: a circle, or the credible region of a probability map.

use cdshealpix::nested;
use moc::moc::range::RangeMOC;
use moc::qty::Hpx;

use super::coordinates::Equatorial;
use super::skymap::{self, Cell, MapFault, cell_area};

/// Pieces of the sky, as the IVOA's Multi-Order Coverage maps describe them.
pub(super) type Coverage = RangeMOC<u64, Hpx<u64>>;

/// Where a burst lies with 90 % probability.
#[derive(Debug, Clone, PartialEq)]
pub enum Region {
    /// Everything within a radius.
    Circle {
        /// Most probable place.
        center: Equatorial,
        /// Radius that holds 90 %, deg, 0…180.
        radius: f64,
    },
    /// The credible regions of a probability map.
    Map(CredibleMap),
}

/// The 50 % and 90 % credible regions of a probability map: the smallest areas with that much of the probability.
#[derive(Debug, Clone, PartialEq)]
pub struct CredibleMap {
    best: Equatorial,
    area_50: f64,
    area_90: f64,
    pub(super) half: Coverage,
    pub(super) most: Coverage,
}

impl Region {
    /// A circle that holds the burst with 90 % probability. A radius that is no number counts as 0; none is larger than 180°.
    pub fn circle(center: Equatorial, radius: f64) -> Self {
        Self::Circle {
            center,
            radius: if radius.is_finite() {
                radius.clamp(0.0, 180.0)
            } else {
                0.0
            },
        }
    }

    /// The credible regions of a HEALPix map in FITS, see [`CredibleMap::from_fits`].
    pub fn from_map(fits: &[u8]) -> Result<Self, MapFault> {
        CredibleMap::from_fits(fits).map(Self::Map)
    }

    /// Most probable place.
    pub fn best_position(&self) -> Equatorial {
        match self {
            Self::Circle { center, .. } => *center,
            Self::Map(map) => map.best,
        }
    }

    /// Radius of the circle, or of the circle with the same area as the map's 90 % region, deg.
    pub fn radius(&self) -> f64 {
        match self {
            Self::Circle { radius, .. } => *radius,
            Self::Map(map) => cap_radius(map.area_90),
        }
    }

    /// Area that holds 90 %, deg².
    pub fn area(&self) -> f64 {
        match self {
            Self::Circle { radius, .. } => {
                super::WHOLE_SKY * (radius / 2.0).to_radians().sin().powi(2)
            }
            Self::Map(map) => map.area_90,
        }
    }

    /// Whether a place lies inside the 90 % region. At the border of a map it errs on the inside, by a cell as kept for drawing.
    pub fn contains(&self, place: Equatorial) -> bool {
        match self {
            Self::Circle { center, radius } => center.separation(place) <= *radius,
            Self::Map(map) => covers(&map.most, place),
        }
    }

    /// Up to 200 places, each standing for an equal part of the area that holds 90 %; the same ones each time.
    pub fn sample(&self) -> Vec<Equatorial> {
        match self {
            Self::Circle { center, radius } if *radius < 0.01 => vec![*center],
            Self::Circle { center, radius } => spiral(*center, *radius),
            Self::Map(map) => spread(&map.most, SAMPLE),
        }
    }

    /// Places of the 90 % region, each with the probability that it stands for; together 0.9. The same ones each time.
    ///
    /// A circle's probability falls off as a Gaussian's of which 90 % lie within the radius. A map is kept as its credible
    /// regions only: half of the probability is spread evenly over the one, 40 % over what the other has besides.
    pub fn probable(&self) -> Vec<(Equatorial, f64)> {
        let share = |places: Vec<Equatorial>, probability: f64| {
            let each = probability / places.len().max(1) as f64;
            places.into_iter().map(move |place| (place, each))
        };
        match self {
            Self::Circle { center, radius } => share(gaussian(*center, *radius), 0.9).collect(),
            Self::Map(map) => {
                let inner = spread(&map.half, PROBABLE / 2);
                let outer = spread(&map.most.minus(&map.half), PROBABLE / 2);
                let (half, rest) = if outer.is_empty() {
                    (0.9, 0.0)
                } else {
                    (0.5, 0.4)
                };
                share(inner, half).chain(share(outer, rest)).collect()
            }
        }
    }

    /// One line of text that [`Region::from_text`] reads back: `circle RA DEC RADIUS`, or `map RA DEC AREA50 AREA90 | MOC | MOC` with the 50 % and 90 % regions as IVOA MOC ASCII.
    pub fn to_text(&self) -> String {
        match self {
            Self::Circle { center, radius } => {
                format!("circle {} {} {radius}", center.ra, center.dec)
            }
            Self::Map(map) => {
                let CredibleMap {
                    best,
                    area_50,
                    area_90,
                    half,
                    most,
                } = map;
                format!(
                    "map {} {} {area_50} {area_90} | {} | {}",
                    best.ra,
                    best.dec,
                    ascii(half),
                    ascii(most)
                )
            }
        }
    }

    /// Reads what [`Region::to_text`] wrote.
    pub fn from_text(text: &str) -> Result<Self, MapFault> {
        read_text(text).ok_or(MapFault::NotRegion)
    }
}

impl CredibleMap {
    /// Reads a HEALPix probability map in FITS: flat (RING or NESTED) or multi-order (NUNIQ), gzipped or not, equatorial, up to [`skymap::LARGEST_FILE`].
    ///
    /// Areas are those of the map's own cells; the regions are kept at an order fit for drawing.
    pub fn from_fits(fits: &[u8]) -> Result<Self, MapFault> {
        let mut cells = skymap::cells(fits)?;
        cells.sort_unstable_by(|a, b| {
            b.density
                .total_cmp(&a.density)
                .then((a.order, a.index).cmp(&(b.order, b.index)))
        });
        let densest = *cells.first().ok_or(MapFault::Empty)?;
        let total: f64 = cells.iter().map(|c| c.density * c.area()).sum();
        if !total.is_finite() || total <= 0.0 {
            return Err(MapFault::Empty);
        }
        let (half, most) = (credible(&cells, 0.5 * total), credible(&cells, 0.9 * total));
        let (area_50, area_90) = (area(half), area(most));
        let order = drawing_order(area_90);
        Ok(Self {
            best: center(densest.order, densest.index),
            area_50,
            area_90,
            half: coverage(half, order),
            most: coverage(most, order),
        })
    }

    /// Most probable place: the centre of the densest cell.
    pub fn best_position(&self) -> Equatorial {
        self.best
    }

    /// Area of the 50 % region, deg².
    pub fn area_50(&self) -> f64 {
        self.area_50
    }

    /// Area of the 90 % region, deg².
    pub fn area_90(&self) -> f64 {
        self.area_90
    }

    /// Whether a place lies inside the 50 % region, to a cell as kept for drawing.
    pub fn half_contains(&self, place: Equatorial) -> bool {
        covers(&self.half, place)
    }
}

/// Places in a sample of a region.
const SAMPLE: u32 = 200;

/// Places that stand for a probability.
const PROBABLE: u32 = 4096;

/// Places that each stand for an equal part of the 90 % of a Gaussian within a radius, deg.
fn gaussian(center: Equatorial, radius: f64) -> Vec<Equatorial> {
    let golden = 180.0 * (3.0 - 5_f64.sqrt());
    // Within r lies 1 − 10^−(r/radius)².
    let place = |i: u32| {
        let within = 0.9 * (f64::from(i) + 0.5) / f64::from(PROBABLE);
        let distance = radius * (-(1.0 - within).log10()).sqrt();
        center.offset(distance, f64::from(i) * golden)
    };
    (0..PROBABLE).map(place).collect()
}

/// Places all over a cap, as the seeds stand in a sunflower.
fn spiral(center: Equatorial, radius: f64) -> Vec<Equatorial> {
    let golden = 180.0 * (3.0 - 5_f64.sqrt());
    let seed = |i: u32| {
        let part = (f64::from(i) + 0.5) / f64::from(SAMPLE);
        let distance = 2.0 * (part.sqrt() * (radius / 2.0).to_radians().sin()).asin();
        center.offset(distance.to_degrees(), f64::from(i) * golden)
    };
    (0..SAMPLE).map(seed).collect()
}

/// Cells of a coverage, evenly along HEALPix's nested curve, which keeps neighbours together.
fn spread(coverage: &Coverage, most: u32) -> Vec<Equatorial> {
    let (order, cells) = (coverage.depth_max(), coverage.n_depth_max_cells());
    let places = cells.min(u64::from(most));
    let mut wanted = (0..places)
        .map(|i| (2 * i + 1) * cells / (2 * places))
        .peekable();
    let (mut sample, mut passed) = (Vec::new(), 0);
    for range in coverage.moc_ranges().iter() {
        let shift = 2 * u32::from(29 - order);
        let (first, end) = (range.start >> shift, range.end >> shift);
        while let Some(n) = wanted.next_if(|n| *n < passed + (end - first)) {
            sample.push(center(order, first + (n - passed)));
        }
        passed += end - first;
    }
    sample
}

/// The densest cells that together reach a probability; the one that reaches it is the last.
fn credible(cells: &[Cell], probability: f64) -> &[Cell] {
    let mut sum = 0.0;
    let enough = cells.iter().position(|cell| {
        sum += cell.density * cell.area();
        sum >= probability
    });
    enough.and_then(|last| cells.get(..=last)).unwrap_or(cells)
}

/// Most sides of cells in the border of one credible region.
const LONGEST_BORDER: usize = 1400;

fn area(cells: &[Cell]) -> f64 {
    cells
        .iter()
        .map(Cell::area)
        .sum::<f64>()
        .min(super::WHOLE_SKY)
}

/// The finest order, 5…11, at which an area has at most 8,000 cells.
fn drawing_order(area: f64) -> u8 {
    (5..11)
        .rev()
        .map(|order| order + 1)
        .find(|order| area / cell_area(*order) <= 8000.0)
        .unwrap_or(5)
}

/// The cells as a coverage of an order, or of a coarser one where its border would be too long to draw: a map of noise is all border.
fn coverage(cells: &[Cell], order: u8) -> Coverage {
    let deepest = cells.iter().map(|c| c.order).max().unwrap_or(0);
    let exact = RangeMOC::from_cells(deepest, cells.iter().map(|c| (c.order, c.index)), None);
    let mut drawn = if deepest > order {
        exact.degraded(order)
    } else {
        exact
    };
    while drawn.depth_max() > 2
        && drawn
            .border_elementary_edges_vertices()
            .nth(LONGEST_BORDER)
            .is_some()
    {
        drawn = drawn.degraded(drawn.depth_max() - 1);
    }
    drawn
}

fn covers(coverage: &Coverage, place: Equatorial) -> bool {
    coverage.contains_cell(
        coverage.depth_max(),
        nested::hash(
            coverage.depth_max(),
            place.ra.to_radians(),
            place.dec.to_radians(),
        ),
    )
}

fn center(order: u8, index: u64) -> Equatorial {
    let (lon, lat) = nested::center(order, index);
    Equatorial {
        ra: super::coordinates::turned(lon.to_degrees()),
        dec: lat.to_degrees(),
    }
}

/// Radius of the spherical cap with an area, deg.
fn cap_radius(area: f64) -> f64 {
    (area / super::WHOLE_SKY)
        .clamp(0.0, 1.0)
        .sqrt()
        .asin()
        .to_degrees()
        * 2.0
}

fn ascii(coverage: &Coverage) -> String {
    coverage
        .to_ascii()
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn read_text(text: &str) -> Option<Region> {
    let mut parts = text.split('|').map(str::trim);
    let mut words = parts.next()?.split_whitespace();
    let kind = words.next()?;
    let numbers: Vec<f64> = words
        .map(|w| w.parse().ok().filter(|n: &f64| n.is_finite()))
        .collect::<Option<_>>()?;
    match (kind, numbers.as_slice()) {
        ("circle", [ra, dec, radius]) => Some(Region::circle(Equatorial::new(*ra, *dec)?, *radius)),
        ("map", [ra, dec, area_50, area_90]) => {
            let (half, most) = (read_ascii(parts.next()?)?, read_ascii(parts.next()?)?);
            let best = Equatorial::new(*ra, *dec)?;
            Some(Region::Map(CredibleMap {
                best,
                area_50: *area_50,
                area_90: *area_90,
                half,
                most,
            }))
        }
        _ => None,
    }
}

/// Reads MOC ASCII, `5/12 17-19 6/`: orders, each followed by cells and ranges of cells. Takes no order beyond 11, which is as deep as this program writes.
fn read_ascii(text: &str) -> Option<Coverage> {
    let (mut order, mut deepest) = (None, 0);
    let mut cells: Vec<(u8, u64)> = Vec::new();
    for word in text.split_whitespace() {
        let cell = match word.split_once('/') {
            Some((number, cell)) => {
                let number: u8 = number.parse().ok().filter(|n| *n <= 11)?;
                (order, deepest) = (Some(number), deepest.max(number));
                cell
            }
            None => word,
        };
        if cell.is_empty() {
            continue;
        }
        let (first, last) = cell.split_once('-').unwrap_or((cell, cell));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        let order = order.filter(|o| first <= last && last < 12 << (2 * o))?;
        if cells.len() as u64 + (last - first) > 200_000 {
            return None;
        }
        cells.extend((first..=last).map(|index| (order, index)));
    }
    order?;
    Some(RangeMOC::from_cells(deepest, cells.into_iter(), None))
}
