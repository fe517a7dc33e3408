//! How long it takes to say what an observer can see, and to judge one burst for ten thousand sites: `cargo bench --bench night`.

use std::hint::black_box;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use grb_app::sky::{
    Almanac, Equatorial, Horizon, Limits, Observer, Region, Site, SiteNight, visibility,
};

const NOW: i64 = 1_795_300_000;
const SITES: u32 = 10_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap_or_default()
}

/// Sites all over the inhabited Earth.
fn site(number: u32, horizon: &Horizon) -> Site {
    Site {
        latitude: f64::from(number % 120) - 50.0,
        longitude: f64::from(number) * 137.507_764 % 360.0 - 180.0,
        elevation: 200.0,
        horizon: horizon.clone(),
    }
}

/// Hills and a tree, a point every 10°.
fn hills() -> Horizon {
    let points: Vec<(f64, f64)> = (0..36)
        .map(|i| (f64::from(i) * 10.0, f64::from(i * 7 % 11) * 2.0))
        .collect();
    Horizon::profile(&points).unwrap_or(Horizon::flat(0.0))
}

fn target() -> Equatorial {
    Equatorial {
        ra: 83.6,
        dec: 22.0,
    }
}

fn one_site(criterion: &mut Criterion) {
    let (limits, region) = (Limits::default(), Region::circle(target(), 8.0));
    for (name, horizon) in [("flat", Horizon::flat(0.0)), ("hills", hills())] {
        let site = site(94, &horizon);
        criterion.bench_function(&format!("visibility from scratch, {name}"), |bencher| {
            bencher.iter(|| {
                visibility(
                    black_box(target()),
                    None,
                    &Observer::at(&site, now()),
                    now(),
                    &limits,
                )
            });
        });
        let observer = Observer::at(&site, now());
        criterion.bench_function(&format!("visibility, {name}"), |bencher| {
            bencher.iter(|| visibility(black_box(target()), None, &observer, now(), &limits));
        });
        criterion.bench_function(&format!("visibility with a region, {name}"), |bencher| {
            bencher.iter(|| {
                visibility(
                    black_box(target()),
                    Some(&region),
                    &observer,
                    now(),
                    &limits,
                )
            });
        });
    }
    criterion.bench_function("an almanac", |bencher| {
        bencher.iter(|| Almanac::around(black_box(now())));
    });
}

fn ten_thousand_sites(criterion: &mut Criterion) {
    let (limits, almanac) = (Limits::default(), Arc::new(Almanac::around(now())));
    let night = |site: &Site| SiteNight::of(&Observer::with(&almanac, site, now()));
    let mut group = criterion.benchmark_group("10,000 sites");
    group.sample_size(10);
    for (name, horizon) in [("flat", Horizon::flat(0.0)), ("hills", hills())] {
        let sites: Vec<Site> = (0..SITES).map(|i| site(i, &horizon)).collect();
        let nights: Vec<SiteNight> = sites.iter().map(night).collect();
        group.bench_function(format!("windows, {name}"), |bencher| {
            bencher.iter(|| {
                let windows = nights
                    .iter()
                    .map(|night| night.window(black_box(target()), now(), &limits));
                windows.flatten().count()
            });
        });
        group.bench_function(format!("making the nights, {name}"), |bencher| {
            bencher.iter(|| sites.iter().map(night).collect::<Vec<_>>());
        });
    }
    group.finish();
}

criterion_group!(benches, one_site, ten_thousand_sites);
criterion_main!(benches);
