//! The pictures inside a letter: drawn as SVG by `sky`, made into small PNGs, shared by everybody who sees the same.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use tokio::sync::Semaphore;

use super::plain::plain;
use super::{Material, palette, words};
use crate::alerts::Reason;
use crate::bursts::Sight;
use crate::platform::outbox::Picture;
use crate::platform::{App, Error, Result};
use crate::sky::{
    self, AltitudeSpec, ChartSpec, Equatorial, Moon, Panorama, Region, constellation,
};

/// Pixels across: two for each that a letter has on a phone.
const WIDTH: u16 = 640;

/// Bytes of pictures that are kept for the next letter.
const KEPT: u64 = 8 * 1024 * 1024;

/// What the drawings' classes look like at the size of a phone; the rest is said in the drawings themselves.
const STYLE: &str = "
    text { font-family: 'Letter Sans'; }
    .sky-chart .minor { display: none; }
    .all-sky .label { font-size: 25px; fill: #a9a999; }
    .all-sky .wind { font-weight: 600; fill: #9fb89c; }
    .all-sky .target-label { font-size: 31px; font-weight: 600; fill: #ece6d8; }
    .on-field { stroke: #0f1521; stroke-width: 5; }
";

/// The pictures of a letter: the night over the best site, and the whole sky. None where they are switched off.
pub(super) async fn of(app: &App, letter: &Material, reason: Reason) -> Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    let Some(best) = letter.burst.best.as_ref() else {
        return Ok(pictures);
    };
    if !app.config.mail_pictures || reason == Reason::Withdrawn {
        return Ok(pictures);
    }
    let edition = Edition {
        house: app.db.path().to_owned(),
        burst: letter.burst.id,
        notices: letter.burst.notice_count,
        updated_at: letter.burst.updated_at,
    };
    let sight = letter.sights.first();
    let place = sight.map(|sight| &sight.site.place);
    let name = plain(&letter.burst.name(), 40);
    let key = |view| Key::new(&edition, view, place, letter.at);
    if let Some(sight) = sight.filter(|sight| sight.section().is_some()) {
        let (night, title, target) = (sight.clone(), name.clone(), best.position);
        let png = picture(key(View::Night), move || night_svg(&night, &title, target)).await?;
        pictures.push(Picture {
            cid: words::NIGHT.into(),
            alt: night_in_words(sight, &name),
            png,
        });
    }
    let region = letter.region.clone();
    let region = region.or_else(|| letter.burst.circle());
    let (site, title, at) = (sight.cloned(), name.clone(), letter.at);
    let position = best.position;
    let draw = move || sky_svg(site.as_ref(), &title, position, region.as_ref(), at);
    let png = picture(key(View::Sky), draw).await?;
    pictures.push(Picture {
        cid: words::SKY.into(),
        alt: sky_in_words(sight, &name, position),
        png,
    });
    Ok(pictures)
}

fn night_svg(sight: &Sight, title: &str, target: Equatorial) -> String {
    sky::altitude_chart(&AltitudeSpec {
        title,
        target,
        observer: &sight.observer,
        limits: &sight.limits,
        now: Some(sight.at),
        zone: sight.site.time_zone,
    })
}

fn sky_svg(
    sight: Option<&Sight>,
    title: &str,
    position: Equatorial,
    region: Option<&Region>,
    at: DateTime<Utc>,
) -> String {
    let observer = sight.map(|sight| &sight.observer);
    let panorama = observer.map(|observer| Panorama::of(observer, at));
    sky::chart_marks(&ChartSpec {
        title,
        position,
        region,
        earlier: &[],
        fields: &[],
        sun: observer.map(|observer| observer.sun_place(at)),
        moon: observer.map(|observer| Moon {
            position: observer.moon_place(at),
            illuminated: observer.phase(at).illuminated,
        }),
        view: panorama.as_ref().map(|panorama| sky::View {
            horizon: &panorama.horizon,
            zenith: panorama.zenith,
        }),
    })
}

/// What the picture of the night says.
fn night_in_words(sight: &Sight, name: &str) -> String {
    let site = plain(&sight.site.name, 80);
    match sight.window() {
        Some(window) => format!(
            "The altitude of {name} through the night at {site}: highest in the dark at {}, {:.0}° up.",
            sight.time(window.best),
            window.altitude
        ),
        None => {
            format!("The altitude of the middle of {name}’s place through the night at {site}.")
        }
    }
}

/// What the picture of the sky says.
fn sky_in_words(sight: Option<&Sight>, name: &str, position: Equatorial) -> String {
    let constellation = constellation(position).name;
    let horizon = sight.map(|sight| {
        let site = plain(&sight.site.name, 80);
        format!(", and what is above the horizon of {site} now")
    });
    format!(
        "Map of the whole sky: {name} in {constellation}{}.",
        horizon.unwrap_or_default()
    )
}

/// A burst as it stood after so many notices.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Edition {
    /// Two databases in one process may have bursts of the same id.
    pub(super) house: PathBuf,
    pub(super) burst: i64,
    pub(super) notices: u32,
    pub(super) updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// The whole sky with the region and the site's horizon.
    Sky,
    /// The altitude over the night.
    Night,
}

/// What a picture shows: two with the same key look the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    edition: Edition,
    view: View,
    /// Latitude, longitude, elevation and horizon; nothing for a member without a site.
    place: Vec<u64>,
    /// Instants are told apart to five minutes, in which the sky turns by one degree.
    moment: i64,
}

impl Key {
    pub(super) fn new(
        edition: &Edition,
        view: View,
        site: Option<&sky::Site>,
        at: DateTime<Utc>,
    ) -> Self {
        let numbers = site.into_iter().flat_map(|site| {
            let horizon = site.horizon.points().iter();
            [site.latitude, site.longitude, site.elevation]
                .into_iter()
                .chain(horizon.flat_map(|(azimuth, altitude)| [*azimuth, *altitude]))
        });
        Self {
            edition: edition.clone(),
            view,
            place: numbers.map(f64::to_bits).collect(),
            moment: at.timestamp().div_euclid(300),
        }
    }
}

/// The picture of `key` as PNG. Only the first who wants it has it drawn, by what `svg` gives.
///
/// Two are drawn at a time: a small computer has other things to do.
pub(super) async fn picture(
    key: Key,
    svg: impl FnOnce() -> String + Send + 'static,
) -> Result<Arc<Vec<u8>>> {
    static TURNS: Semaphore = Semaphore::const_new(2);
    static DRAWN: LazyLock<Cache<Key, Arc<Vec<u8>>, Bytes>> =
        LazyLock::new(|| Cache::with_weighter(256, KEPT, Bytes));
    static NEWEST: AtomicI64 = AtomicI64::new(i64::MIN);
    // What was drawn for minutes that are over is asked for no more. Asked for often until now, it would keep the new out.
    if NEWEST.fetch_max(key.moment, Ordering::Relaxed) < key.moment {
        DRAWN.retain(|old, _| old.moment >= key.moment);
    }
    let view = key.view;
    let draw = async {
        let _turn = TURNS.acquire().await.map_err(anyhow::Error::from)?;
        let drawn = tokio::task::spawn_blocking(move || drawn(view, &svg()));
        match drawn.await {
            Ok(png) => Ok(Arc::new(png?)),
            Err(stopped) => Err(Error::Internal(stopped.into())),
        }
    };
    DRAWN.get_or_insert_async(&key, draw).await
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Vec<u8>>> for Bytes {
    fn weight(&self, key: &Key, png: &Arc<Vec<u8>>) -> u64 {
        (png.len() + key.place.len() * 8) as u64
    }
}

/// A drawing of `sky` as PNG: on the sky without anything on it, or on plain ground.
pub fn drawn(view: View, svg: &str) -> anyhow::Result<Vec<u8>> {
    static SKY: LazyLock<anyhow::Result<Pixmap>> =
        LazyLock::new(|| rendered(&sky::chart_ground(), None));
    let ground = match view {
        View::Sky => Some(SKY.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?),
        View::Night => None,
    };
    palette::png(&rendered(svg, ground)?)
}

/// The drawing in pixels, laid over `ground`.
fn rendered(svg: &str, ground: Option<&Pixmap>) -> anyhow::Result<Pixmap> {
    static OPTIONS: LazyLock<Options> = LazyLock::new(|| Options {
        font_family: "Letter Sans".into(),
        fontdb: fonts(),
        style_sheet: Some(STYLE.into()),
        ..Options::default()
    });
    let tree = Tree::from_str(svg, &OPTIONS)?;
    let scale = f32::from(WIDTH) / tree.size().width();
    let mut pixels = match ground {
        Some(ground) => ground.clone(),
        None => blank(tree.size().height() * scale)?,
    };
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixels.as_mut(),
    );
    Ok(pixels)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a drawing is some hundred pixels high"
)]
fn blank(height: f32) -> anyhow::Result<Pixmap> {
    let mut pixels =
        Pixmap::new(WIDTH.into(), height.ceil() as u32).context("A picture of no size")?;
    // The ground of the dark theme.
    pixels.fill(Color::from_rgba8(0x0b, 0x0f, 0x17, 0xff));
    Ok(pixels)
}

