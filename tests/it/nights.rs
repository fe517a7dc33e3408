//! Which night is tonight: a burst's page, the letter about it and the choice of who is told agree, at any hour and anywhere.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::accounts::{self, Notify, Preferences, Site};
use grb_app::alerts::letters::compose;
use grb_app::alerts::nights::Nights;
use grb_app::alerts::{Standing, Watcher};
use grb_app::bursts;
use grb_app::platform::outbox::{Channel, Composed, Order};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Served, TestApp};
use crate::sites::{Caller, swift};

/// Either side of the equator and of the date line, white nights, midnight sun and polar night in turn.
const PLACES: [(&str, f64, f64, &str); 7] = [
    ("Pic du Midi", 42.9, 0.14, "Europe/Paris"),
    ("Siding Spring", -31.3, 149.1, "Australia/Sydney"),
    ("Suva", -18.1, 178.4, "Pacific/Fiji"),
    ("Pago Pago", -14.3, -170.7, "Pacific/Pago_Pago"),
    ("Oslo", 59.9, 10.7, "Europe/Oslo"),
    ("Longyearbyen", 78.2, 15.6, "Arctic/Longyearbyen"),
    ("South Pole", -89.99, 0.0, "UTC"),
];

/// Where it can be observed at last, or not at all.
const OBSERVABLE: [&str; 3] = ["now", "tonight", "next_night"];

struct Desk<'a> {
    served: &'a Served,
    member: Caller<'a>,
    burst: i64,
    nights: Nights,
}

#[tokio::test]
async fn at_any_hour_and_anywhere_page_letter_and_choice_speak_of_the_same_night() {
    let served = TestApp::serve().await;
    let member = Caller::new(&served, "ada@example.org").await;
    for (name, latitude, longitude, zone) in PLACES {
        let site =
            json!({"name": name, "latitude": latitude, "longitude": longitude, "time_zone": zone});
        assert_eq!(member.json(Method::POST, "/api/sites", site).await.0, 201);
    }
    hook(&served).await;
    // In Vulpecula: over most of the Earth at one hour or another, never over the South Pole.
    let burst = swift(&served, (300.0, 20.0), 0.05).await;
    let mut desk = Desk {
        served: &served,
        member,
        burst,
        nights: Nights::default(),
    };
    let mut verdicts = BTreeSet::new();
    // From 22:00 UTC on 20 November, 20 February, 21 May and 19 August.
    for only_when_dark in [true, false] {
        desk.member.return_as("ada@example.org").await;
        let wishes = json!({ "preferences": { "only_when_dark": only_when_dark } });
        assert_eq!(
            desk.member
                .json(Method::PUT, "/api/users/me", wishes)
                .await
                .0,
            200
        );
        for _ in 0..4 {
            desk.member.return_as("ada@example.org").await;
            for _ in 0..15 {
                verdicts.extend(desk.agrees().await);
                served.app.clock.advance(TimeDelta::minutes(97));
            }
            served.app.clock.advance(TimeDelta::days(90));
        }
    }
    for verdict in ["now", "tonight", "never"] {
        assert!(verdicts.contains(verdict), "{verdicts:?}");
    }
}

impl Desk<'_> {
    /// Holds the three against each other, and says what they say.
    async fn agrees(&self) -> Vec<String> {
        let now = self.served.app.clock.now();
        let (sites, every, fresh) = self.chosen(now).await;
        let mut verdicts = Vec::new();
        for told in self.letter(now).await["sites"].as_array().unwrap() {
            let id = told["id"].as_i64().unwrap();
            let path = format!("/api/bursts/{}/visibility?site={id}", self.burst);
            let (status, page) = self.member.get(&path).await;
            assert_eq!(status, 200, "{page}");
            let what = format!("{} at {now}", told["name"]);
            for field in ["verdict", "answer"] {
                assert_eq!(told[field], page[field], "{what}");
            }
            let verdict = told["verdict"].as_str().unwrap();
            let observable = OBSERVABLE.contains(&verdict);
            assert_eq!(every.contains(&id), observable, "{what}: {page}");
            assert!(observable || !fresh.contains(&id), "{what}: {page}");
            assert!(verdict != "now" || fresh.contains(&id), "{what}: {page}");
            verdicts.push(verdict.to_owned());
        }
        assert_eq!(verdicts.len(), sites);
        verdicts
    }

    /// How many sites there are; from which of them a burst can be observed while it is not a week old, and not twelve hours.
    async fn chosen(&self, now: DateTime<Utc>) -> (usize, BTreeSet<i64>, BTreeSet<i64>) {
        let id = self.burst;
        let read = self.served.app.db.read(move |conn| {
            let mut standing = Standing::of(conn, &bursts::store::burst(conn, id)?)?;
            standing.begun = now;
            let member = accounts::store::member(conn, 1)?;
            Ok((
                standing,
                member.preferences,
                accounts::sites::store::of_member(conn, 1)?,
            ))
        });
        let (standing, preferences, sites) = read.await.unwrap();
        let seen = |latest_age_h: f64| {
            let preferences = Preferences {
                latest_age_h,
                ..preferences.clone()
            };
            let watcher = watcher(preferences, sites.clone());
            self.nights.seen(&standing, &watcher, now)
        };
        (sites.len(), seen(168.0), seen(12.0))
    }

    /// What a webhook gets.
    async fn letter(&self, now: DateTime<Utc>) -> Value {
        let payload = json!({ "burst": self.burst, "reason": "new", "revision": 1, "thread": self.burst, "first": true, "channel": 1 });
        let order = Order {
            id: 1,
            key: "key".into(),
            channel: Channel::Webhook,
            address: HOOK.into(),
            member: Some(1),
            payload,
            created_at: now,
            at: now,
        };
        match compose(self.served.app.clone(), order).await.unwrap() {
            Composed::Json { body, .. } => body,
            other => panic!("{other:?}"),
        }
    }
}

const HOOK: &str = "https://example.org/hook";

async fn hook(desk: &Served) {
    let added = |tx: &grb_app::platform::Tx| {
        tx.execute(
            "insert into channels (member_id, kind, url, secret, created_at) values (1, 'webhook', ?1, 'x', 1)",
            [HOOK],
        )?;
        Ok(())
    };
    desk.app.db.write(added).await.unwrap();
}

fn watcher(preferences: Preferences, sites: Vec<Site>) -> Watcher {
    Watcher {
        id: 1,
        notify: Notify::Every,
        preferences,
        sites,
        told: None,
        told_today: 0,
        seen_before: BTreeSet::new(),
        seen: BTreeSet::new(),
    }
}
