//! Who is told of real notices, and why: the table that the rules are held against.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use grb_app::alerts::{self, Reason};
use grb_app::intake::{RawNotice, take};
use grb_app::notices::{Format, Kind, Localization, Mission, Notice, Role, read, write};
use grb_app::platform::App;
use grb_app::sky::Equatorial;

use crate::common::TestApp;

/// A member with one site: name, choice, latitude, longitude, zone, field of the telescope there.
pub(crate) type Somebody = (
    &'static str,
    &'static str,
    f64,
    f64,
    &'static str,
    Option<f64>,
);

const MEMBERS: [Somebody; 4] = [
    // Every burst, from La Palma.
    ("Ana", "every", 28.7606, -17.8816, "Atlantic/Canary", None),
    // What can be observed from Siding Spring, to 1°.
    (
        "Ben",
        "observable",
        -31.2733,
        149.0617,
        "Australia/Sydney",
        None,
    ),
    // What can be observed from the Pic du Midi, with a field of 0.2°: errors up to 0.1°.
    (
        "Cleo",
        "observable",
        42.9365,
        0.1426,
        "Europe/Paris",
        Some(0.2),
    ),
    // The morning's letter on Kitt Peak, at 15:00 UTC.
    ("Dan", "digest", 31.9583, -111.6, "America/Phoenix", None),
];