/// The program's own: a server has none that could be relied upon.
fn fonts() -> Arc<fontdb::Database> {
    let mut fonts = fontdb::Database::new();
    for font in [
        include_bytes!("../../../assets/fonts/letter-sans-400.ttf").as_slice(),
        include_bytes!("../../../assets/fonts/letter-sans-600.ttf"),
    ] {
        fonts.load_font_data(font.to_vec());
    }
    Arc::new(fonts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a drawing need fonts, and the machine's must not be asked for: without ours there would be none.
    #[test]
    fn words_are_drawn_with_our_own_letters() {
        let svg = |words: &str| {
            format!(
                r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 40"><text x="5" y="30" font-size="24" fill="#fff">{words}</text></svg>"##
            )
        };
        let empty = drawn(View::Night, &svg("")).unwrap();
        for words in ["GRB 260505A", "Łódź, Ērgļi", "−64° 3′ 4″"] {
            assert!(
                drawn(View::Night, &svg(words)).unwrap().len() > 2 * empty.len(),
                "{words}"
            );
        }
        // A name in letters that we have not is no fault, only not drawn.
        assert!(drawn(View::Night, &svg("星 \u{1F52D}")).is_ok());
    }

    #[test]
    fn what_is_no_drawing_is_refused() {
        for svg in [
            "",
            "<svg",
            "<html/>",
            "<svg xmlns='http://www.w3.org/2000/svg' width='0' height='0'/>",
        ] {
            assert!(drawn(View::Night, svg).is_err(), "{svg}");
        }
    }
}
