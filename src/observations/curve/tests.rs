use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde::Deserialize;

use super::axes::{Axes, Scale};
use super::points::{Curve, Style, Value};
use super::{Size, drawing, part, words};
use crate::bursts::Burst;
use crate::notices::{Format, Kind, Mission, Notice};
use crate::observations::model::{Observation, Photometry};

fn trigger() -> DateTime<Utc> {
    "2026-11-20T21:59:00Z".parse().unwrap()
}

fn burst(trigger: Option<DateTime<Utc>>) -> Burst {
    let notice = Notice::new(Format::Voevent, Mission::Swift, Kind::Alert);
    let mut burst = Burst::begin(&notice, self::trigger());
    burst.trigger_time = trigger;
    burst
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "no test is that long after its trigger"
)]
/// Of `member`, begun so many seconds after the trigger.
fn observation(member: i64, after: f64, filter: &str, photometry: Photometry) -> Observation {
    let start = trigger() + TimeDelta::microseconds((after * 1e6) as i64);
    Observation {
        id: 1,
        observer: format!("Member {member}"),
        instrument: "C11".into(),
        start,
        filter: Some(filter.to_owned()).filter(|filter| !filter.is_empty()),
        photometry,
        ..Observation::blank(1, member)
    }
}

fn seen(magnitude: f64, error: f64) -> Photometry {
    Photometry {
        magnitude: Some(magnitude),
        error: Some(error),
        ..Photometry::default()
    }
}

fn limit(magnitude: f64) -> Photometry {
    Photometry {
        limit: Some(magnitude),
        ..Photometry::default()
    }
}

fn curve(observations: &[Observation]) -> Curve {
    Curve::of(&burst(Some(trigger())), observations).unwrap()
}

