//! Finds when something that rises and falls passes a height, without losing the pair of a short visit.

/// Time in which nothing on the sky turns round twice, s.
const STRIDE: f64 = 3600.0;

/// From and to, s.
pub(super) type Span = (f64, f64);

/// Times inside a span at which a smooth height turns round, s. It must not do so twice within an hour.
pub(super) fn turns(height: &impl Fn(f64) -> f64, (from, to): Span) -> Vec<f64> {
    // One stride to either side, so that a turn just inside the edge has neighbours.
    let times = ticks((from - STRIDE, to + 2.0 * STRIDE), STRIDE);
    let sampled: Vec<(f64, f64)> = times.map(|t| (t, height(t))).collect();
    let found = sampled.windows(3).filter_map(|three| match three {
        [(_, a), (t, b), (_, c)] if (b >= a && b > c) || (b <= a && b < c) => {
            Some(vertex(height, *t))
        }
        _ => None,
    });
    found.filter(|t| from < *t && *t < to).collect()
}

/// The turn near a time: vertices of ever narrower parabolas.
fn vertex(height: &impl Fn(f64) -> f64, near: f64) -> f64 {
    [STRIDE, STRIDE / 6.0, 60.0, 20.0]
        .iter()
        .fold(near, |t, step| {
            let [a, b, c] = [t - step, t, t + step].map(height);
            let bend = a - 2.0 * b + c;
            if bend == 0.0 {
                return t;
            }
            t + (0.5 * step * (a - c) / bend).clamp(-step, *step)
        })
}

/// The parts of a span in which a smooth height is above a level, in order.
pub(super) fn above(height: &impl Fn(f64) -> f64, level: f64, span: Span) -> Vec<Span> {
    let knots = std::iter::once(span.0)
        .chain(turns(height, span))
        .chain([span.1]);
    positive(&|t| height(t) - level, knots)
}

/// The parts of a span in which a value that may have corners is positive. What comes and goes within a step may be missed.
pub(super) fn positive_in_steps(value: &impl Fn(f64) -> f64, span: Span, step: f64) -> Vec<Span> {
    let knots = ticks(span, step).filter(|t| *t < span.1).chain([span.1]);
    positive(value, knots)
}

/// Where a value is positive, if it changes its sign at most once between neighbouring knots.
pub(super) fn positive(value: &impl Fn(f64) -> f64, knots: impl Iterator<Item = f64>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut open: Option<f64> = None;
    let mut last: Option<(f64, bool)> = None;
    for knot in knots {
        let up = value(knot) > 0.0;
        match (last, open) {
            (None, _) if up => open = Some(knot),
            (Some((before, false)), None) if up => open = Some(change(value, before, knot)),
            (Some((before, true)), Some(from)) if !up => {
                spans.push((from, change(value, before, knot)));
                open = None;
            }
            _ => {}
        }
        last = Some((knot, up));
    }
    spans.extend(open.zip(last.map(|(knot, _)| knot)));
    spans
}

/// The time at which a value changes its sign, to a tenth of a millisecond: by the line through both ends, where an end that
/// stays for long counts half (the Illinois rule); every third step halves the time, whatever the value does.
fn change(value: &impl Fn(f64) -> f64, mut from: f64, mut to: f64) -> f64 {
    const CLOSE: f64 = 1e-4;
    let (mut before, mut after) = (value(from), value(to));
    let up = after > 0.0;
    let mut last = None;
    for step in 1.. {
        if to - from <= CLOSE {
            break;
        }
        let part = before / (before - after);
        let straight = (0.0..=1.0).contains(&part) && step % 3 != 0;
        let guess = from + (to - from) * if straight { part } else { 0.5 };
        // A root next to an end is shut in from the other side.
        let t = guess.clamp(from + CLOSE / 2.0, to - CLOSE / 2.0);
        let here = value(t);
        let beyond = (here > 0.0) == up;
        let weight = if last == Some(beyond) { 0.5 } else { 1.0 };
        if beyond {
            (to, after, before) = (t, here, before * weight);
        } else {
            (from, before, after) = (t, here, after * weight);
        }
        last = Some(beyond);
    }
    f64::midpoint(from, to)
}

/// The time that two lists of spans, each in order, have in common.
pub(super) fn overlap(a: &[Span], b: &[Span]) -> Vec<Span> {
    let both = a
        .iter()
        .flat_map(|x| b.iter().map(move |y| (x.0.max(y.0), x.1.min(y.1))));
    both.filter(|(from, to)| from < to).collect()
}

/// The longest span, and of equal ones the first.
pub(super) fn longest(spans: &[Span]) -> Option<Span> {
    let length = |span: &Span| span.1 - span.0;
    spans.iter().copied().reduce(|best, span| {
        if length(&span) > length(&best) {
            span
        } else {
            best
        }
    })
}

/// Times from the start of a span to its end, both included if the steps meet it.
pub(super) fn ticks((from, to): Span, step: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(from), move |t| Some(t + step)).take_while(move |t| *t <= to)
}
