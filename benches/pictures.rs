//! How long the two pictures of a letter take, from what is known to the PNG: `cargo bench --bench pictures`.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use criterion::{Criterion, criterion_group, criterion_main};
use grb_app::alerts::letters::{View, drawn};
use grb_app::sky::{
    AltitudeSpec, ChartSpec, Equatorial, Horizon, Limits, Moon, Observer, Panorama, Region, Site,
    altitude_chart, chart_marks,
};

const TITLE: &str = "GRB 261121A";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_300_000, 0).unwrap_or_default()
}

/// Hills and a tree, a point every 10°.
fn site() -> Site {
    let points: Vec<(f64, f64)> = (0..36)
        .map(|i| (f64::from(i) * 10.0, f64::from(i * 7 % 11) * 2.0))
        .collect();
    Site {
        latitude: 44.0,
        longitude: 5.0,
        elevation: 640.0,
        horizon: Horizon::profile(&points).unwrap_or(Horizon::flat(0.0)),
    }
}

const TARGET: Equatorial = Equatorial {
    ra: 83.6,
    dec: 22.0,
};

fn night(observer: &Observer) -> String {
    altitude_chart(&AltitudeSpec {
        title: TITLE,
        target: TARGET,
        observer,
        limits: &Limits::default(),
        now: Some(now()),
        zone: Tz::Europe__Paris,
    })
}

fn sky(observer: &Observer) -> String {
    let (region, panorama) = (Region::circle(TARGET, 8.0), Panorama::of(observer, now()));
    chart_marks(&ChartSpec {
        title: TITLE,
        position: TARGET,
        region: Some(&region),
        earlier: &[],
        fields: &[],
        sun: Some(observer.sun_place(now())),
        moon: Some(Moon {
            position: observer.moon_place(now()),
            illuminated: observer.phase(now()).illuminated,
        }),
        view: Some(grb_app::sky::View {
            horizon: &panorama.horizon,
            zenith: panorama.zenith,
        }),
    })
}

fn pictures(criterion: &mut Criterion) {
    let observer = Observer::at(&site(), now());
    criterion.bench_function("picture of the night", |bencher| {
        bencher.iter(|| drawn(View::Night, &night(&observer)));
    });
    criterion.bench_function("picture of the sky", |bencher| {
        bencher.iter(|| drawn(View::Sky, &sky(&observer)));
    });
}

criterion_group!(benches, pictures);
criterion_main!(benches);