/// Real notices in the order in which they came; who is told, as `Ana new`; and why. The altitudes are by hand from
/// sidereal time and the Sun's mean longitude, not from this program.
const TABLE: &[(&str, &str, &str)] = &[
    (
        "4pisky__Fermi_LAT_Offline_Pos_2014-12-07T19_11_21.10_439672293-0-226",
        "Ana new, Dan digest",
        "a telescope stands behind it; 11 h old; Siding Spring has day, the Pic's field is smaller than 0.21°",
    ),
    (
        "4pisky__Fermi_GBM_Alert_2015-12-01T05_07_37.90_470639261_1-886",
        "",
        "an alert says nothing yet",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-01T05_07_37.90_470639261_44-887",
        "",
        "below the horizon of Fermi: waits, for ever",
    ),
    (
        "4pisky__Fermi_GBM_Alert_2015-12-05T08_54_18.61_470998462_1-240",
        "",
        "an alert",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-05T08_54_18.61_470998462_47-241",
        "",
        "an unreliable location waits",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-05T08_54_18.61_470998462_66-243",
        "",
        "below the horizon",
    ),
    (
        "4pisky__Fermi_GBM_Alert_2015-12-05T14_16_09.90_471017773_1-253",
        "",
        "an alert",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-05T14_16_09.90_471017773_44-254",
        "",
        "a solar flare",
    ),
    (
        "4pisky__MAXI_Unknown_source_Pos_2015-12-05T23_54_08.00_7361767105-0-281",
        "",
        "RA = Dec = 0 is no position",
    ),
    (
        "4pisky__MAXI_Known_source_Pos_2015-12-06T03_04_40.00_7362130697-0-154",
        "",
        "a known source",
    ),
    (
        "4pisky__Fermi_GBM_Alert_2015-12-10T00_59_16.64_471401960_1-887",
        "",
        "an alert",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-10T00_59_16.64_471401960_46-888",
        "Ana new, Dan digest",
        "a GRB; 23° cannot be pointed at",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-10T00_59_16.64_471401960_57-889",
        "",
        "14.2° of 23.1° is not yet halved twice",
    ),
    (
        "4pisky__Fermi_GBM_Gnd_Pos_2015-12-10T00_59_16.64_471401960_56-890",
        "",
        "7.0° of 23.1°: nor is this",
    ),
    (
        "4pisky__Fermi_GBM_Fin_Pos2015-12-10T00_59_16.64_471401960_0-956",
        "",
        "7.1°",
    ),
    (
        "4pisky__Fermi_GBM_Alert_2015-12-15T05_14_08.86_471849252_1-925",
        "",
        "an alert",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-15T05_14_08.86_471849252_46-926",
        "Ana new, Dan digest",
        "a GRB, says Fermi",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-15T05_14_08.86_471849252_65-927",
        "Ana withdrawn",
        "now it came from below the horizon; Dan's letter waits for the morning and will not name it",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-15T05_14_08.86_471849252_69-929",
        "",
        "unreliable is not yet a burst again",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-15T05_14_08.86_471849252_90-930",
        "",
        "she knows",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2015-12-15T05_14_08.86_471849252_93-934",
        "",
        "she knows",
    ),
    ("4pisky__SWIFT_BAT_Trans_Pos_668879-719", "", "V404 Cygni"),
    ("tracet__SWIFT05", "", "the star tracker had lost lock"),
    (
        "tracet__group_01_01_Fermi",
        "Ana new, Dan digest",
        "a GRB in 17°",
    ),
    (
        "tracet__group_01_03_SWIFT",
        "Ana better, Ben new, Cleo new",
        "Swift places the same burst to 3′: a tier up for Ana; high over Siding Spring from 09:54; 27° over the Pic when it gets dark at 17:35, just before it is too old; Dan's letter waits and will say it",
    ),
    (
        "4pisky__Fermi_GBM_Alert_2018-04-27T10_37_03.04_546518228_1-677",
        "",
        "an alert",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2018-04-27T10_37_03.04_546518228_46-678",
        "Ana new, Dan digest",
        "a GRB in 6.7°",
    ),
    (
        "4pisky__Fermi_GBM_Flt_Pos_2018-04-27T10_37_03.04_546518228_59-682",
        "",
        "6.5°",
    ),
    (
        "4pisky__Fermi_GBM_Gnd_Pos_2018-04-27T10_37_03.04_546518228_58-683",
        "",
        "5.5°",
    ),
    (
        "4pisky__Fermi_GBM_Gnd_Pos_2018-04-27T10_37_03.04_546518228_2-685",
        "",
        "5.4°",
    ),
    (
        "4pisky__Fermi_GBM_Fin_Pos2018-04-27T10_37_03.04_546518228_0-712",
        "",
        "5.4°",
    ),
    (
        "4pisky__LVC_S190518bb-1-Preliminary",
        "",
        "gravitational waves",
    ),
    (
        "4pisky__LVC_S190518bb-2-Retraction",
        "",
        "and their retraction",
    ),
    (
        "4pisky__AMON_ICECUBE_GOLD_Event2019-09-22T09_42_45.62_24_133091_000081419_0",
        "",
        "a neutrino",
    ),
    (
        "finkvoevent__ivo__nasa.gsfc.gcn_FermiGBM_Test_Pos_20191201T173223.00_099999_1692",
        "",
        "a test",
    ),
    ("tracet__SWIFT_Lost_starlock", "", "lost lock, near Sco X-1"),
    (
        "4pisky__SWIFT_BAT_QuickLook_Pos_973140-573",
        "",
        "the quick look waits for its flags",
    ),
    (
        "4pisky__SWIFT_XRT_Pos_973140-580",
        "Ana new, Ben new, Dan digest",
        "89° over Siding Spring; never above 13° on the Pic",
    ),
    ("4pisky__SWIFT_XRT_Spec_973140-587", "", "a spectrum"),
    (
        "4pisky__SWIFT_UVOT_Pos_973140-654",
        "Ana better, Ben better",
        "0.4″ after 5″",
    ),
    ("4pisky__SWIFT_UVOT_Proc_Image_973140-686", "", "a picture"),
    (
        "4pisky__Fermi_GBM_Alert_2020-05-24T05_04_00.36_611989445_1-116",
        "",
        "20 h late, and an alert",
    ),
    (
        "4pisky__Fermi_GBM_SubThresh_2021-01-04T21_16_43.00_631487808_0-769",
        "",
        "below the threshold",
    ),
    (
        "4pisky__COUNTERPART_Position_2022-01-08T06_37_39.00_021477-710",
        "",
        "12.4 h old: stale",
    ),
    (
        "finkmm__voevent_number_392",
        "Ana new, Ben new, Dan digest",
        "Swift; at first 22° over Siding Spring in the last dark hours",
    ),
    (
        "finkmm__voevent_number_393",
        "",
        "Swift says that it will slew",
    ),
    (
        "tracet__group_04_04_COUNTERPART",
        "",
        "a counterpart on the spot that fired 11 h ago is no new burst",
    ),
    (
        "finkmm__voevent_number_18790",
        "Ana new, Ben new, Dan digest",
        "INTEGRAL, 57° over Siding Spring; at most 9° on the Pic",
    ),
    (
        "4pisky__INTEGRAL_Wakeup_Pos_010071-0-361",
        "",
        "2′ from SGR 1935+2154, a magnetar that flares again and again",
    ),
    (
        "4pisky__GECAM_FLT_Event_2022-10-23T1113_56_05.12_000057-156",
        "Ana new, Dan digest",
        "a GRB in 11°",
    ),
    (
        "4pisky__COUNTERPART_Position_2023-05-12T20_44_32.00_021571-048",
        "Ana new, Cleo new, Dan digest",
        "9″, 5.7 h old: 79° over the Pic, 61° below Siding Spring's horizon",
    ),
    ("4pisky__SWIFT_BAT_GRB_Pos_1180063-648", "", "lost lock"),
    (
        "4pisky__INTEGRAL_Offline_Pos_010341-2-010",
        "",
        "INTEGRAL withdraws what nobody was told",
    ),
    ("4pisky__INTEGRAL_Offline_Pos_010337-2-150", "", "and again"),
    (
        "circular: Swift 1186908",
        "Ana new, Ben new, Dan digest",
        "made up: the position of the trigger that a real circular is about, 62° over Siding Spring at midnight",
    ),
    (
        "circular_34532",
        "Ana withdrawn, Ben withdrawn, Dan withdrawn",
        "“Swift Trigger 1186908 is not a GRB”; Dan's letter left in the morning",
    ),
    (
        "gnp__svom_voevent_sb25082402_eclairs-catalog",
        "",
        "a source of SVOM's catalogue",
    ),
    ("gnp__grm_287", "", "SVOM withdraws what nobody was told"),
    ("gnp__grm_285", "", "a trigger without a position"),
    ("gnp__grm_286", "", "withdrawn before it had one"),
    (
        "gnp__fermi_lat_pos_ini_0",
        "Ana new, Dan digest",
        "0.7° is too wide for Cleo's field, and 18° over Siding Spring too low for Ben",
    ),
    ("gnp__fermi_lat_pos_upd_4", "", "no better"),
    (
        "gnp__alert_247",
        "Ana new, Ben new, Cleo new, Dan digest",
        "Einstein Probe to 3′; over Siding Spring at once, 41° over the Pic in the evening",
    ),
    (
        "gnp__eclairs_319",
        "Ana new, Ben new, Dan digest",
        "SVOM; over Siding Spring from dusk; the Pic has day until it is too old",
    ),
    (
        "gnp__eclairs_320",
        "",
        "the same position, and that SVOM slews",
    ),
    ("gnp__mxt_52", "", "39″ of 2.4′ is not quite halved twice"),
    ("gnp__swift_bat_grb_pos_test_9736", "", "a test"),
];

