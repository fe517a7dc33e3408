//! A club of many members in a data folder, before a program starts there.

use std::path::Path;

use chrono_tz::Tz;
use grb_app::accounts::fields::Email;
use grb_app::accounts::model::NewMember;
use grb_app::accounts::{Notify, Site, password, sites, store};
use grb_app::platform::config::Sources;
use grb_app::platform::{App, Clock};
use grb_app::sky::{self, Horizon};

pub(crate) const PASSWORD: &str = "a tripod in the wet grass";

const ZONES: [Tz; 4] = [
    Tz::Europe__Paris,
    Tz::America__Phoenix,
    Tz::Australia__Sydney,
    Tz::Asia__Tokyo,
];

/// The desk in `folder`, without a server around it.
pub(crate) fn open(folder: &Path) -> App {
    let flags = [("data_dir", Some(folder.to_string_lossy().into_owned()))];
    let config = Sources::gather(None, &|_| None, &flags)
        .unwrap()
        .understand()
        .unwrap();
    App::open(config, Clock::system()).unwrap()
}

/// Puts `members` into the desk in `folder`, who want to hear of every burst and observe from `places` all over the inhabited
/// Earth.
pub(crate) async fn found(folder: &Path, members: u32, places: u32) {
    let app = open(folder);
    let (now, hash) = (
        app.clock.now(),
        password::hash(PASSWORD.into()).await.unwrap(),
    );
    let joining = app.db.write(move |tx| {
        for number in 0..members {
            let new = member(number, &hash);
            let id = store::insert(tx, now, &new)?;
            sites::store::insert(tx, now, &site(id, number % places))?;
        }
        Ok(())
    });
    joining.await.unwrap();
    app.db.close().await;
}

pub(crate) fn address(number: u32) -> String {
    format!("member{number}@example.org")
}

fn member(number: u32, hash: &str) -> NewMember {
    NewMember {
        email: Email::parse(&address(number)).unwrap(),
        full_name: format!("Member {number}"),
        password: Some(hash.to_owned()),
        notify: Notify::Every,
        // Otherwise the program says at each start how to become one.
        officer: number == 0,
        confirmed: true,
    }
}

fn site(member: i64, place: u32) -> Site {
    let mut site = Site::unknown(member, ZONES[place as usize % ZONES.len()]);
    site.name = format!("Hill {place}");
    site.place = sky::Site {
        latitude: f64::from(place % 120) - 50.0,
        longitude: f64::from(place) * 137.507_764 % 360.0 - 180.0,
        elevation: 200.0,
        horizon: Horizon::flat(10.0),
    };
    site
}
