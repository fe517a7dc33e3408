//! A search for observations as an address asks for it.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::list::Wanted;
use super::{filters, input};
use crate::accounts::Member;
use crate::bursts::list::cone;
use crate::platform::Result;
use crate::platform::web::form::Faults;
use crate::platform::web::listing::{PageKey, address, filled};

/// Characters that are looked for.
const LONGEST_SEARCH: usize = 200;

/// More than any magnitude that can be posted.
const MAGNITUDES: RangeInclusive<f64> = -30.0..=40.0;

/// Which observations to list; everything that the caller may see, unless a field says otherwise.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
pub(super) struct Asked {
    /// Words that all stand in observer, site, instrument, filter, comparison stars, notes or the burst's name.
    pub(super) text: String,
    /// Exposures that began at or after this time or day (RFC 3339, UTC unless said).
    pub(super) from: String,
    /// Exposures that began before this time, or on this day at the latest.
    pub(super) to: String,
    /// Magnitude or limit at least …
    #[param(value_type = f64, minimum = -30, maximum = 40)]
    pub(super) brightest: String,
    /// … and at most.
    #[param(value_type = f64, minimum = -30, maximum = 40)]
    pub(super) faintest: String,
    /// A part of the instrument's name.
    pub(super) instrument: String,
    /// Its filter, as the observation has it: `R`, `g`, `CV`.
    pub(super) filter: String,
    /// Id of the observer, or `me`.
    #[param(pattern = "^(me|[0-9]{1,18})$")]
    pub(super) observer: String,
    /// Id of the burst.
    #[param(value_type = i64)]
    pub(super) burst: String,
    /// Centre of a cone, deg, ICRS; ra, dec and radius go together
    #[param(value_type = f64, minimum = -360, maximum = 360)]
    pub(super) ra: String,
    #[param(value_type = f64, minimum = -90, maximum = 90)]
    pub(super) dec: String,
    #[param(value_type = f64, minimum = 0, maximum = 180)]
    pub(super) radius: String,
    /// 1…200, 20 unless given
    #[param(value_type = u16, minimum = 1, maximum = 200)]
    pub(super) limit: String,
    /// `next` of the page before
    pub(super) after: String,
}

impl Asked {
    /// What is wanted by this caller and how many; every faulty field is named.
    pub(super) fn understand(&self, caller: Option<&Member>) -> Result<(Wanted, usize)> {
        let mut faults = Faults::default();
        let wanted = Wanted {
            text: searched(&mut faults, "text", &self.text),
            burst: faults.parse(
                "burst",
                &self.burst,
                |text| text.parse().ok(),
                "the id of a burst",
            ),
            observer: faults.parse(
                "observer",
                &self.observer,
                |text| observer(text, caller),
                "the id of a member, or me once you are signed in",
            ),
            from: faults.parse(
                "from",
                &self.from,
                |text| moment(text, TimeDelta::zero()),
                "a day or a time, such as 2026-11-20",
            ),
            to: faults.parse(
                "to",
                &self.to,
                |text| moment(text, TimeDelta::days(1)),
                "a day or a time, such as 2026-11-21",
            ),
            brightest: faults.within("brightest", &self.brightest, MAGNITUDES, "magnitudes"),
            faintest: faults.within("faintest", &self.faintest, MAGNITUDES, "magnitudes"),
            instrument: searched(&mut faults, "instrument", &self.instrument),
            filter: filled(&self.filter).map(filters::code),
            cone: cone(&mut faults, &self.ra, &self.dec, &self.radius),
            member: caller.map(|member| member.id),
            officer: caller.is_some_and(|member| member.officer),
            after: faults.after(&self.after, PageKey::parse),
        };
        let limit = faults.limit(&self.limit);
        faults.done().map(|()| (wanted, limit))
    }

    /// The list's address with the same search, at `after` or from the beginning.
    pub(super) fn address(&self, after: Option<PageKey>) -> String {
        let after = after.map(|key| key.to_string()).unwrap_or_default();
        let fields = [
            ("text", self.text.as_str()),
            ("from", &self.from),
            ("to", &self.to),
            ("brightest", &self.brightest),
            ("faintest", &self.faintest),
            ("instrument", &self.instrument),
            ("filter", &self.filter),
            ("observer", &self.observer),
            ("burst", &self.burst),
            ("ra", &self.ra),
            ("dec", &self.dec),
            ("radius", &self.radius),
            ("limit", &self.limit),
            ("after", &after),
        ];
        address("/observations", &fields)
    }
}

fn searched(faults: &mut Faults, field: &str, text: &str) -> Option<String> {
    let must = format!("at most {LONGEST_SEARCH} characters");
    let short = |text: &str| text.chars().count() <= LONGEST_SEARCH;
    let short = |text: &str| short(text).then(|| text.to_owned());
    faults.parse(field, text, short, &must)
}

fn observer(text: &str, caller: Option<&Member>) -> Option<i64> {
    match text {
        "me" => caller.map(|member| member.id),
        id => id.parse().ok(),
    }
}

/// A time, or a day's beginning moved on by `later`. A plus sign that was not escaped arrives as a blank.
fn moment(text: &str, later: TimeDelta) -> Option<DateTime<Utc>> {
    let day = |text| input::instant(&format!("{text} 00:00")).map(|day| day + later);
    input::instant(text)
        .or_else(|| input::instant(&text.replace(' ', "+")))
        .or_else(|| day(text))
}
