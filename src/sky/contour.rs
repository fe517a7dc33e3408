//! Draws the border around a set of HEALPix cells as smooth closed lines.

use std::collections::HashMap;

use cdshealpix::nested;

use super::coordinates::Equatorial;
use super::outline::Outline;
use super::region::Coverage;

/// The area of a coverage with its border smoothed over about a cell.
pub(super) fn outline(coverage: &Coverage) -> Outline {
    let rings = chained(coverage).iter().map(|ring| smooth(ring)).collect();
    let (known, known_inside) = known(coverage);
    Outline {
        rings,
        known,
        known_inside,
    }
}

type Vector = [f64; 3];

/// The sides of cells that have a neighbour outside, joined end to end.
fn chained(coverage: &Coverage) -> Vec<Vec<Vector>> {
    let sides: Vec<[Vector; 2]> = coverage
        .border_elementary_edges_vertices()
        .map(|[l1, b1, l2, b2]| [unit(l1, b1), unit(l2, b2)])
        .collect();
    let mut at: HashMap<[i64; 3], Vec<usize>> = HashMap::with_capacity(sides.len());
    for (i, [a, b]) in sides.iter().enumerate() {
        at.entry(corner(a)).or_default().push(i);
        at.entry(corner(b)).or_default().push(i);
    }
    let mut used = vec![false; sides.len()];
    let mut rings = Vec::new();
    for start in 0..sides.len() {
        let mut ring = Vec::new();
        let mut next = Some((start, 0));
        while let Some((side, from)) = next.filter(|(side, _)| !used[*side]) {
            used[side] = true;
            ring.push(sides[side][from]);
            let end = sides[side][1 - from];
            let free = at
                .get(&corner(&end))
                .and_then(|here| here.iter().find(|i| !used[**i]));
            next = free.map(|i| (*i, usize::from(corner(&sides[*i][0]) != corner(&end))));
        }
        if ring.len() > 2 {
            rings.push(ring);
        }
    }
    rings
}

fn unit(lon: f64, lat: f64) -> Vector {
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}

/// One key for all the ways in which cells compute the corner they share. Steps of 4″ are far below the finest cell drawn;
/// the odd shift keeps the special values of HEALPix (0, 2/3, 1) off the borders of the steps.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a unit vector in steps of 2e-5 is a small number"
)]
fn corner(v: &Vector) -> [i64; 3] {
    v.map(|x| (x / 2e-5 + 0.137).round() as i64)
}

/// Takes the steps out: the middles of the sides lie on a line where the corners zigzag, and four passes of a 1-2-1 mean round what is left; few sides stay as they are.
fn smooth(ring: &[Vector]) -> Vec<Equatorial> {
    let mut line = ring.to_vec();
    if ring.len() >= 24 {
        line = around(&line, |_, b, c| [0, 1, 2].map(|i| b[i] + c[i]));
        for _ in 0..4 {
            line = around(&line, |a, b, c| [0, 1, 2].map(|i| a[i] + 2.0 * b[i] + c[i]));
        }
    }
    line.into_iter().map(Equatorial::from_vector).collect()
}

/// Something made of each point and its two neighbours on a ring.
fn around(ring: &[Vector], make: impl Fn(&Vector, &Vector, &Vector) -> Vector) -> Vec<Vector> {
    let n = ring.len();
    (0..n)
        .map(|i| make(&ring[(i + n - 1) % n], &ring[i], &ring[(i + 1) % n]))
        .collect()
}

/// A place well away from the border, and whether it is inside: a cell amid its like, else one that lies free.
fn known(coverage: &Coverage) -> (Equatorial, bool) {
    let order = coverage.depth_max();
    let layer = nested::get(order);
    let amid = |cell: &u64| {
        layer
            .neighbours(*cell, true)
            .values_vec()
            .iter()
            .all(|n| coverage.contains_cell(order, *n))
    };
    if let Some(cell) = coverage.flatten_to_fixed_depth_cells().find(amid) {
        return (place(order, cell), true);
    }
    let coarse = order.min(4);
    let wide = coverage.degraded(coarse);
    let free = |cell: &u64| {
        nested::get(coarse)
            .neighbours(*cell, true)
            .values_vec()
            .iter()
            .all(|n| !wide.contains_cell(coarse, *n))
    };
    let free = (0..12 << (2 * coarse)).find(free);
    free.map_or(
        (
            place(
                order,
                coverage.flatten_to_fixed_depth_cells().next().unwrap_or(0),
            ),
            true,
        ),
        |cell| (place(coarse, cell), false),
    )
}

fn place(order: u8, cell: u64) -> Equatorial {
    let (lon, lat) = nested::center(order, cell);
    Equatorial {
        ra: super::coordinates::turned(lon.to_degrees()),
        dec: lat.to_degrees(),
    }
}