/// The folder of recorded notices: `GRB_NOTICES`, else beside the repository. Says so when it is not there.
fn recorded() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/notices");
    let folder = std::env::var_os("GRB_NOTICES").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} not found", folder.display());
    None
}

#[tokio::test]
async fn the_table_of_who_is_told_holds() {
    let Some(folder) = recorded() else {
        return;
    };
    let desk = TestApp::new();
    join(&desk.app, &MEMBERS).await;
    let mut wrong = Vec::new();
    for (name, expected, why) in TABLE {
        let (body, at) = notice(&folder, name);
        let told = replay(&desk.app, body, at).await;
        if told != *expected {
            wrong.push(format!(
                "{name}: told “{told}”, but should be “{expected}”: {why}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bytes of a notice and when it came.
fn notice(folder: &std::path::Path, name: &str) -> (Vec<u8>, DateTime<Utc>) {
    if name.starts_with("circular:") {
        return (swift_1186908(), utc("2023-08-23T14:00:20Z"));
    }
    let file = match name.starts_with("circular") {
        true => format!("circulars/{name}.json"),
        false => format!("voevent/{name}.xml"),
    };
    let file = match name.starts_with("gnp__alert") {
        true => format!("json/{name}.json"),
        false => file,
    };
    let body = std::fs::read(folder.join(file)).unwrap();
    let said = read(&body).unwrap();
    let at = said.notice_time.or(said.trigger_time).unwrap();
    // Its makers moved the burst of 2022 to the time and the place of Fermi's, but left the notice's date.
    let at = match name.contains("group_01_03") {
        true => utc("2017-11-26T05:39:10Z"),
        false => at,
    };
    (body, at)
}

fn swift_1186908() -> Vec<u8> {
    let mut notice = Notice::new(Format::Voevent, Mission::Swift, Kind::Position);
    notice.instrument = Some("BAT".into());
    notice.packet_type = Some(61);
    notice.role = Role::Observation;
    notice.trigger_id = Some("1186908".into());
    notice.trigger_time = Some(utc("2023-08-23T14:00:00Z"));
    notice.notice_time = Some(utc("2023-08-23T14:00:20Z"));
    notice.localization = Some(Localization {
        position: Equatorial::new(300.0, -30.0).unwrap(),
        error_radius: Some(0.05),
        error_radius_90: None,
    });
    write(&notice, Format::Voevent)
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Takes a notice in as of `at`, and says who was told: `Ana new, Ben digest`.
pub(crate) async fn replay(app: &App, body: Vec<u8>, at: DateTime<Utc>) -> String {
    let before = app.db.read(alerts::store::latest).await.unwrap();
    let mut raw = RawNotice::new("replay", body);
    raw.as_of = Some(at);
    raw.keeps_letters = true;
    take(app, raw).await.unwrap();
    alerts::settle(app).await.unwrap();
    let said = app
        .db
        .read(move |conn| alerts::store::said(conn, before, at));
    let said = said.await.unwrap();
    let words = said
        .iter()
        .map(|line| format!("{} {}", line.member, Reason::as_str(line.reason)));
    words.collect::<Vec<_>>().join(", ")
}

/// Lets members join, confirmed.
pub(crate) async fn join(app: &App, members: &[Somebody]) {
    for (name, notify, latitude, longitude, zone, field) in members.iter().copied() {
        let joined = move |tx: &grb_app::platform::Tx| {
            tx.execute(
                "insert into members (email, email_key, full_name, notify, confirmed_at, created_at, updated_at)
                 values (?1 || '@example.org', ?1, ?1, ?2, 1, 1, 1)",
                [name, notify],
            )?;
            let member = tx.last_insert_rowid();
            tx.execute(
                "insert into sites (member_id, name, latitude, longitude, elevation_m, time_zone, horizon, created_at, updated_at)
                 values (?1, ?2, ?3, ?4, 0, ?5, '[[0, 0]]', 1, 1)",
                (member, name, latitude, longitude, zone),
            )?;
            let site = tx.last_insert_rowid();
            if let Some(field) = field {
                tx.execute(
                    "insert into telescopes (site_id, name, fov_deg) values (?1, 'one', ?2)",
                    (site, field),
                )?;
            }
            Ok(())
        };
        app.db.write(joined).await.unwrap();
    }
}