/// The numbers in the attributes of the first element with a class.
fn numbers(svg: &str, class: &str) -> Vec<f64> {
    let start = svg.find(&format!(r#"class="{class}""#)).unwrap();
    let path = svg[start..].split(r#" d=""#).nth(1).unwrap();
    let path = path.split('"').next().unwrap();
    let numbers = path.split(|c: char| c.is_alphabetic() || c == ' ');
    numbers
        .filter(|n| !n.is_empty())
        .map(|n| n.parse().unwrap())
        .collect()
}

#[test]
fn bright_stands_high_and_later_stands_right() {
    let observations = [
        observation(1, 60.0, "R", seen(14.0, 0.1)),
        observation(1, 6000.0, "R", seen(19.0, 0.1)),
    ];
    for scale in [Scale::Log, Scale::Linear] {
        let axes = Axes::new(&curve(&observations), scale, (700.0, 300.0));
        assert!(axes.y(14.0) < axes.y(19.0));
        assert!(axes.x(60.0) < axes.x(6000.0));
        assert!(0.0 < axes.y(14.0) && axes.y(19.0) < 300.0);
    }
}

#[test]
fn a_limits_arrow_points_to_the_fainter_side() {
    let svg = drawing(
        &curve(&[observation(1, 600.0, "R", limit(18.0))]),
        Scale::Log,
        Size::Wide,
    );
    // The legend's sample comes first, so the point's arrow is looked for behind it.
    let point = &svg[svg.find("translate(56").unwrap()..];
    let arrow = numbers(point, "arrow");
    let (from, tip) = (arrow[1], arrow[2]);
    assert!(tip > from + 10.0, "{arrow:?}");
}

#[test]
fn a_detection_has_a_bar_of_its_error_and_one_of_its_exposure() {
    let mut observation = observation(1, 3600.0, "V", seen(16.0, 0.4));
    observation.exposure = Some(1800.0);
    let curve = curve(&[observation]);
    let point = &curve.points[0];
    assert_eq!((point.seconds, point.half_exposure), (4500.0, 900.0));
    let axes = Axes::new(&curve, Scale::Log, (692.0, 360.0));
    let bars = numbers(&drawing(&curve, Scale::Log, Size::Wide), "bars");
    let close = |a: f64, b: f64| (a - b).abs() < 0.06;
    assert!(
        close(bars[0], axes.x(3600.0)) && close(bars[2], axes.x(5400.0)),
        "{bars:?}"
    );
    assert!(
        close(bars[4], axes.y(15.6)) && close(bars[5], axes.y(16.4)),
        "{bars:?}"
    );
}

#[test]
fn times_are_labelled_in_words() {
    let observations = [
        observation(1, 30.0, "R", seen(14.0, 0.1)),
        observation(1, 200_000.0, "R", seen(19.0, 0.1)),
    ];
    let labels = |scale| -> Vec<String> {
        let axes = Axes::new(&curve(&observations), scale, (692.0, 360.0));
        axes.time_ticks(62.0)
            .into_iter()
            .filter_map(|tick| tick.label)
            .collect()
    };
    let log = labels(Scale::Log);
    for decade in ["1 min", "10 min", "1 h", "1 d"] {
        assert!(
            log.iter().any(|label| label == decade),
            "{decade} in {log:?}"
        );
    }
    let linear = labels(Scale::Linear);
    assert_eq!(linear.first().map(String::as_str), Some("0 h"));
    assert!((4..=11).contains(&linear.len()), "{linear:?}");
}

#[test]
fn labels_of_the_time_axis_keep_apart() {
    for decades in 0..8 {
        let last = 10_f64.powi(decades) * 3.0;
        let observations = [
            observation(1, 2.0, "R", seen(14.0, 0.1)),
            observation(1, 2.0 + last, "R", seen(19.0, 0.1)),
        ];
        for scale in [Scale::Log, Scale::Linear] {
            let axes = Axes::new(&curve(&observations), scale, (304.0, 250.0));
            let ticks = axes.time_ticks(52.0);
            let places: Vec<f64> = ticks
                .iter()
                .filter(|tick| tick.label.is_some())
                .map(|tick| axes.x(tick.value))
                .collect();
            assert!(
                places.windows(2).all(|two| two[1] - two[0] >= 51.9),
                "{last} {scale:?} {places:?}"
            );
            assert!(places.len() > 1, "{last} {scale:?} {ticks:?}");
        }
    }
}

#[derive(Deserialize)]
struct Slope {
    seconds: Vec<f64>,
    magnitudes: Vec<f64>,
    errors: Vec<f64>,
    alpha: f64,
    alpha_error: f64,
    chi2: f64,
}

#[test]
fn slopes_are_those_of_numpy() {
    let text = include_str!("../../../tests/fixtures/observations/slopes.json");
    for case in serde_json::from_str::<Vec<Slope>>(text).unwrap() {
        let rows = case.seconds.iter().zip(&case.magnitudes).zip(&case.errors);
        let observations: Vec<_> = rows
            .map(|((seconds, magnitude), error)| {
                observation(1, *seconds, "R", seen(*magnitude, *error))
            })
            .collect();
        let fits = curve(&observations).fits;
        assert!(
            (fits[0].alpha - case.alpha).abs() < 1e-6,
            "{} {}",
            fits[0].alpha,
            case.alpha
        );
        assert!(
            (fits[0].error - case.alpha_error).abs() < 1e-6,
            "{} {}",
            fits[0].error,
            case.alpha_error
        );
        assert!((fits[0].chi2 - case.chi2).abs() < 1e-4);
    }
}

#[test]
fn nothing_is_fitted_where_nothing_can_be_said() {
    let fading = |times: &[f64]| -> Vec<Observation> {
        let point = |t: &f64| observation(1, *t, "R", seen(14.0 + 2.5 * (t / 100.0).log10(), 0.05));
        times.iter().map(point).collect()
    };
    assert_eq!(curve(&fading(&[100.0, 300.0, 900.0])).fits.len(), 1);
    assert!(
        curve(&fading(&[100.0, 900.0])).fits.is_empty(),
        "two points"
    );
    assert!(
        curve(&fading(&[100.0, 130.0, 190.0])).fits.is_empty(),
        "too short a time"
    );
    let mut mixed = fading(&[100.0, 300.0, 900.0]);
    mixed[1].filter = Some("V".into());
    assert!(curve(&mixed).fits.is_empty(), "two filters");
    let mut mixed = fading(&[100.0, 300.0, 900.0]);
    mixed[1].photometry.system = Some("AB".into());
    assert!(curve(&mixed).fits.is_empty(), "two systems");
    let mut limits = fading(&[100.0, 300.0, 900.0]);
    limits[2].photometry = limit(18.0);
    assert!(curve(&limits).fits.is_empty(), "a limit is no detection");
    let unknown = Curve::of(&burst(None), &fading(&[100.0, 300.0, 900.0])).unwrap();
    assert!(
        unknown.fits.is_empty() && unknown.guide().is_none(),
        "no trigger"
    );
    let mut flare = fading(&[100.0, 300.0, 900.0, 2700.0]);
    flare[1].photometry.magnitude = Some(11.0);
    let flare = curve(&flare);
    assert!(!flare.fits[0].sound);
    assert!(
        words::caption(&flare, Scale::Log)
            .join(" ")
            .contains("follow no single power law")
    );
}

#[test]
fn the_guide_goes_through_the_first_detection_and_falls_by_two_and_a_half_magnitudes_a_decade() {
    let curve = curve(&[
        observation(1, 60.0, "R", limit(13.0)),
        observation(1, 100.0, "R", seen(14.0, 0.1)),
        observation(1, 90_000.0, "R", seen(20.0, 0.1)),
    ]);
    let through = curve.guide().unwrap();
    assert_eq!(through, (100.0, 14.0));
    let axes = Axes::new(&curve, Scale::Log, (700.0, 300.0));
    let line = axes.power_law(1.0, through, 100.0, 10_000.0);
    let close = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6;
    assert!(close(line[0], (axes.x(100.0), axes.y(14.0))));
    assert!(close(
        line[line.len() - 1],
        (axes.x(10_000.0), axes.y(19.0))
    ));
}

#[test]
fn filters_stand_from_blue_to_red_each_with_a_shape_of_its_own() {
    let filters = ["Clear", "r'", "I", "B", "R", "g'", "V", ""];
    let observations: Vec<_> = filters
        .iter()
        .map(|filter| observation(1, 600.0, filter, seen(15.0, 0.1)))
        .collect();
    let curve = curve(&observations);
    let labels: Vec<&str> = curve.bands.iter().map(|band| band.label.as_str()).collect();
    assert_eq!(
        labels,
        ["B", "g'", "V", "r'", "R", "I", "Clear", "no filter given"]
    );
    for (i, band) in curve.bands.iter().enumerate() {
        assert!(
            curve.bands[..i]
                .iter()
                .all(|other| other.shape != band.shape),
            "{labels:?}"
        );
    }
    let svg = drawing(&curve, Scale::Log, Size::Wide);
    for label in ["g′", "Clear", "no filter given"] {
        assert!(svg.contains(&format!(">{label}</text>")), "{label}");
    }
}

#[test]
fn members_marks_are_filled_each_in_its_way() {
    let observations: Vec<_> = (1..=6)
        .map(|member| observation(member, 60.0 * member as f64, "R", seen(15.0, 0.1)))
        .collect();
    let styles: Vec<Style> = curve(&observations)
        .observers
        .iter()
        .map(|observer| observer.style)
        .collect();
    assert_eq!(
        styles[..4],
        [Style::Solid, Style::Hollow, Style::Dotted, Style::Barred]
    );
    let svg = drawing(&curve(&observations), Scale::Log, Size::Wide);
    assert!(svg.contains(">Member 3</text>") && svg.contains(">3 others</text>"));
    let alone = drawing(&curve(&observations[..1]), Scale::Log, Size::Wide);
    assert!(
        !alone.contains(">Member 1</text>"),
        "one member needs no legend"
    );
}

#[test]
fn the_caption_says_what_there_is() {
    let observations = [
        observation(1, 720.0, "R", seen(16.2, 0.05)),
        observation(2, 7200.0, "R", seen(18.2, 0.1)),
        observation(2, 60.0, "Clear", limit(15.0)),
    ];
    let caption = words::caption(&curve(&observations), Scale::Log).join(" ");
    assert_eq!(
        caption,
        "2 detections and 1 limit by 2 members. Brightest 16.20 ± 0.05 in R, 12 min 00 s after the trigger."
    );
    let caption = words::caption(&curve(&observations[2..]), Scale::Log).join(" ");
    assert_eq!(
        caption,
        "1 limit by Member 2. Nobody saw it: fainter than 15.0 in unfiltered light, 60 s after the trigger."
    );
}

#[test]
fn what_came_before_the_trigger_wants_a_linear_axis() {
    let observations = [
        observation(1, -600.0, "R", limit(17.0)),
        observation(1, 600.0, "R", seen(16.0, 0.1)),
    ];
    let early = curve(&observations);
    assert_eq!(early.default_scale(), Scale::Linear);
    assert_eq!(
        drawing(&early, Scale::Linear, Size::Wide)
            .matches("<title>")
            .count(),
        3
    );
    assert_eq!(
        drawing(&early, Scale::Log, Size::Wide)
            .matches("<title>")
            .count(),
        2
    );
    let caption = words::caption(&early, Scale::Log).join(" ");
    assert!(
        caption.contains("1 point before the trigger stands on the linear axis only."),
        "{caption}"
    );
    assert!(!curve(&observations[..1]).has_log());
    let unknown = Curve::of(&burst(None), &observations).unwrap();
    assert_eq!(
        (unknown.default_scale(), unknown.origin),
        (Scale::Linear, observations[0].start)
    );
    assert_eq!(unknown.possible(Scale::Log), Scale::Linear);
}

#[test]
fn names_cannot_break_out_of_the_drawing() {
    let mut observation = observation(1, 600.0, "<b>&\"'", seen(15.0, 0.1));
    observation.observer = "</svg><script>alert(1)</script>".into();
    observation.instrument = "\"><img src=x>\u{0}".into();
    let part = part(&burst(Some(trigger())), &[observation]).unwrap();
    assert!(
        !part.contains("<script") && !part.contains("<img") && !part.contains("<b>"),
        "{part}"
    );
    assert!(!part.contains("style=") && !part.contains('\u{0}'));
}

#[test]
fn without_a_magnitude_there_is_no_curve() {
    let blank = observation(1, 600.0, "R", Photometry::default());
    assert!(part(&burst(Some(trigger())), &[blank]).is_none());
    assert!(part(&burst(Some(trigger())), &[]).is_none());
    let mad = observation(1, 600.0, "R", seen(f64::NAN, 0.1));
    assert!(part(&burst(Some(trigger())), &[mad]).is_none());
    let both = Photometry {
        limit: Some(19.0),
        ..seen(17.0, 0.1)
    };
    let both = curve(&[observation(1, 600.0, "R", both)]);
    assert_eq!(both.points[0].value, Value::Seen(17.0, Some(0.1)));
}

fn any_magnitude() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        Just(None),
        any::<f64>().prop_map(Some),
        (-5.0..30.0).prop_map(Some)
    ]
}

prop_compose! {
    fn any_observation()(
        member in 1_i64..7,
        after in prop_oneof![-1e5..1e5, -1.0..1.0, Just(0.0), 0.0..1e8],
        exposure in prop_oneof![Just(None), (0.0..1e6).prop_map(Some)],
        filter in prop_oneof!["[A-Z']{0,2}", ".{0,40}"],
        magnitude in any_magnitude(), error in any_magnitude(), limit in any_magnitude(),
    ) -> Observation {
        let photometry = Photometry { magnitude, error, limit, system: None };
        Observation { exposure, ..observation(member, after, &filter, photometry) }
    }
}

proptest! {
    #[test]
    fn every_number_in_a_drawing_is_one(observations in prop::collection::vec(any_observation(), 1..30), known in any::<bool>()) {
        let Some(curve) = Curve::of(&burst(known.then(trigger)), &observations) else { return Ok(()) };
        for scale in [Scale::Log, Scale::Linear] {
            for size in [Size::Wide, Size::Narrow] {
                let svg = drawing(&curve, scale, size);
                prop_assert!(resvg::usvg::roxmltree::Document::parse(&svg).is_ok(), "{svg}");
                let points = svg.replace("stance", "");
                for attribute in [" d=\"", " x=\"", " y=\"", "translate(", "viewBox=\""] {
                    for value in points.split(attribute).skip(1) {
                        let value = value.split(['"', ')']).next().unwrap_or_default();
                        prop_assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
                    }
                }
            }
        }
        prop_assert!(!words::caption(&curve, Scale::Log).join(" ").contains("NaN"));
    }
}
