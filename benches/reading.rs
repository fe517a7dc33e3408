//! How long it takes to read a notice: `cargo bench --bench reading`.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on should say where"
)]

#[path = "desk/made.rs"]
#[expect(dead_code, reason = "reading needs less of it")]
mod made;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use grb_app::notices::{Format, read, write};

fn reading(criterion: &mut Criterion) {
    let notice = made::gbm_flight(785_074_797, 0);
    let mut group = criterion.benchmark_group("read");
    for (name, format) in [
        ("GBM VOEvent", Format::Voevent),
        ("GBM text", Format::Text),
        ("GBM JSON", Format::Json),
    ] {
        let body = write(&notice, format);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| read(black_box(&body)).unwrap());
        });
    }
    let real = made::real();
    if !real.is_empty() {
        // The time of one run is that of all of them together.
        group.throughput(Throughput::Elements(real.len() as u64));
        group.bench_function("all real VOEvents", |bencher| {
            bencher.iter(|| {
                real.iter()
                    .filter(|body| read(black_box(body)).is_ok())
                    .count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
